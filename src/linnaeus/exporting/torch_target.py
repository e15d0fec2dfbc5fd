"""To PyTorch: an exported program from pixels to probabilities, which runs without Linnaeus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.bundle.calibration import FARTHEST, Calibration
from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.views import SHIFT, VIEWS
from linnaeus.errors import BundleError
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.source import Source
from linnaeus.models.classical.names import classical_name
from linnaeus.models.reopened import reopen

__all__ = ["AnswerModule", "to_torch"]


def to_torch(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write model.pt2, to be opened by `torch.export.load`, for any number of pictures.

    Raises BundleError where the bundle holds no network that torch can be given.
    """
    _check(source)
    record = source.record
    module = AnswerModule(reopen(source.folder), record).eval()
    size = record.preprocessing
    example = torch.zeros(2, size.height_px, size.width_px, 3, dtype=torch.uint8)
    shapes = ({0: torch.export.Dim("n")},)
    with torch.no_grad():
        program = torch.export.export(module, (example,), dynamic_shapes=shapes)
    torch.export.save(program, folder / "model.pt2")
    return lambda pixels: _run(folder / "model.pt2", pixels), {}


def _check(source: Source) -> None:
    source.graph()  # or what other form holds it
    if not source.exact:
        raise BundleError(
            "its network is in whole numbers, which it has for ONNX Runtime and OpenVINO alone",
            where=str(source.folder),
            mend="Export it to onnx or openvino, or export the bundle it was made from.",
        )
    if classical_name(str(source.record.model["architecture"])) is not None:
        raise BundleError(
            "what tells its classes apart is no network of torch's",
            where=str(source.folder),
            mend="Export it to onnx, or by --to docker, lambda or wheel.",
        )


def _run(file: Path, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    module = torch.export.load(file).module()
    with torch.no_grad():
        answers = [module(torch.from_numpy(one[None].copy())).numpy() for one in pixels]
    return np.concatenate(answers)


class AnswerModule(nn.Module):
    """Pixels (n, height, width, 3) uint8 RGB to probabilities (n, classes) float32.

    `network` gives logits of pixels in levels of 0 to 255, as `models.reopened.reopen` makes it.
    """

    def __init__(self, network: nn.Module, record: BundleRecord) -> None:
        super().__init__()
        self.network = network
        self.calibrated = _Calibrated(record.calibration, several=record.task == "multi")
        self.views = record.serving.test_time_augmentation
        self.classes = len(record.classes)

    def forward(self, pixels: Tensor) -> Tensor:
        """Probabilities of each picture."""
        if self.views == "none":
            logits = self.network(pixels)
        else:
            shown = _mirrored(pixels) if self.views == "mirror" else _shifted(pixels)
            logits = self.network(torch.cat([pixels, *shown]))
            logits = logits.reshape(VIEWS[self.views], -1, self.classes).mean(0)
        probabilities: Tensor = self.calibrated(logits)
        return probabilities


class _Calibrated(nn.Module):
    """Logits (n, classes) to probabilities, as `bundle.calibration.Calibration` says."""

    def __init__(self, calibration: Calibration, *, several: bool) -> None:
        super().__init__()
        self.calibration = calibration
        self.several = several

    def forward(self, logits: Tensor) -> Tensor:
        """Probabilities of each picture."""
        told = self.calibration
        z = logits / told.temperature
        if told.method == "vector":
            z = z * torch.tensor(told.scales) + torch.tensor(told.offsets)
        if told.method in ("none", "temperature", "vector"):
            return z.sigmoid() if self.several else z.softmax(-1)
        odds = z if self.several else _against_all_others(z)
        odds = odds.clamp(-FARTHEST, FARTHEST)
        mapped = self._beta(odds) if told.method == "beta" else self._isotonic(odds)
        return mapped.exp() if self.several else mapped.softmax(-1)

    def _beta(self, odds: Tensor) -> Tensor:
        a, b, c = (
            torch.tensor([getattr(one, name) for one in self.calibration.beta]) for name in "abc"
        )
        return F.logsigmoid(a * F.logsigmoid(odds) + b * F.softplus(odds) + c)

    def _isotonic(self, odds: Tensor) -> Tensor:
        columns = []
        for at, one in enumerate(self.calibration.isotonic):
            x, y = (torch.tensor(values) for values in (one.log_odds, one.probabilities))
            wide = x.diff()
            steep = y.diff() / wide.clamp(min=torch.finfo(torch.float32).tiny)
            column = odds[:, at, None]
            risen = (column - x[:-1]).clamp(min=0).minimum(wide)
            seen = y[0] + (risen * steep).sum(-1)
            columns.append(
                ((1 - one.own_share) * seen + one.own_share * odds[:, at].sigmoid()).log()
            )
        return torch.stack(columns, -1)


def _against_all_others(z: Tensor) -> Tensor:
    classes = z.shape[1]
    own = torch.eye(classes, dtype=torch.bool, device=z.device)
    others = z[:, None].expand(-1, classes, -1).masked_fill(own, -torch.inf)
    return z - others.logsumexp(-1)


def _mirrored(pixels: Tensor) -> list[Tensor]:
    return [pixels.flip(2)]


def _shifted(pixels: Tensor) -> list[Tensor]:
    _, height, width, _ = pixels.shape
    down, across = (max(1, round(SHIFT * side)) for side in (height, width))
    channels_first = pixels.permute(0, 3, 1, 2).float()
    wide = F.pad(channels_first, (across, across, down, down), mode="reflect")
    wide = wide.to(pixels.dtype).permute(0, 2, 3, 1)
    corners = [(0, across), (2 * down, across), (down, 0), (down, 2 * across)]
    return [wide[:, y : y + height, x : x + width] for y, x in corners]
