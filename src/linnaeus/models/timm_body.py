"""A network of timm without its last layer, for any size and number of channels."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from linnaeus.errors import LinnaeusError, MissingError, UsageError
from linnaeus.models.backbones import load_backbone, make_network
from linnaeus.models.catalogue import architecture_of, known_networks
from linnaeus.models.network import shape_given
from linnaeus.models.weights import Backbone

__all__ = ["TimmBody", "timm_body"]


class TimmBody(nn.Module):
    """A network of timm: (n, channels, h, w), normalised, to what its last layer would see, (n, d).

    With `as_map` to its last map instead, (n, c, h', w') or, of one that works on tokens,
    (n, c, tokens), those left out that stand for no place.
    """

    def __init__(self, network: nn.Module, *, as_map: bool) -> None:
        super().__init__()
        self.network: Any = network
        self.as_map = as_map

    def forward(self, x: Tensor) -> Tensor:
        """Features or a map of each picture."""
        if not self.as_map:
            features: Tensor = self.network(x)
            return features
        answers = self.network.forward_features(x)
        if not isinstance(answers, Tensor):
            raise UsageError(
                "it looks in several branches, and has no one map to pool or flatten",
                where=self.network.default_cfg["architecture"],
                mend="Write the head without pool or flatten, such as dense256-relu-dropout-linear,"
                " or choose another network.",
            )
        return self._channels_first(answers)

    def _channels_first(self, answers: Tensor) -> Tensor:
        if answers.ndim == 3:  # (n, tokens, c)
            return answers[:, getattr(self.network, "num_prefix_tokens", 0) :].transpose(1, 2)
        if answers.shape[1] != self.network.num_features:  # (n, h, w, c)
            return answers.permute(0, 3, 1, 2)
        return answers


def timm_body(
    name: str,
    *,
    channels: int,
    side_px: tuple[int, int],
    as_map: bool,
    pretrained: Backbone | None = None,
) -> tuple[TimmBody, tuple[int, ...]]:
    """timm's network `name` with new weights, or `pretrained`, and the shape that it gives.

    Raises UsageError where it cannot take pictures of `channels` and `side_px` (height, width) or
    has no map, MissingError where this machine's timm does not have it, and as `load_backbone`.
    """
    try:
        if pretrained is None:
            _check_there(name)
            network = make_network(name, channels=channels, side_px=side_px, num_classes=0)
        else:
            network = load_backbone(pretrained, channels=channels, side_px=side_px)
        body = TimmBody(network, as_map=as_map)
        shape = shape_given(body, (channels, *side_px))
    except LinnaeusError:
        raise
    except Exception as error:  # each network of timm refuses in its own way
        raise _refused(name, channels, side_px, error) from None
    return body.train(), shape


def _check_there(name: str) -> None:
    import timm

    if not timm.is_model(name):
        raise MissingError(
            f"timm {timm.__version__} has no network of this name",
            where=name,
            mend="Update it with: pip install -U timm",
        )


def _refused(name: str, channels: int, side_px: tuple[int, int], error: Exception) -> UsageError:
    height, width = side_px
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    own = known_networks().get(architecture_of(name))
    used_to = (
        f", such as {own.input_shape[1]} by {own.input_shape[2]} that it is used to" if own else ""
    )
    return UsageError(
        f"it cannot take pictures of {height} × {width} px with {channels} channels ({reason})",
        where=name,
        mend=f"Choose another size{used_to}, or another network.",
    )
