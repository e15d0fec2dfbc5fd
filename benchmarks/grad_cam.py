"""Grad-CAM of photographs at 192 px, ours against the package grad-cam, same network and layer.

    pip install grad-cam
    python benchmarks/grad_cam.py [--pictures 1000]

A probe of mobilenetv2_100 on trashnet192.zip is learnt first (not timed). Both get the same pixels
and classes in batches of 32 and take turns, batch by batch. Must reach: ours ≥ 2 times as fast.
Ends with 1 where it is not, or where maps differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

import linnaeus
from _measuring import DATA, WEIGHTS, machine, needed
from linnaeus.explanation.cams import grad_cam
from linnaeus.explanation.layers import last_map, maps_of
from linnaeus.models.reopened import reopen

LEAST_TIMES, BATCH = 2.0, 32


class FromPlanes(nn.Module):
    """Takes what grad-cam expects, (n, 3, h, w), and hands on what the network does."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.network(planes.permute(0, 2, 3, 1))


def main() -> int:
    """Print the row; 1 where ours is not twice as fast."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=1000)
    asked = parser.parse_args()
    print(machine())
    data = linnaeus.load_dataset(needed(DATA / "trashnet192.zip"))
    with tempfile.TemporaryDirectory() as folder:
        run = linnaeus.train(data, out=Path(folder) / "run", weights=[needed(WEIGHTS)])
        how, network = run.classifier().record.preprocessing, reopen(run.bundle)
    rows = np.linspace(0, len(data) - 1, asked.pictures).astype(int)
    pixels = np.stack([how.read(data.source.read(data.paths[row]))[0] for row in rows])
    levels = torch.from_numpy(pixels).float()
    with torch.no_grad():
        targets = torch.cat([network(some).argmax(1) for some in levels.split(BATCH)])
    name = last_map(maps_of(network, levels)).name
    layer = network.get_submodule(name)
    theirs = GradCAM(model=FromPlanes(network), target_layers=[layer])
    ours_s = theirs_s = 0.0
    alike = []
    for some, of in zip(levels.split(BATCH), targets.split(BATCH), strict=True):
        start_s = time.perf_counter()
        mine = grad_cam(network, layer, some, of)
        ours_s += time.perf_counter() - start_s
        planes = some.permute(0, 3, 1, 2).contiguous().requires_grad_()  # it asks for that
        start_s = time.perf_counter()
        other = theirs(planes, [ClassifierOutputTarget(int(at)) for at in of])
        theirs_s += time.perf_counter() - start_s
        alike.append(_likeness(mine, torch.from_numpy(other)))
    times, like = theirs_s / ours_s, float(np.mean(alike))
    print("| pictures | layer | ours | grad-cam | times | correlation of the maps |")
    print("|---|---|---|---|---|---|")
    took = f"{ours_s:.1f} s | {theirs_s:.1f} s"
    print(f"| {len(pixels):,} | {name} | {took} | {times:.1f} | {like:.3f} |")
    return int(times < LEAST_TIMES or like < 0.95)


def _likeness(mine: torch.Tensor, other: torch.Tensor) -> float:
    """The mean correlation of our maps, enlarged, with theirs."""
    large = nn.functional.interpolate(mine[:, None], other.shape[1:], mode="bilinear")[:, 0]
    pairs = zip(large.flatten(1), other.flatten(1), strict=True)
    values = [float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in pairs]
    return float(np.nanmean(values))


if __name__ == "__main__":
    sys.exit(main())
