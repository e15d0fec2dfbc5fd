"""A pretrained network under its head, of which only the upper stages learn."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from linnaeus.models.folded_norms import fold
from linnaeus.models.network import Network

__all__ = ["Tunable"]


class Tunable(nn.Module):
    """Pixels (n, h, w, 3) uint8 to logits (n, classes), with a body that learns from above down.

    `depths` says of each parameter of the pretrained part, by its name in `network`, how deep it
    lies (see `models.depth`); what is not among them is the head, which always learns. With
    `freeze_batch_norm` the body's batch statistics stay those that it was pretrained with: the few
    pictures of a batch tell worse ones.
    """

    def __init__(
        self,
        normalise: nn.Module,
        network: Network,
        depths: Mapping[str, int],
        *,
        freeze_batch_norm: bool,
    ) -> None:
        super().__init__()
        self.normalise = normalise
        self.network = network
        self._depths = dict(depths)
        self._top = 1 + max(self._depths.values(), default=0)
        self._lowest = self._top
        self._freeze_batch_norm = freeze_batch_norm

    @property
    def stages(self) -> int:
        """How many stages the body has."""
        return self._top

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits of each picture."""
        logits: Tensor = self.network(self.normalise(pixels))
        return logits

    def learn_from(self, depth: int) -> None:
        """Let the stages from `depth` on learn; at `stages` and above only the head does."""
        self._lowest = depth
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(self._depths.get(name, self._top) >= depth)

    def fold(self) -> None:
        """Compute frozen batch normalisations with the convolutions before them, which is faster,
        until `models.folded_norms.unfold`.
        """
        if self._freeze_batch_norm:
            fold(self.network.body)

    def rate_factors(self, decay: float) -> dict[str, float]:
        """The share of the head's rate that each parameter learns at, by its name in this module.

        A stage has `decay` of the rate of the one above it.
        """
        return {
            f"network.{name}": decay ** (self._top - self._depths.get(name, self._top))
            for name, _ in self.network.named_parameters()
        }

    def train(self, mode: bool = True) -> Tunable:
        """As of any module, but a body that does not learn stays as it answers."""
        super().train(mode)
        if mode and self._lowest >= self._top:
            self.network.body.eval()
        elif mode and self._freeze_batch_norm:
            for module in self.network.body.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self
