"""How deep each parameter of a pretrained network lies, counted in stages from its input."""

from __future__ import annotations

from torch import nn

__all__ = ["depths_of"]


def depths_of(network: nn.Module) -> dict[str, int]:
    """The stage of every parameter of timm's `network`, by the parameter's name.

    0 is the stem, and each stage or block above counts one more, as timm itself groups them for
    rates that fall with depth. All of a network that timm cannot group has depth 0.
    """
    from timm.models import group_parameters

    matcher = getattr(network, "group_matcher", None)
    if matcher is None:
        return dict.fromkeys((name for name, _ in network.named_parameters()), 0)
    grouped: dict[str, int] = group_parameters(network, matcher(coarse=True), reverse=True)
    return {name: grouped[name] for name, _ in network.named_parameters()}
