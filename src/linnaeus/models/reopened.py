"""A bundle's network as a torch module again, for what has to see inside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn

from linnaeus.bundle.golden import golden_answers
from linnaeus.bundle.load import bundle_folder
from linnaeus.bundle.record import WEIGHTS_FILE, BundleRecord, read_record
from linnaeus.bundle.views import views_of
from linnaeus.errors import BundleError
from linnaeus.models.backbones import make_network, pooled_stages
from linnaeus.models.build import build
from linnaeus.models.classical.names import classical_name
from linnaeus.models.heads import keeps_map
from linnaeus.models.network import Network, shape_given
from linnaeus.models.normalise import Normalise
from linnaeus.models.shrunk import shaped_as
from linnaeus.models.standardise import Standardise
from linnaeus.models.timm_body import TimmBody

__all__ = ["Reopened", "Structure", "reopen"]

MOST_DIFFERENCE = 1e-3
"""Of a probability, between the network and what the bundle answered in float32: they compute the
same in another order."""

TRAIN_AGAIN = "Train again with this version of Linnaeus to have a bundle that can be reopened."


class Structure(BaseModel):
    """What the weights of a bundle are the weights of, beside the name of the architecture.

    `head`, `dropout` and `batch_norm`: as for `models.build.build`. `pooled_stages`: the body is a
    frozen or tuned backbone of which all stages are pooled; `standardised`: with a fixed shift and
    scale of features below the head; `shrunk`: layers have fewer channels than the architecture's,
    as many as the weights say. `arguments`: what timm made the pretrained network with beside its
    name; None where it was not pretrained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: str | None = None
    dropout: float | None = None
    batch_norm: bool | None = None
    pooled_stages: bool = False
    standardised: bool = False
    shrunk: bool = False
    arguments: dict[str, Any] | None = None


class Reopened(nn.Module):
    """Pixels (n, h, w, 3), uint8 or float32 in levels of 0 to 255, to logits (n, classes) float32.

    Differentiable in the pixels where they are float32. Its answers are for pictures as they are,
    whatever views the bundle takes the mean over, and before calibration.
    """

    def __init__(self, normalise: Normalise, network: Network) -> None:
        super().__init__()
        self.normalise = normalise
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits of each picture."""
        logits: Tensor = self.network(self.normalise(pixels))
        return logits


def reopen(folder: str | Path) -> Reopened:
    """The network of the bundle in `folder` with its weights, in evaluation mode, in float32.

    It answers the bundle's golden pictures as the bundle does. Raises BundleError where the bundle
    holds no network that torch can be given (a classical model, an ensemble, one of before), or
    another one than it says.
    """
    place = bundle_folder(Path(folder))
    record = read_record(place)
    module = _built(record, place)
    _load(module, place / WEIGHTS_FILE, shrunk=record.model["structure"].get("shrunk", False))
    module.eval().requires_grad_(False)
    _check_answers(module, record, place)
    return module


def _built(record: BundleRecord, place: Path) -> Reopened:
    if record.combination is not None:
        raise BundleError(
            "several classifiers answer together here, and this looks inside a single network",
            where=str(place),
            mend=f"Take one of its members, such as {place / 'members' / '00'}.",
        )
    if classical_name(str(record.model["architecture"])) is not None:
        raise BundleError(
            "this is a classical model, in which there is no network that learnt",
            where=str(place),
            mend="Take the bundle of a network.",
        )
    if record.serving.precision == "int8":
        raise BundleError(
            "this network is in whole numbers, of which torch makes none that can be taught or"
            " looked into",
            where=str(place),
            mend="Take the bundle that it was made from.",
        )
    given = record.model.get("structure")
    if given is None and record.model.get("compressed"):
        raise BundleError(
            "this smaller bundle keeps no weights that could be taught or looked into",
            where=str(place),
            mend="Take the bundle that it was made from.",
        )
    if given is None:
        raise BundleError(
            "this bundle does not say how its network is built", where=str(place), mend=TRAIN_AGAIN
        )
    try:
        structure = Structure.model_validate(given)
    except ValidationError:
        raise BundleError(
            "how its network is built cannot be understood", where=str(place), mend=TRAIN_AGAIN
        ) from None
    size = (record.preprocessing.height_px, record.preprocessing.width_px)
    architecture, classes = str(record.model["architecture"]), len(record.classes)
    if structure.pooled_stages:
        network = _under_pooled_stages(architecture, classes, size, structure)
    elif structure.arguments is not None:
        network = _under_a_head(architecture, classes, size, structure)
    else:
        network = build(
            architecture,
            classes=classes,
            height_px=size[0],
            width_px=size[1],
            head=structure.head,
            dropout=structure.dropout,
            batch_norm=structure.batch_norm,
        )
    return Reopened(Normalise([0.0] * 3, [1.0] * 3), network)


def _under_pooled_stages(
    architecture: str, classes: int, size: tuple[int, int], structure: Structure
) -> Network:
    stages = pooled_stages(lambda asked: _backbone(architecture, asked, structure), *size)
    width = sum(stages.widths)
    nothing = np.zeros(width)
    neck = Standardise(nothing, nothing + 1) if structure.standardised else nn.Identity()
    return Network(stages, neck, width, classes)


def _under_a_head(
    architecture: str, classes: int, size: tuple[int, int], structure: Structure
) -> Network:
    head = structure.head or "linear"
    body = TimmBody(_backbone(architecture, size, structure), as_map=keeps_map(head))
    return Network.with_head(body, head, shape=shape_given(body, (3, *size)), classes=classes)


def _backbone(architecture: str, size: tuple[int, int] | None, structure: Structure) -> nn.Module:
    options = {**(structure.arguments or {}), "num_classes": 0}
    return make_network(architecture, channels=3, side_px=size, **options)


def _load(module: Reopened, weights: Path, *, shrunk: bool) -> None:
    from safetensors.torch import load_file

    try:
        tensors = load_file(weights)
        if shrunk:
            shaped_as(module, tensors)
        module.load_state_dict(tensors)
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise BundleError(
            f"its weights are not those of the network that it names ({reason})",
            where=str(weights),
            mend="Copy the bundle again from where it was made.",
        ) from None


def _check_answers(module: Reopened, record: BundleRecord, place: Path) -> None:
    """Raise BundleError where `module` answers the golden pictures otherwise than the bundle."""
    pixels, expected = golden_answers(place, "float32")
    asked = record.serving.test_time_augmentation
    views = np.stack([np.stack(views_of(picture, asked)) for picture in pixels])
    with torch.no_grad():
        answers = module(torch.from_numpy(views.reshape(-1, *pixels.shape[1:]))).numpy()
    logits = answers.reshape(*views.shape[:2], -1).mean(axis=1)
    difference = float(np.abs(record.probabilities(logits) - expected).max())
    if not difference <= MOST_DIFFERENCE:
        raise BundleError(
            f"its network answers otherwise than it does (by {difference:.3f})",
            where=str(place),
            mend="Use the versions of torch and timm that it was made with.",
        )
