"""A pretrained backbone as a frozen feature extractor: all of its stages, pooled."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from linnaeus.errors import MissingError
from linnaeus.models.weights import Backbone

__all__ = ["PooledStages", "load_backbone"]

MOST_STAGES = 6


def load_backbone(backbone: Backbone) -> nn.Module:
    """The network with its weights, without its head, in evaluation mode.

    Raises MissingError where the files are damaged or timm does not know the architecture.
    """
    import timm

    try:
        network: nn.Module = timm.create_model(
            f"local-dir:{backbone.folder}", pretrained=True, num_classes=0
        )
    except Exception as error:  # damaged safetensors, unknown architecture, shapes that differ
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise MissingError(
            f"the weights cannot be loaded ({reason})",
            where=str(backbone.folder),
            mend="Copy them again, or choose another network with --model.",
        ) from None
    return network.eval()


class PooledStages(nn.Module):
    """A backbone as a feature extractor: every stage's map, averaged over its pixels, and the end.

    Input (n, 3, height, width) float, normalised; output (n, d) float32. Low stages see texture
    and colour that the last one has forgotten: on 2,527 photographs of waste a linear head reaches
    85.0 % on all stages and 81.3 % on the last alone (mean of four splits, MobileNetV2, 144×192).
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone: Any = backbone
        self.stages = _stages_of(backbone)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, height, width) to (n, d)."""
        if not self.stages:
            return self._ending(self.backbone.forward_features(x))
        final, maps = self.backbone.forward_intermediates(x, indices=self.stages)
        pooled = [one.mean(dim=(2, 3)) for one in maps]
        return torch.cat([*pooled, self._ending(final)], dim=1)

    def _ending(self, final: torch.Tensor) -> torch.Tensor:
        ending: torch.Tensor = self.backbone.forward_head(final, pre_logits=True)
        return ending


def _stages_of(backbone: Any) -> list[int]:
    """The stages to pool: all of a pyramid, evenly spaced ones of a deep column of equal blocks."""
    if not hasattr(backbone, "forward_intermediates"):
        return []
    count = len(backbone.feature_info)
    if count <= MOST_STAGES:
        return list(range(count))
    return [int(i) for i in np.linspace(0, count - 1, MOST_STAGES + 1).round()[1:]]
