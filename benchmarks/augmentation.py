"""How many pictures a second each augmentation makes views of, against torchvision.

    python benchmarks/augmentation.py [--threads 1] [--seconds 2]

Batches of noise of 32 and 192 px, through `Views.batch` as training calls it, and through
pipelines of torchvision.transforms.v2 that do about the same, picture by picture, as a data set's
transform does. Both in one process, with as many threads. Rates are by processor time, for the
clock says little on a machine that is busy; by the clock only the two are compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2

from _measuring import machine
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.views import Views
from linnaeus.training.precision import keep_freed_memory

STILL = {"mirror": False, "shift": 0.0}
SIZES = ((32, 512), (192, 64))  # side in px, pictures in a batch
BILINEAR = v2.InterpolationMode.BILINEAR


def plans() -> dict[str, AugmentPlan]:
    """The augmentations to measure; presets mirror, as they do most photographs."""
    named = {name: AugmentPlan.model_validate(name) for name in ("light", "medium", "heavy")}
    mirrored = {name: plan.model_copy(update={"mirror": True}) for name, plan in named.items()}
    return mirrored | {
        "RandAugment": AugmentPlan(**STILL, randaugment=(2, 9)),
        "TrivialAugment": AugmentPlan(**STILL, trivialaugment=True),
        "AugMix": AugmentPlan(**STILL, augmix=3),
    }


def theirs(side: int) -> dict[str, v2.Transform]:
    """What torchvision has for each, of pictures of `side` px; heavy without CutMix and noise."""
    shift = max(1, side // 16)
    medium = [
        v2.RandomHorizontalFlip(),
        v2.RandomAffine(10, (0.1, 0.1), (0.87, 1.15), interpolation=BILINEAR),
        v2.ColorJitter(0.2, 0.2, 0.2),
        v2.RandomErasing(1.0, (0.06, 0.0625), (1, 1), value=128),
    ]
    heavy = [
        v2.RandomHorizontalFlip(),
        v2.RandomAffine(20, (0.125, 0.125), (0.8, 1.25), 8, interpolation=BILINEAR),
        v2.ColorJitter(0.3, 0.3, 0.3, 0.03),
        v2.GaussianBlur(2 * max(1, round(0.03 * side)) + 1, (0.01, max(0.011, 0.01 * side))),
        v2.RandomErasing(1.0, (0.08, 0.09), (1, 1), value=128),
    ]
    return {
        "light": v2.Compose(
            [
                v2.RandomHorizontalFlip(),
                v2.RandomCrop(side, padding=shift, padding_mode="reflect"),
            ]
        ),
        "medium": v2.Compose(medium),
        "heavy": v2.Compose(heavy),
        "RandAugment": v2.RandAugment(2, 9, interpolation=BILINEAR),
        "TrivialAugment": v2.TrivialAugmentWide(interpolation=BILINEAR),
        "AugMix": v2.AugMix(all_ops=False, interpolation=BILINEAR),
    }


def main() -> None:
    """Measure all and print a table."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    keep_freed_memory()  # as training does
    print(f"{machine()}, {asked.threads} thread(s)")
    print("| side | augmentation | ours, a processor second | torchvision | times | by the clock |")
    print("|---|---|---|---|---|---|")
    for side, count in SIZES:
        pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)
        batch = torch.from_numpy(pixels)
        pictures = list(batch.permute(0, 3, 1, 2).contiguous())
        for name, plan in plans().items():
            ours = _rate(_views_of(batch, plan), count, asked.seconds)
            transform = theirs(side)[name]
            other = _rate(_each(pictures[:32], transform), len(pictures[:32]), asked.seconds)
            print(
                f"| {side} | {name} | {ours[1]:,.0f} | {other[1]:,.0f} | {ours[1] / other[1]:.1f} |"
                f" {ours[0] / other[0]:.1f} |",
                flush=True,
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="at least so long for each")
    return parser.parse_args()


def _views_of(batch: Tensor, plan: AugmentPlan) -> Callable[[int], object]:
    views, indices = Views(plan, 0), np.arange(len(batch))
    labels = torch.from_numpy(indices % 10)
    return lambda time: views.batch(batch, labels, 10, time, time, indices)


def _each(pictures: list[Tensor], transform: v2.Transform) -> Callable[[int], object]:
    return lambda _: [transform(picture) for picture in pictures]


def _rate(work: Callable[[int], object], pictures: int, least_s: float) -> tuple[float, float]:
    """Pictures a second of the clock, and of processor time; after a round that warms up."""
    work(0)
    rounds, start_s, start_cpu_s = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start_s < least_s:
        rounds += 1
        work(rounds)
    made = rounds * pictures
    return made / (time.perf_counter() - start_s), made / (time.process_time() - start_cpu_s)


if __name__ == "__main__":
    main()
