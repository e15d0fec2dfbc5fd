"""Every network by its name: ours, the textbooks', and all that timm has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from linnaeus.errors import UsageError
from linnaeus.models.airbench import SIZES as AIRBENCH
from linnaeus.models.airbench import AirbenchBody
from linnaeus.models.attention import ConvolutionalAttention, SqueezeExcitation
from linnaeus.models.catalogue import (
    SMALL_CNN,
    family_of,
    is_known,
    is_ours,
    least_side_px,
    unknown_network,
)
from linnaeus.models.cnn import SIZES, Attention, cnn_body
from linnaeus.models.heads import keeps_map
from linnaeus.models.network import Network, shape_given
from linnaeus.models.spatial_transformer import SpatialTransformer
from linnaeus.models.textbook import (
    alexnet_body,
    alexnet_head,
    dense_head,
    plain_body,
    scaled_for_relu,
)
from linnaeus.models.timm_body import timm_body
from linnaeus.models.weights import Backbone

__all__ = ["build", "check_size"]

MLP_SIZES = (512, 256)
PLAIN_SIZES = (128, 64, 32)
ATTENTION: dict[str, Attention] = {"se": SqueezeExcitation, "cbam": ConvolutionalAttention}


@dataclass(frozen=True)
class Asked:
    """What a network is to be; see `build`."""

    name: str
    classes: int
    height_px: int
    width_px: int
    channels: int
    head: str | None
    dropout: float | None
    batch_norm: bool | None
    pretrained: Backbone | None

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of a picture."""
        return self.channels, self.height_px, self.width_px


def build(
    name: str,
    *,
    classes: int,
    height_px: int,
    width_px: int,
    channels: int = 3,
    head: str | None = None,
    dropout: float | None = None,
    batch_norm: bool | None = None,
    pretrained: Backbone | None = None,
) -> Network:
    """The network called `name`, for pictures (channels, height_px, width_px), normalised.

    mlp, mlp-1024-512 …      flattened, then dense layers of the sizes named (512-256)
    plain, plain-512 …       three blocks of 32, 64 and 128 filters, then dense layers (128-64-32)
    cnn-tiny, -small, -medium, -large    our fast networks for up to 96 px; each also with -se
                             (squeeze-and-excitation), -cbam or -stn (spatial transformer)
    airbench94, airbench96   the fastest for pictures of about 32 px (Jordan 2024); airbench-tiny,
                             -small and -medium are narrower
    alexnet                  for 63 px and more
    resnet18, vit_tiny_patch16_224, …    all of timm's

    `head` is a text as in `heads`, None the network's own. `dropout` is the share that the head
    drops, None the network's own. `batch_norm` puts a normalisation behind each convolution of
    plain and each dense layer of mlp; other networks leave no choice. `pretrained` are weights for
    a network of timm, whose `name` is then not looked at. New weights depend on
    `torch.manual_seed` alone.

    Raises UsageError for what cannot be built so, MissingError where no network is called `name`,
    this machine's timm does not have it, or its weights cannot be loaded.

    >>> build("plain-512", classes=2, height_px=150, width_px=150).head
    Linear(in_features=512, out_features=2, bias=True)
    """
    asked = Asked(
        name, classes, height_px, width_px, channels, head, dropout, batch_norm, pretrained
    )
    if classes < 2 or channels < 1:
        what = f"{classes} classes of pictures with {channels} channels cannot be told apart"
        raise UsageError(what, where=name, mend="Give two classes or more, and a channel.")
    if pretrained is None and is_ours(name):
        return _ours(asked)
    if pretrained is None and not is_known(name):
        raise unknown_network(name)
    return _of_timm(asked)


def check_size(name: str, height_px: int, width_px: int) -> None:
    """Raise UsageError where pictures of this size are too small for our network `name`."""
    least_px, _ = least_side_px(name)
    if is_ours(name) and min(height_px, width_px) < least_px:
        raise UsageError(
            f"pictures of {height_px} × {width_px} px are too small for it",
            where=name,
            mend=f"Choose a size of {least_px} px or more, or another network.",
        )


def _ours(asked: Asked) -> Network:
    check_size(asked.name, asked.height_px, asked.width_px)
    return FAMILIES[family_of(asked.name)](asked)


def _mlp(asked: Asked) -> Network:
    sizes = _sizes_named(asked.name) or MLP_SIZES
    usual = dense_head(sizes, batch_norm=bool(asked.batch_norm), dropout=bool(asked.dropout))
    return scaled_for_relu(_under_head(asked, nn.Identity(), usual))


def _plain(asked: Asked) -> Network:
    sizes = _sizes_named(asked.name) or PLAIN_SIZES
    norm = bool(asked.batch_norm)
    body = plain_body(asked.channels, asked.height_px, asked.width_px, batch_norm=norm)
    usual = dense_head(sizes, dropout=bool(asked.dropout))
    return scaled_for_relu(_under_head(asked, body, usual))


def _alexnet(asked: Asked) -> Network:
    _no_choice_of_norm(asked)
    return _under_head(asked, alexnet_body(asked.channels), alexnet_head())


def _cnn(asked: Asked) -> Network:
    _no_choice_of_norm(asked)
    name = "cnn-small" if asked.name == SMALL_CNN else asked.name
    size, _, variant = name.removeprefix("cnn-").partition("-")
    body: nn.Module = cnn_body(
        asked.height_px,
        asked.width_px,
        channels=asked.channels,
        size=SIZES[size],
        attention=ATTENTION.get(variant, lambda channels: nn.Identity()),
    )
    if variant == "stn":
        body = nn.Sequential(SpatialTransformer(*asked.input_shape), body)
    return _under_head(asked, body, "pool-linear")


def _airbench(asked: Asked) -> Network:
    _no_choice_of_norm(asked)
    side_px = min(asked.height_px, asked.width_px)
    body = AirbenchBody(asked.channels, side_px, AIRBENCH[asked.name])
    return _under_head(asked, body, "linear")


def _of_timm(asked: Asked) -> Network:
    _no_choice_of_norm(asked)
    head = asked.head or "linear"
    body, shape = timm_body(
        asked.name,
        channels=asked.channels,
        side_px=(asked.height_px, asked.width_px),
        as_map=keeps_map(head),
        pretrained=asked.pretrained,
    )
    return Network.with_head(body, head, shape=shape, classes=asked.classes, dropout=asked.dropout)


FAMILIES: dict[str, Callable[[Asked], Network]] = {
    "mlp": _mlp,
    "plain": _plain,
    "cnn": _cnn,
    "airbench": _airbench,
    "alexnet": _alexnet,
}


def _under_head(asked: Asked, body: nn.Module, usual: str) -> Network:
    """`body` under the head that was asked for, or its `usual` one."""
    shape = shape_given(body, asked.input_shape)
    head = asked.head or usual
    return Network.with_head(body, head, shape=shape, classes=asked.classes, dropout=asked.dropout)


def _sizes_named(name: str) -> tuple[int, ...]:
    """The sizes of dense layers in a name such as mlp-1024-512."""
    return tuple(int(size) for size in name.split("-")[1:])


def _no_choice_of_norm(asked: Asked) -> None:
    if asked.batch_norm is not None:
        raise UsageError(
            "whether it has batch normalisation is part of what it is",
            where=asked.name,
            mend="Leave batch_norm out; plain and mlp leave the choice.",
        )
