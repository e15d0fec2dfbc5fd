"""Losses that are no numbers, and memory that is too small: what a training does about them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")

from safetensors.torch import load_file  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from linnaeus.errors import LearningError  # noqa: E402
from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.checkpoint import Checkpoints  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import Fitted, TrainingPlan, fit_network  # noqa: E402
from linnaeus.training.memory_shortage import is_of_memory  # noqa: E402
from linnaeus.training.saving import Saver  # noqa: E402

PLAN = TrainingPlan(epochs=2, batch_size=40)  # sixteen steps


class Warned(Quiet):
    """A progress that keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


class Brittle(nn.Module):
    """A network that gives no numbers in its passes `broken` while it learns, counted from 0."""

    def __init__(self, network: nn.Module, broken: range) -> None:
        super().__init__()
        self.network = network
        self.broken = broken
        self.passes = 0

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels)
        if self.training:
            self.passes += 1
            if self.passes - 1 in self.broken:
                return logits * float("nan")
        return logits


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """400 real 8 × 8 digits and their labels."""
    data = datasets.load_digits(n_class=4)
    grey = np.rint(data.images[:400] * 255 / 16).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=3), data.target[:400].astype(np.int64)


def fit(
    digits: Any,
    plan: TrainingPlan = PLAN,
    *,
    broken: range = range(0),
    progress: Quiet | None = None,
    saver: Saver | None = None,
) -> Fitted:
    pixels, labels = digits
    torch.manual_seed(0)
    network = nn.Sequential(Normalise.measured_on(pixels), small_cnn(4, 8, 8, width=0.25))
    return fit_network(
        Brittle(network, broken),
        pixels[:320],
        labels[:320],
        (pixels[320:], labels[320:]),
        plan=plan,
        clock=Clock(),
        progress=progress or Quiet(),
        saver=saver,
    )


@pytest.mark.parametrize("optimiser", ["muon", "adamw", "schedule-free"])
def test_a_batch_without_a_number_is_left_out_and_told(digits: Any, optimiser: str) -> None:
    warned = Warned()
    plan = PLAN.model_copy(update={"optimiser": optimiser})
    fitted = fit(digits, plan, broken=range(5, 6), progress=warned)
    assert len(warned.warnings) == 1
    assert "The loss of step 5 is no number" in warned.warnings[0]
    assert fitted.steps == 16
    assert all(torch.isfinite(tensor).all() for tensor in fitted.network.state_dict().values())
    assert fitted.history[-1].train_loss < fitted.history[0].train_loss


def test_at_the_third_in_a_row_it_goes_back_at_half_the_rate(digits: Any) -> None:
    warned = Warned()
    plan = PLAN.model_copy(update={"schedule": "constant", "warm_up": 0.0})
    fitted = fit(digits, plan, broken=range(9, 12), progress=warned)
    assert "3 losses in a row" in warned.warnings[-1]
    assert "the best weights so far, at half the rate" in warned.warnings[-1]
    first, last = fitted.history
    assert last.learning_rate == first.learning_rate / 2
    assert last.train_loss < first.train_loss


def test_the_fourth_time_it_ends_with_the_batch_set_aside(digits: Any, tmp_path: Path) -> None:
    saver = Saver(Checkpoints(tmp_path / "run" / "checkpoints"))
    saver.pictures = [f"{place}.png" for place in range(320)]
    with pytest.raises(LearningError, match="the loss of step 11 is no number") as told:
        fit(digits, broken=range(100), saver=saver)
    assert "offending-batch" in told.value.mend
    kept = tmp_path / "run" / "offending-batch" / "offending-batch"
    facts = json.loads(kept.with_suffix(".json").read_text())
    tensors = load_file(kept.with_suffix(".safetensors"))
    assert facts["pictures"] == [f"{place}.png" for place in facts["places"]]
    assert len(facts["places"]) == 40
    assert tensors["targets"].tolist() == digits[1][facts["places"]].tolist()
    assert tensors["views"].shape == (40, 8, 8, 3)


TOO_LARGE = """
import resource
import numpy as np, torch
from torch import nn
from linnaeus.progress import Quiet
from linnaeus.training.clock import Clock
from linnaeus.training.loop import TrainingPlan, fit_network

class Telling(Quiet):
    def warn(self, sentence):
        print(sentence)

class Wide(nn.Module):
    # 4 MiB of activations a picture of 8 x 8
    def __init__(self):
        super().__init__()
        self.wide, self.head = nn.Conv2d(3, 1 << 14, 1), nn.Linear(1 << 14, 4)
    def forward(self, pixels):
        x = pixels.permute(0, 3, 1, 2).float() / 255
        return self.head(self.wide(x).amax((2, 3)))

random = np.random.default_rng(0)
pixels = random.integers(0, 256, (80, 8, 8, 3), np.uint8)
labels = random.integers(0, 4, 80)
torch.set_num_threads(1)
plan = TrainingPlan(epochs=1, batch_size=64, optimiser="sgd", averaging="none")
fit_network(Wide(), pixels[:8], labels[:8], (pixels[:2], labels[:2]),
            plan=plan, clock=Clock(), progress=Quiet())
used = 1024 * int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1])
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20), -1))
fitted = fit_network(Wide(), pixels[:64], labels[:64], (pixels[64:66], labels[64:66]),
                     plan=plan, clock=Clock(), progress=Telling())
print(fitted.steps, fitted.plan.batch_size, fitted.plan.accumulate)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are POSIX's")
def test_where_the_memory_is_too_small_a_batch_goes_through_in_parts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOO_LARGE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *warnings, last = done.stdout.splitlines()
    steps, batch_size, parts = map(int, last.split())
    assert (steps, batch_size) == (1, 64)
    assert parts in (2, 4, 8)
    assert warnings[-1].startswith("64 pictures at a time find no memory.")
    assert f"in {parts} parts" in warnings[-1]


@pytest.mark.parametrize(
    ("error", "of_memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8 bytes"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.06 GB)"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (OSError("can't allocate memory"), False),
    ],
    ids=str,
)
def test_what_more_memory_would_mend_is_known(error: Exception, of_memory: bool) -> None:
    assert is_of_memory(error) == of_memory
