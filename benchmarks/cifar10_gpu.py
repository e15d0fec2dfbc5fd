"""How soon a GPU learns CIFAR-10: seconds of training, and accuracy on the 10,000 test pictures.

    python benchmarks/cifar10_gpu.py [ARCHIVE] [--network airbench94] [--epochs 12] [--runs 10]
                                     [--set learning_rate=0.2 …] [--reach 0.94] [--within 3]

Learns from all 50,000 training pictures, of which none is held out, by the loop that `linnaeus
train` runs; nothing is chosen on the test pictures. A run before the first one is told apart: in it
CUDA starts, kernels are tried, and, where the network is compiled, that is done. The time is that
of learning, pictures copied to the GPU and steps recorded within it. An answer is the network's own
in bfloat16, and the mean of those for a picture and its mirror image. Ends with 1 where the mean
over the runs is below `--reach` or takes longer than `--within` seconds. The archive's pictures are
JPEG files (quality 75, colours at half the resolution), and not the arrays of published figures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from _measuring import DATA, machine, needed
from linnaeus import load_dataset
from linnaeus.data.pixels import ChosenRows, DecodedRows, rows_of
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Quiet
from linnaeus.training.clock import Clock
from linnaeus.training.loop import fit_network
from linnaeus.training.precision import autocast
from linnaeus.training.recipe import recipe_with
from linnaeus.training.scratch import new_network

SIDE_PX = 32
JUDGED_AT_ONCE = 2_000


class Task(NamedTuple):
    """Pictures (n, 32, 32, 3) uint8 with labels (n,), to learn from and to be judged on."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    test_pixels: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


class Reached(NamedTuple):
    """Seconds of learning, and the shares of right answers: the network's own, and mirrored too."""

    seconds: float
    alone: float
    mirrored: float


def main() -> int:
    """Print a row for each run and one for all; 1 where a figure is missed."""
    asked = _arguments()
    if not torch.cuda.is_available():
        print("There is no CUDA GPU here, so nothing is measured.")
        return 0
    task = _task(asked.archive)
    print(f"{machine()}, {torch.cuda.get_device_name(0)}")
    print(f"{asked.network}, {asked.epochs:g} passes, {', '.join(asked.set) or 'usual settings'}\n")
    print("| seed | learning | test accuracy | with mirror images |")
    print("|---|---|---|---|")
    _print_row("before", _run(task, asked, asked.runs))
    reached = [_run(task, asked, seed) for seed in range(asked.runs)]
    for seed, one in enumerate(reached):
        _print_row(str(seed), one)
    means = Reached(*(statistics.mean(column) for column in zip(*reached, strict=True)))
    _print_row("mean", means)
    spread = statistics.stdev([one.mirrored for one in reached]) if len(reached) > 1 else 0.0
    print(f"\nStandard deviation over the seeds: {100 * spread:.2f} points.")
    return int(means.mirrored < asked.reach or means.seconds > asked.within)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", nargs="?", type=Path, default=DATA / "cifar10.tar.xz")
    parser.add_argument("--network", default="airbench94")
    parser.add_argument("--epochs", type=float, default=12)
    parser.add_argument("--runs", type=int, default=10, help="runs with seeds 0, 1, …")
    parser.add_argument("--set", nargs="*", default=[], help="more of the recipe's network.…")
    parser.add_argument("--reach", type=float, default=0.94)
    parser.add_argument("--within", type=float, default=3.0, help="seconds of learning")
    return parser.parse_args()


def _task(archive: Path) -> Task:
    dataset = load_dataset(needed(archive))
    rows = DecodedRows(dataset, Preprocessing(height_px=SIDE_PX, width_px=SIDE_PX))
    parts = [np.flatnonzero(dataset.splits == split) for split in ("train", "test")]
    taken = []
    for part in parts:
        taken += [ChosenRows(rows, part).take(np.arange(len(part))), dataset.labels[part]]
    return Task(*taken)


def _run(task: Task, asked: argparse.Namespace, seed: int) -> Reached:
    settings = [f"network.{one}" for one in asked.set]
    recipe = recipe_with(
        None, settings, model=asked.network, epochs=asked.epochs, seed=seed, device="cuda"
    )
    plan = recipe.network.model_copy(update={"seed": seed})
    mirrored = plan.augment.model_copy(update={"mirror": True})
    network = new_network(recipe, 10, rows_of(task.pixels))
    torch.cuda.synchronize()
    start_s = time.perf_counter()
    fitted = fit_network(
        network,
        task.pixels,
        task.labels,
        (task.pixels[:0], task.labels[:0]),
        plan=plan.model_copy(update={"augment": mirrored}),
        clock=Clock(),
        progress=Quiet(),
        device="cuda",
    )
    seconds = time.perf_counter() - start_s
    return Reached(seconds, *_right(fitted.network, task))


@torch.no_grad()
def _right(network: nn.Module, task: Task) -> tuple[float, float]:
    """The shares that are right of the test pictures: alone, and with their mirror images."""
    network = network.to("cuda", memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    truth = torch.from_numpy(task.test_labels).cuda()
    alone, both = [], []
    for views in torch.from_numpy(task.test_pixels).cuda().split(JUDGED_AT_ONCE):
        with autocast("bfloat16", "cuda"):
            one, other = (network(seen).float().softmax(1) for seen in (views, views.flip(2)))
        alone.append(one.argmax(1))
        both.append((one + other).argmax(1))
    shares = [(torch.cat(answers) == truth).float().mean().item() for answers in (alone, both)]
    return shares[0], shares[1]


def _print_row(name: str, one: Reached) -> None:
    print(
        f"| {name} | {one.seconds:.2f} s | {100 * one.alone:.2f} % | {100 * one.mirrored:.2f} % |",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
