"""Whether the explanations of one method can be believed: what was measured on these pictures."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import share_figure
from linnaeus.explanation.faithfulness import (
    STEPS,
    Box,
    Mapped,
    deletion_and_insertion,
    likeness,
    pointed_at,
    random_map,
)
from linnaeus.explanation.methods import OF_NETWORKS, Explainer, Method, readable
from linnaeus.randomness import generator

if TYPE_CHECKING:
    from linnaeus.models.reopened import Reopened

__all__ = ["Trust", "margins_by_chance", "pointing", "trust_in"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
Targets = NDArray[np.int64]
Margins = NDArray[np.float64]

RANDOM_MAPS = 4  # for each picture, whose mean margin the method's is held against
RANDOM_MAPS_IN_ALL = 24  # at least: of few pictures, these tell how far chance reaches
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
    `pointing`: the share of all maps whose maximum lies in a box, None without boxes.
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
    pointing: Figure | None

    @property
    def faults(self) -> tuple[str, ...]:
        """What speaks against believing the maps, as clauses; empty where nothing does."""
        found = []
        if self.interval[0] <= 0:
            found.append("hiding what they point at changes answers no more than hiding any part")
        if self.stability < LEAST_STABLE:
            found.append("noise that nobody sees moves them elsewhere")
        if self.like_unlearnt is not None and self.like_unlearnt > MOST_LIKE_RANDOM:
            found.append("they look the same for a network that has learnt nothing")
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


def margins_by_chance(
    explainer: Explainer,
    pixels: Pixels,
    targets: Targets,
    seed: int = 0,
    *,
    each: int = RANDOM_MAPS,
    steps: int = STEPS,
) -> Margins:
    """(n, k) the margins of k maps that know nothing for each of `pixels` (n, h, w, 3): what the
    maps of every method are held against. k is at least `each`, and more for few pictures; a map
    takes two answers for each of the `steps` but one, and a picture two.
    """
    each = max(each, -(-RANDOM_MAPS_IN_ALL // len(pixels)))
    shape = (pixels.shape[1], pixels.shape[2])
    drawn = [random_map(shape, seed, place) for place in range(each * len(pixels))]
    maps = np.reshape(drawn, (len(pixels), each, *shape))
    mapped = _mapped(explainer, pixels, targets, maps)
    found = deletion_and_insertion(explainer.answer, mapped, steps=steps)
    return np.array([[curve.margin for curve in curves] for curves in found])


def trust_in(
    explainer: Explainer,
    method: Method,
    pixels: Pixels,
    targets: Targets,
    maps: Maps,
    *,
    by_chance: Margins,
    seed: int = 0,
    steps: int = STEPS,
) -> Trust:
    """Measure the `maps` (n, h, w) of `method` for `pixels` (n, h, w, 3) and `targets` (n,), made
    `readable`.

    `by_chance`: what `margins_by_chance` gave for the same, in as many `steps`. Two answers a step
    and picture, and two more explanations. Where the maps point, see `pointing`, is left open.
    """
    mapped = _mapped(explainer, pixels, targets, maps[:, None])
    areas = [curve for (curve,) in deletion_and_insertion(explainer.answer, mapped, steps=steps)]
    margins = np.array([area.margin for area in areas])
    above = margins - by_chance.mean(axis=1)
    mean, reach = float(above.mean()), Z * _error(above, by_chance)
    return Trust(
        method=method,
        pictures=len(pixels),
        deletion=float(np.mean([area.deletion for area in areas])),
        insertion=float(np.mean([area.insertion for area in areas])),
        margin=float(margins.mean()),
        over_random=mean,
        interval=(max(-2.0, mean - reach), min(2.0, mean + reach)),
        stability=_stability(explainer, method, pixels, targets, maps, seed),
        like_unlearnt=_like_unlearnt(explainer, method, pixels, targets, maps, seed),
        pointing=None,
    )


def pointing(maps: Maps, boxes: list[list[Box]] | None) -> Figure | None:
    """The pointing game: how many of `maps` (n, h, w) are largest in a box of their picture, with
    Wilson's 95 % interval; None without boxes.
    """
    if boxes is None:
        return None
    hits = sum(pointed_at(*both) for both in zip(maps, boxes, strict=True))
    return share_figure(hits, len(maps))


def _mapped(
    explainer: Explainer, pixels: Pixels, targets: Targets, maps: NDArray[np.float32]
) -> list[Mapped]:
    """Each of `pixels` (n, h, w, 3) with its class and its `maps` (n, k, h, w)."""
    each = zip(pixels, targets.tolist(), maps, strict=True)
    return [Mapped(one, of, explainer.cover_of(one), some) for one, of, some in each]


def _error(above: NDArray[np.float64], by_chance: Margins) -> float:
    """The standard error of the mean of `above` (n,): by how pictures differ, or of a single one by
    how the maps that know nothing do.
    """
    if len(above) > 1:
        return float(above.std(ddof=1) / np.sqrt(len(above)))
    drawn = by_chance[0]
    return float(drawn.std(ddof=1) * np.sqrt(1 + 1 / len(drawn)))


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

    from linnaeus.models.drawn import drawn_by

    drawn = copy.deepcopy(network)
    for place, parameter in enumerate(drawn.network.parameters()):
        order = drawn_by(seed, "unlearnt", place)
        shuffled = parameter.detach().flatten()[torch.randperm(parameter.numel(), generator=order)]
        parameter.data = shuffled.view_as(parameter)
    return drawn
