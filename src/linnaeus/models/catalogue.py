"""The networks that have names: ours, and all that timm has, with what they cost. Loads no torch.

The figures stand in catalogue.json, which benchmarks/count_networks.py measures and writes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from linnaeus.errors import MissingError
from linnaeus.files import read_json

__all__ = [
    "LEAST_SIDE_PX",
    "SMALL_CNN",
    "Known",
    "architecture_of",
    "family_of",
    "is_known",
    "is_ours",
    "known_networks",
    "least_side_px",
    "matches",
    "nearest",
    "unknown_network",
]

SMALL_CNN = "small_cnn"
"""The older name of cnn-small, which recipes and reports bear."""

COUNT = r"[1-9][0-9]{0,4}"  # neurons of a dense layer
OURS = re.compile(
    rf"{SMALL_CNN}|cnn-(tiny|small|medium|large)(-(se|cbam|stn))?|(mlp|plain)(-{COUNT})*"
    r"|airbench(94|96|-tiny|-small|-medium)|alexnet"
)
NAMES_TOLD = 3

LEAST_SIDE_PX = {"mlp": 1, "plain": 8, "cnn": 8, "airbench": 8, "alexnet": 63}
"""The shortest side of which each of our families leaves something to see."""
TIMM_SIDE_PX = 32  # most networks of timm halve a picture five times, or cut it into such patches


@dataclass(frozen=True)
class Known:
    """A network as the catalogue has it.

    `parameters` and `multiply_adds` are those with its own head, at `input_shape` (channels,
    height, width): 10 classes for ours, mostly 1,000 for timm's. `weights` are the pretrained ones
    on the hub, the first timm's own choice: {full name: licence, "" where it is not told}.
    """

    name: str
    maker: str
    parameters: int
    multiply_adds: int
    input_shape: tuple[int, int, int]
    weights: Mapping[str, str]


@cache
def known_networks() -> Mapping[str, Known]:
    """Every network of the catalogue by its name without a tag: ours first, then timm's."""
    with resources.as_file(resources.files("linnaeus.models") / "catalogue.json") as file:
        rows = read_json(file)["networks"]
    known = {name: _known(name, row) for name, row in rows.items()}
    return MappingProxyType(known)


def is_ours(name: str) -> bool:
    """Whether `name` is a network of Linnaeus itself; mlp and plain take any sizes."""
    return OURS.fullmatch(name) is not None


def is_known(name: str) -> bool:
    """Whether `name`, with or without the tag of its weights, is in the catalogue or ours."""
    return is_ours(name) or architecture_of(name) in known_networks()


def family_of(name: str) -> str:
    """The family of one of our networks: mlp, plain, cnn, airbench or alexnet."""
    return "cnn" if name == SMALL_CNN else name.partition("-")[0].rstrip("0123456789")


def least_side_px(name: str) -> tuple[int, int]:
    """The shortest side that a network should see, and a number that sides be multiples of."""
    return (LEAST_SIDE_PX[family_of(name)], 1) if is_ours(name) else (TIMM_SIDE_PX, TIMM_SIDE_PX)


def architecture_of(name: str) -> str:
    """`name` without the tag that tells its weights.

    >>> architecture_of("resnet18.a1_in1k")
    'resnet18'
    """
    return name.partition(".")[0]


def matches(name: str, pattern: str) -> bool:
    """Whether `pattern` is a part of `name`, or matches it with its * and ?; case is nothing."""
    name, pattern = name.casefold(), pattern.casefold()
    return pattern in name or fnmatchcase(name, pattern)


def nearest(name: str) -> list[str]:
    """The names of a few networks that look most like `name`."""
    return difflib.get_close_matches(name.casefold(), list(known_networks()), n=NAMES_TOLD)


def unknown_network(name: str) -> MissingError:
    """That no network is called `name`, with the names that look most like it."""
    near = nearest(name)
    guess = f"Did you mean {_either(near)}? " if near else ""
    return MissingError(
        f'there is no network called "{name}", and no weights for "{name}" on this machine',
        mend=f"{guess}`linnaeus models PATTERN` searches the names; --weights DIR brings weights.",
    )


def _known(name: str, row: Mapping[str, Any]) -> Known:
    channels, height, width = row["input_shape"]
    licences = row.get("weights", {})
    return Known(
        name=name,
        maker="linnaeus" if is_ours(name) else "timm",
        parameters=row["parameters"],
        multiply_adds=row["multiply_adds"],
        input_shape=(channels, height, width),
        weights=MappingProxyType({f"{name}.{tag}": told for tag, told in licences.items()}),
    )


def _either(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
