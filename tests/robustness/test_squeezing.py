"""Feature squeezing does what its paper says, and no more security is told of than there is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ndimage = pytest.importorskip("scipy.ndimage")

import linnaeus  # noqa: E402
from linnaeus.errors import DataError  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.robustness.attacks.problem import Problem  # noqa: E402
from linnaeus.robustness.defences.squeezers import (  # noqa: E402
    fewer_bits,
    median,
    straight_through,
)
from linnaeus.robustness.defences.squeezing import measure_squeezing  # noqa: E402
from linnaeus.training.run import Run  # noqa: E402


def some_pictures(count: int = 4, side: int = 9) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((count, 3, side, side), np.float32))


@pytest.mark.parametrize("side", [3, 5])
def test_medians_are_those_of_scipy(side: int) -> None:
    pictures = some_pictures()
    theirs = ndimage.median_filter(pictures.numpy(), size=(1, 1, side, side), mode="mirror")
    assert np.array_equal(median(pictures, side).numpy(), theirs)


def test_of_four_levels_the_middle_two_count() -> None:
    picture = torch.tensor([[0.0, 0.2], [0.4, 1.0]]).expand(1, 3, 2, 2)
    assert median(picture, 2)[0, 0, 1, 1] == pytest.approx(0.3)


def test_bits_leave_so_many_levels() -> None:
    pictures = some_pictures(side=64)
    assert len(fewer_bits(pictures, 3).unique()) == 8
    assert float((fewer_bits(pictures, 3) - pictures).abs().max()) <= 0.5 / 7 + 1e-6


def test_the_gradient_goes_straight_through() -> None:
    pictures = some_pictures().requires_grad_()
    squeezed = straight_through(fewer_bits, pictures)
    assert torch.allclose(squeezed, fewer_bits(pictures), atol=1e-6)
    squeezed.square().sum().backward()
    assert torch.allclose(pictures.grad, 2 * squeezed, atol=1e-6)


@pytest.mark.slow
def test_who_knows_of_a_defence_does_no_worse_and_the_threshold_keeps_its_promise(
    digits_run: Run, tmp_path: Path
) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 1797, 3))
    out = tmp_path / "attack"
    done = linnaeus.attack(
        digits_run.bundle,
        others,
        eps="16/255",
        attacks=["fgsm", "apgd-ce"],
        defence="squeeze",
        limit=60,
        out=out,
    )
    assert done.pictures == 60
    assert "30 of 90 pictures set the detector's threshold" in done.remarks[-1]
    assert done.squeezing is not None
    for one in done.squeezing.behind:
        assert one.aware.value <= one.unaware.value <= one.clean.value + 0.02
        assert one.aware.value < one.clean.value
    detector = done.squeezing.detector
    assert detector.false_alarms.value <= 0.2  # 0.05, and three times how far so few scatter
    assert detector.wrong.value <= detector.unaware.value <= detector.aware.value
    assert detector.aware.value > detector.wrong.value + 0.1
    told = json.loads((out / "attack.json").read_text("utf-8"))["squeezing"]
    assert told["detector"]["pictures"] == 30
    assert "As a detector" in (out / "index.html").read_text("utf-8")


def test_a_defence_that_hides_its_gradients_is_seen_through() -> None:
    """A network that sees only whole steps of 1/31: without gradients to the plain descent, and
    fooled by who goes straight through."""
    torch.manual_seed(0)
    weight = torch.randn(3 * 6 * 6)
    x = 0.5 + 0.2 * (torch.rand(120, 3, 6, 6) - 0.5)

    def network(pictures: torch.Tensor) -> torch.Tensor:
        score = 40 * (pictures - 0.5).flatten(1) @ weight
        return torch.stack([score, -score], dim=1)

    problem = Problem(network, x, network(x).argmax(1), 0.05)
    done = measure_squeezing(problem, x, x[:60], 0, Quiet())
    bits = done.behind[0]
    assert bits.unaware == bits.clean
    assert bits.aware.value < 0.3 < bits.clean.value


def test_too_few_pictures_set_no_threshold(digits_run: Run) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 150, 3))
    with pytest.raises(DataError, match="too few to set a threshold"):
        linnaeus.attack(digits_run.bundle, others, attacks=["fgsm"], defence="squeeze")
