"""How near training from scratch comes to what the machine can do: the floor, then the profile.

    python benchmarks/efficiency.py [--network cnn-tiny] [--batch-size N] [--one-thread]

Counts first: the operations of a step over the measured rate of a large matrix product in the
precision that training uses here, and the bytes that a step cannot avoid moving over the measured
bandwidth. Then times a step and its parts on pictures of CIFAR-10's size, and runs the loop that a
user runs (`fit_network`) in turns with a bare one written by hand: the same network and batches,
the same shifts and mirrors, PyTorch's own Nesterov descent, no average of the weights.

Efficiency is the share of the matrix product's rate at which a step does its operations. Those of
a step are three times the convolutions' and the head's forwards, two for a multiply-add. Ends
with 1 where efficiency is below `--reach` or the loop below 95 % of the bare one. Nothing else
should run meanwhile; `--one-thread` measures one thread in processor time, which other programs
change less.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from _measuring import machine
from linnaeus.data.pixels import rows_of
from linnaeus.models.build import build
from linnaeus.models.counting import count
from linnaeus.models.normalise import Normalise
from linnaeus.progress import Quiet
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.batches import batches_for
from linnaeus.training.clock import Clock
from linnaeus.training.loop import fit_network
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import autocast, fast_precision, keep_freed_memory
from linnaeus.training.step import Step

SIDE_PX = 32
CLASSES = 10
PICTURES = 8_192  # 25 MB: more than the caches hold, as a whole data set is
MATRIX = 2_048  # large enough that its product runs at the processor's own rate
PASSES = 3  # forwards, and backwards to the weights and to the activations
LOOP_REACH = 0.95
ROUNDS = 4  # of the two loops in turns, so that both meet what else the machine does
WARM_STEPS = 3


class Task(NamedTuple):
    """What is trained: `pixels` (n, 32, 32, 3) uint8 and `labels` (n,), by `plan`."""

    network: str
    plan: TrainingPlan
    batch_size: int
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    clock: Callable[[], float]


def main() -> int:
    """Print the tables; 1 where a figure is missed."""
    asked = _arguments()
    keep_freed_memory()
    task = _task(asked.network, asked.batch_size, asked.one_thread)
    print(machine())
    print(f"{task.network}, batches of {task.batch_size}, {task.plan.precision}\n")
    rate, bandwidth = _matrix_rate(task), _bandwidth(task)
    operations, step_bytes = _counted(task)
    _print_floor(rate, bandwidth, operations, step_bytes)
    _print_parts(task)
    ours_s, bare_s = _loops(task)
    efficiency, share = operations / ours_s / rate, bare_s / ours_s
    print("\n| our loop | bare loop | ours, of the bare one's speed | efficiency |")
    print("|---|---|---|---|")
    print(f"| {_ms(ours_s)} a step | {_ms(bare_s)} a step | {share:.1%} | {efficiency:.1%} |")
    return 0 if efficiency >= asked.reach and share >= LOOP_REACH else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--network", default="cnn-tiny")
    parser.add_argument("--batch-size", type=int, help="the plan's own for 50,000 pictures")
    parser.add_argument("--reach", type=float, default=0.60, help="efficiency to be reached")
    parser.add_argument("--one-thread", action="store_true")
    return parser.parse_args()


def _task(network: str, batch_size: int | None, one_thread: bool) -> Task:
    if one_thread:
        torch.set_num_threads(1)
    clock = time.process_time if one_thread else time.perf_counter
    plan = TrainingPlan(precision=fast_precision(), augment=AugmentPlan(mirror=True))
    size = batch_size or plan.batch_size_for(50_000)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (PICTURES, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    labels = random.integers(0, CLASSES, PICTURES)
    return Task(network, plan.model_copy(update={"batch_size": size}), size, pixels, labels, clock)


def _network(task: Task) -> nn.Module:
    torch.manual_seed(0)
    network = build(task.network, classes=CLASSES, height_px=SIDE_PX, width_px=SIDE_PX)
    whole = nn.Sequential(Normalise.measured_on(task.pixels), network)
    return whole.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _matrix_rate(task: Task) -> float:
    """Operations a second of a large matrix product in the precision of the products."""
    dtype = torch.bfloat16 if task.plan.precision == "bfloat16" else torch.float32
    left, right = (torch.randn(MATRIX, MATRIX).to(dtype) for _ in range(2))
    return 2 * MATRIX**3 / _fastest(task, lambda: left @ right, times=10)


def _bandwidth(task: Task) -> float:
    """Bytes a second that a copy of 256 MB moves, read and written."""
    source = torch.randn(64 << 20)
    target = torch.empty_like(source)
    return 2 * 4 * len(source) / _fastest(task, lambda: target.copy_(source), times=5)


def _counted(task: Task) -> tuple[float, float]:
    """Operations of a step, and the bytes that it moves however well it is written.

    These are each layer's answer, written and read forwards and backwards, in float32 or the
    precision of the products; weights are small beside them and stay in the caches.
    """
    shape = (3, SIDE_PX, SIDE_PX)
    make = partial(build, task.network, classes=CLASSES, height_px=SIDE_PX, width_px=SIDE_PX)
    multiply_adds = count(make, shape).multiply_adds
    width = 2 if task.plan.precision == "bfloat16" else 4
    numbers = 0

    def note(module: nn.Module, given: object, answer: Tensor) -> None:
        nonlocal numbers
        numbers += answer.numel()

    network = make().eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
            module.register_forward_hook(note)
    network(torch.zeros(1, *shape))
    return 2 * PASSES * multiply_adds * task.batch_size, 4 * width * numbers * task.batch_size


def _print_floor(rate: float, bandwidth: float, operations: float, step_bytes: float) -> None:
    print("| of a step | amount | at the measured rate | takes at least |")
    print("|---|---|---|---|")
    amount, pace = f"{operations / 1e9:.1f} × 10⁹ operations", f"{rate / 1e9:.0f} × 10⁹ a second"
    print(f"| matrix products | {amount} | {pace} | {_ms(operations / rate)} |")
    amount, pace = f"{step_bytes / 1e6:.0f} MB", f"{bandwidth / 1e9:.1f} GB a second"
    print(f"| activations moved | {amount} | {pace} | {_ms(step_bytes / bandwidth)} |")


def _print_parts(task: Task) -> None:
    """Time the parts of a step one by one, the fastest of several."""
    network = _network(task).train()
    taker = Step(network, task.plan, F.cross_entropy, "cpu")
    batches = batches_for(network, rows_of(task.pixels), task.labels, task.plan, device="cpu")
    views, labels = batches.at(0)
    parts: dict[str, Callable[[], object]] = {
        "batch: taken, moved and mirrored": lambda: batches.at(1),
        "forwards": lambda: _loss(task, network, views, labels),
        "forwards and backwards": lambda: _loss(task, network, views, labels).backward(),
        "the average of the weights": lambda: taker.average.update(0.5),
        "a whole step": lambda: taker.take(1, 0.5, views, labels),
    }
    print("\n| part of a step | takes |\n|---|---|")
    for name, part in parts.items():
        print(f"| {name} | {_ms(_fastest(task, part, times=8))} |")


def _loops(task: Task) -> tuple[float, float]:
    """Seconds a step of our loop and of the bare one: medians over steps in turns."""
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        ours.extend(_our_steps(task))
        bare.extend(_bare_steps(task))
    return statistics.median(ours), statistics.median(bare)


def _our_steps(task: Task) -> list[float]:
    began: list[float] = []

    def stop() -> bool:
        began.append(task.clock())
        return False

    nothing = task.pixels[:0], task.labels[:0]
    plan = task.plan.model_copy(update={"epochs": 1.0})
    fit_network(
        _network(task),
        task.pixels,
        task.labels,
        nothing,
        plan=plan,
        clock=Clock(),
        progress=Quiet(),
        stop=stop,
    )
    return np.diff(began)[WARM_STEPS:].tolist()


def _bare_steps(task: Task) -> list[float]:
    """What one would write by hand for this data, with nothing that could be left out."""
    network = _network(task).train()
    pixels, labels = torch.from_numpy(task.pixels), torch.from_numpy(task.labels)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    began = [task.clock()]
    for indices in torch.randperm(len(pixels)).split(task.batch_size):
        if len(indices) < task.batch_size:
            break
        views = _shifted_and_mirrored(pixels[indices])
        loss = _loss(task, network, views, labels[indices])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        began.append(task.clock())
    return np.diff(began)[WARM_STEPS:].tolist()


def _shifted_and_mirrored(pixels: Tensor) -> Tensor:
    """One shift for the batch and a mirror for half of it: the least that one would write."""
    shift = torch.randint(-2, 3, (2,)).tolist()
    moved = torch.roll(pixels, shift, (1, 2))
    mirrored = torch.rand(len(moved)) < 0.5
    moved[mirrored] = moved[mirrored].flip(2)
    return moved


def _loss(task: Task, network: nn.Module, views: Tensor, labels: Tensor) -> Tensor:
    with autocast(str(task.plan.precision)):
        logits = network(views)
    return F.cross_entropy(logits.float(), labels, label_smoothing=task.plan.label_smoothing)


def _fastest(task: Task, work: Callable[[], object], *, times: int) -> float:
    """Seconds of the fastest of `times` goes: the one that other programs disturbed least."""
    seconds = []
    for _ in range(times):
        start_s = task.clock()
        work()
        seconds.append(task.clock() - start_s)
    return min(seconds)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
