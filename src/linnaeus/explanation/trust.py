"""Whether the explanations of one method can be believed: what was measured on these pictures."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnaeus.explanation.faithfulness import (
    Box,
    deletion_and_insertion,
    likeness,
    pointed_at,
    random_map,
)
from linnaeus.explanation.hiding import cover_for
from linnaeus.explanation.methods import OF_NETWORKS, Explainer, Method, readable
from linnaeus.randomness import generator, number

if TYPE_CHECKING:
    from linnaeus.models.reopened import Reopened

__all__ = ["Trust", "trust_in"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
Targets = NDArray[np.int64]

RANDOM_MAPS = 4  # for each picture, whose mean margin the method's is held against
NOISE = 4.0  # levels of 255: next to nothing to the eye
Z = 1.96
LEAST_STABLE = 0.5
MOST_LIKE_RANDOM = 0.7
"""Rank correlations: with less, two almost equal pictures are explained differently; with more, a
network that has learnt nothing is explained alike."""


@dataclass(frozen=True)
class Trust:
    """What was measured of a method, over the pictures that it explained.

    `margin`: insertion area less deletion area, mean over the pictures; `over_random`: how much
    that is above the margin of maps that know nothing, with its 95 % interval. `stability`: rank
    correlation with the maps of the same pictures with a little noise. `like_unlearnt`: with the
    maps of the same network with random weights; None of methods that do not look inside.
    `pointing`: the share whose maximum lies in a box, None without boxes.
    """

    method: Method
    pictures: int
    deletion: float
    insertion: float
    margin: float
    over_random: float
    interval: tuple[float, float]
    stability: float
    like_unlearnt: float | None
    pointing: float | None

    @property
    def faults(self) -> tuple[str, ...]:
        """What speaks against believing it, as clauses; empty where nothing does."""
        found = []
        if self.interval[0] <= 0:
            found.append("hiding what it points at changes the answer no more than hiding anything")
        if self.stability < LEAST_STABLE:
            found.append("noise that nobody sees moves it elsewhere")
        if self.like_unlearnt is not None and self.like_unlearnt > MOST_LIKE_RANDOM:
            found.append("it looks the same for a network that has learnt nothing")
        return tuple(found)

    @property
    def sentence(self) -> str:
        """The verdict in plain words."""
        name = f"{self.method} maps"
        if self.faults:
            return f"Do not rely on these {name}: {'; '.join(self.faults)}."
        low, high = self.interval
        return (
            f"These {name} point at what the answers go by: they part it from the rest better than"
            f" maps that know nothing, by {self.over_random:.2f} ({low:.2f} to {high:.2f}) of the"
            " probability."
        )


def trust_in(
    explainer: Explainer,
    method: Method,
    pixels: Pixels,
    targets: Targets,
    maps: Maps,
    *,
    cover: str = "blur",
    boxes: list[list[Box]] | None = None,
    seed: int = 0,
) -> Trust:
    """Measure the `maps` (n, h, w) of `method` for `pixels` (n, h, w, 3) and `targets` (n,), made
    `readable`.

    About a hundred answers a picture, and two more explanations. `boxes`: of each picture, where
    the object is, for the pointing game.
    """
    areas, chance = [], []
    for index, (picture, target, one) in enumerate(zip(pixels, targets, maps, strict=True)):
        curves = partial(
            deletion_and_insertion,
            explainer.answer,
            picture,
            int(target),
            cover_for(picture, cover),
        )
        areas.append(curves(one))
        places = range(RANDOM_MAPS * index, RANDOM_MAPS * (index + 1))
        drawn = [
            curves(random_map((one.shape[0], one.shape[1]), seed, place)).margin for place in places
        ]
        chance.append(float(np.mean(drawn)))
    margins = np.array([area.margin for area in areas])
    above = margins - np.array(chance)
    error = above.std(ddof=1) / np.sqrt(len(above)) if len(above) > 1 else np.inf
    mean = float(above.mean())
    return Trust(
        method=method,
        pictures=len(pixels),
        deletion=float(np.mean([area.deletion for area in areas])),
        insertion=float(np.mean([area.insertion for area in areas])),
        margin=float(margins.mean()),
        over_random=mean,
        interval=(float(max(-2.0, mean - Z * error)), float(min(2.0, mean + Z * error))),
        stability=_stability(explainer, method, pixels, targets, maps, seed),
        like_unlearnt=_like_unlearnt(explainer, method, pixels, targets, maps, seed),
        pointing=_pointing(maps, boxes),
    )


def _stability(
    explainer: Explainer, method: Method, pixels: Pixels, targets: Targets, maps: Maps, seed: int
) -> float:
    noise = generator(seed, "noise that nobody sees").normal(0, NOISE, pixels.shape)
    noisy = np.clip(pixels + noise, 0, 255).round().astype(np.uint8)
    again = [readable(one, method) for one in explainer.explain(noisy, targets, method)]
    return float(np.mean([likeness(*both) for both in zip(maps, again, strict=True)]))


def _like_unlearnt(
    explainer: Explainer, method: Method, pixels: Pixels, targets: Targets, maps: Maps, seed: int
) -> float | None:
    if method not in OF_NETWORKS:
        return None
    unlearnt = _unlearnt(explainer.network, seed)
    found = explainer.explain(pixels, targets, method, network=unlearnt)
    others = [readable(one, method) for one in found]
    return float(np.mean([abs(likeness(*both)) for both in zip(maps, others, strict=True)]))


def _unlearnt(network: Reopened, seed: int) -> Reopened:
    """The same network with the weights of each layer shuffled."""
    import torch

    drawn = copy.deepcopy(network)
    for place, parameter in enumerate(drawn.network.parameters()):
        order = torch.Generator().manual_seed(number(seed, "unlearnt", place) % 2**63)
        shuffled = parameter.detach().flatten()[torch.randperm(parameter.numel(), generator=order)]
        parameter.data = shuffled.view_as(parameter)
    return drawn


def _pointing(maps: Maps, boxes: list[list[Box]] | None) -> float | None:
    if boxes is None:
        return None
    return float(np.mean([pointed_at(*both) for both in zip(maps, boxes, strict=True)]))
