"""The means and variances that batch normalisations use once a network no longer learns."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["KeptStatistics", "estimate_anew"]


@torch.no_grad()
def estimate_anew(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Measure the statistics of `network`, which is in eval mode, on `batches` of its inputs.

    Each statistic is the mean of those of the batches. Averaged weights need this: the statistics
    of an average are not the average of the statistics. What stays in eval mode while the network
    learns, as a frozen body does, keeps what it has.
    """
    network.train()
    normalisations = [m for m in network.modules() if isinstance(m, _BatchNorm) and m.training]
    network.eval()
    if not normalisations:
        return
    momenta = [module.momentum for module in normalisations]
    for module in normalisations:
        module.reset_running_stats()
        module.momentum = None  # the mean of all batches
        module.train()
    for batch in batches:
        network(batch)
    for module, momentum in zip(normalisations, momenta, strict=True):
        module.momentum = momentum
        module.eval()


class KeptStatistics:
    """The statistics that `network` had before a batch, for the case that it must not count.

    Keeping them takes about ten microseconds, all at once.
    """

    def __init__(self, network: nn.Module) -> None:
        self._buffers = [b for b in network.buffers() if b.is_floating_point() and b.numel()]
        self._kept = [torch.empty_like(buffer) for buffer in self._buffers]

    @torch.no_grad()
    def keep(self) -> None:
        """Keep what there is now."""
        if self._kept:
            torch._foreach_copy_(self._kept, self._buffers)

    @torch.no_grad()
    def bring_back(self) -> None:
        """Bring back what was kept."""
        if self._kept:
            torch._foreach_copy_(self._buffers, self._kept)
