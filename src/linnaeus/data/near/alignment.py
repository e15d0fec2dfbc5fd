"""Whether one picture is another again: cut at its edges, brighter or darker, or saved anew.

Two likenesses are laid over each other by least squares (Lucas and Kanade 1981): each edge may move
a little, and brightness may have been scaled, shifted and clipped. What that leaves unexplained,
against what making a picture smaller in another way leaves, tells a copy from another photograph
of a thing like it in the same place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.thumbnails import THUMBNAIL_PX

__all__ = ["CUT", "VIEWS", "Compared", "compared", "views"]

CUT = 0.05
"""The share of width or height that may be missing at an edge."""

CORNERS = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]]

VIEWS = np.array([[0, 0, 0, 0], [1, 1, 1, 1], *CORNERS]) * CUT
"""(6, 4) what is cut off (left, top, right, bottom): nothing, all edges, two that meet. Copies cut
at one edge are near enough to one of these; when views were cut at one edge each, 6 in 100 of the
copies cut at two were missed."""

STARTS = np.concatenate([VIEWS, np.eye(4) * CUT])
"""(10, 4) where laying one over the other begins: those, and each edge by itself."""

VIEW_PX = THUMBNAIL_PX // 2
FIRST_ROUNDS, MORE_ROUNDS = 2, 3
"""Steps until edges nearly stand still, and until they do."""

DAMPING = 1e-3

FARTHEST = 0.09
"""How far one edge may lie from the other's: what may be cut off, and what a coarse grid adds."""

PROMISING = 0.9
"""Correlation at the best start: 998 of 1,000 planted copies began above 0.93."""

LEAST_GAIN, MOST_GAIN = 0.5, 2.0
LEAST_KNOWN = 0.1
"""The part of a picture that has to be free of clipping for brightness to be compared by it."""

WHITE, BLACK = 250, 5
"""From here on a value may have been clipped: what it was before is unknown."""

NOISE, OF_DETAIL = 4.0, 0.6
"""Grey levels by which copies differ where they are smooth, and what part of their fine detail
comes on top where they are not."""

MOST_MISFIT, LEAST_DETAIL = 1.2, 0.5
"""Chosen on 2,000 copies planted in photographs of clothing and of waste, of which 98 in 100 of
each kind pass, and on pairs of like shirts on one carpet, of which one in twenty does
(`benchmarks/planted_leaks.py`)."""

HOPELESS = 2.0
"""So many times the misfit after the first rounds was never mended by the others."""

CHUNK = 1024

Floats = NDArray[np.float32]
Thumbnails = NDArray[np.uint8]


def views(thumbnails: Thumbnails, cut: NDArray[np.float64] = VIEWS) -> Floats:
    """(k, n, 16, 16): what is left of (n, 32, 32) likenesses when each row of `cut` is cut off."""
    grey = thumbnails.astype(np.float32)
    return np.stack([_down(t, b) @ grey @ _down(le, r).T for le, t, r, b in cut.tolist()])


class Compared(NamedTuple):
    """How well the first of each pair explains the second, row by row.

    `explained`: (n,) share of the second's variance, up to 1. `copies`: (n,) whether they are of
    one photograph.
    """

    explained: Floats
    copies: NDArray[np.bool_]


def compared(
    thumbnails: Thumbnails, pairs: NDArray[np.int64], turned: NDArray[np.bool_]
) -> Compared:
    """Lay the first of each of `pairs` (m, 2) over the second, left to right where `turned` (m,).

    `thumbnails`: (n, 32, 32) grey. Time grows with the number of pairs, about 0.5 ms each, and
    0.1 ms where they are no match at first sight.
    """
    explained = np.zeros(len(pairs), np.float32)
    copies = np.zeros(len(pairs), bool)
    for low in range(0, len(pairs), CHUNK):
        part = slice(low, low + CHUNK)
        one, other = (thumbnails[side] for side in pairs[part].T)
        other = np.where(turned[part, None, None], other[:, :, ::-1], other)
        boxes, start = _best_start(one, other)
        rows = np.flatnonzero(start >= PROMISING)
        if len(rows):
            one, other = one[rows], other[rows]
            boxes = _settled(one, other, boxes[rows], FIRST_ROUNDS)
            near = _judged(one, other, boxes, HOPELESS * MOST_MISFIT).copies
            rows, one, other, boxes = rows[near], one[near], other[near], boxes[near]
        if len(rows):
            boxes = _settled(one, other, boxes, MORE_ROUNDS)
            explained[low + rows], copies[low + rows] = _judged(one, other, boxes, MOST_MISFIT)
    return Compared(explained, copies)


def _down(before: float, behind: float) -> Floats:
    """(16, 32) the weights that average 32 pixels, without these shares, to 16."""
    size = THUMBNAIL_PX
    edges = np.linspace(before * size, size - behind * size, VIEW_PX + 1)
    low, high = edges[:-1, None], edges[1:, None]
    place = np.arange(size)
    covered = np.clip(np.minimum(high, place + 1) - np.maximum(low, place), 0, None)
    return np.asarray(covered / (high - low), np.float32)


def _best_start(some: Thumbnails, others: Thumbnails) -> tuple[Floats, Floats]:
    """(n, 4) what of the first is cut off where it fits the second best, and how well it does.

    Cut off less than nothing means that the second one was cut.
    """
    one, other = (_standard(views(t, STARTS)) for t in (some, others))
    fits = np.concatenate(
        [(one * other[0]).sum(axis=-1), (one[0] * other[1:]).sum(axis=-1)]
    )  # (19, n)
    boxes = np.concatenate([STARTS, -STARTS[1:] / (1 - CUT)]).astype(np.float32)
    best = fits.argmax(axis=0)
    return boxes[best], fits[best, np.arange(len(best))]


def _smooth(grey: Thumbnails) -> Floats:
    """Without the finest detail, which would hold the edges where they are."""
    return _blurred(grey.astype(np.float32), 1)


def _blurred(grey: Floats, times: int) -> Floats:
    """(n, size, size) after averaging with neighbours by 1, 2, 1, so many times each way."""
    one = np.eye(grey.shape[1], dtype=np.float32)
    near = one / 2 + (np.eye(len(one), k=1) + np.eye(len(one), k=-1)) / 4
    near /= near.sum(axis=1, keepdims=True)
    weights = np.linalg.matrix_power(near, times).astype(np.float32)
    return np.asarray(weights @ grey @ weights.T, np.float32)


def _standard(grey: Floats) -> Floats:
    """(…, 16, 16) to (…, 256) of mean 0 and length 1."""
    flat = grey.reshape(*grey.shape[:-2], -1)
    flat = flat - flat.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(flat, axis=-1, keepdims=True)
    return np.asarray(flat / np.maximum(length, 1e-6), np.float32)


class _Laid(NamedTuple):
    """The first pictures laid over the second: (n, size, size) each.

    `values`; `down`, `across`: their slopes by one pixel of the second; `within`: 1 where the first
    reaches.
    """

    values: Floats
    down: Floats
    across: Floats
    within: Floats


def _settled(some: Thumbnails, others: Thumbnails, boxes: Floats, rounds: int) -> Floats:
    """(n, 4) what of the first is cut off where it fits the second best, searched from `boxes`."""
    one, other = _smooth(some), _smooth(others)
    for _ in range(rounds):
        laid = _laid(one, boxes)
        step = _step(laid, other, *_shade(laid, other))
        boxes = np.clip(boxes + step, -FARTHEST, FARTHEST)
    return boxes


def _judged(some: Thumbnails, others: Thumbnails, boxes: Floats, most_misfit: float) -> Compared:
    one, other = some.astype(np.float32), others.astype(np.float32)
    laid = _laid(one, boxes)
    gain, shift = _shade(laid, other)
    told = gain[:, None, None] * laid.values + shift[:, None, None]
    known = _known(laid, other)
    usual = (gain >= LEAST_GAIN) & (gain <= MOST_GAIN)
    usual &= known.mean(axis=(1, 2)) >= LEAST_KNOWN
    misfit, detail = _misfit(told, other, known), _detail_shared(told, other, known)
    return Compared(
        _explained(told, other, known),
        usual & (misfit <= most_misfit) & (detail >= LEAST_DETAIL * MOST_MISFIT / most_misfit),
    )


def _laid(one: Floats, boxes: Floats) -> _Laid:
    size = one.shape[1]
    left, top, right, bottom = boxes.T
    across, slope_across, in_across = _weights(left, right, size)
    down, slope_down, in_down = _weights(top, bottom, size)
    part = one @ across.transpose(0, 2, 1)
    return _Laid(
        down @ part,
        slope_down @ part,
        down @ (one @ slope_across.transpose(0, 2, 1)),
        in_down[:, :, None] * in_across[:, None, :],
    )


def _weights(before: Floats, behind: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """(n, size, size) linear interpolation along one side, its slope, and (n, size) where valid."""
    centre = (np.arange(size, dtype=np.float32) + 0.5) / size
    place = (before[:, None] + centre * (1 - before - behind)[:, None]) * size - 0.5
    offset = (np.arange(size) - place[:, :, None]).astype(np.float32)
    half = np.float32(0.5)
    slope = _tent(offset - half) - _tent(offset + half)
    valid = (place >= 0) & (place <= size - 1)
    return _tent(offset), slope, valid.astype(np.float32)


def _tent(offset: Floats) -> Floats:
    return np.asarray(np.maximum(0, 1 - np.abs(offset)), np.float32)


def _known(laid: _Laid, other: Floats) -> Floats:
    """Where neither value can have been clipped."""
    free = (laid.values > BLACK) & (laid.values < WHITE) & (other > BLACK) & (other < WHITE)
    return laid.within * free


def _shade(laid: _Laid, other: Floats) -> tuple[Floats, Floats]:
    """(n,) gain and shift that take the first to the second, over what was not clipped."""
    weight = _known(laid, other)
    few = weight.mean(axis=(1, 2)) < LEAST_KNOWN
    weight = np.where(few[:, None, None], laid.within, weight)
    total = weight.sum(axis=(1, 2)) + 1e-6
    mean = (weight * laid.values).sum(axis=(1, 2)) / total
    mean_other = (weight * other).sum(axis=(1, 2)) / total
    centred = weight * (laid.values - mean[:, None, None])
    variance = (centred * laid.values).sum(axis=(1, 2)) / total
    gain = (centred * other).sum(axis=(1, 2)) / total / np.maximum(variance, 1e-3)
    return gain, mean_other - gain * mean


def _step(laid: _Laid, other: Floats, gain: Floats, shift: Floats) -> Floats:
    """(n, 4) how the cut-off edges should move: one step of Gauss and Newton."""
    size = other.shape[1]
    weight = _known(laid, other)
    rest = other - gain[:, None, None] * laid.values - shift[:, None, None]
    centre = (np.arange(size, dtype=np.float32) + 0.5) / size
    across, down = size * gain[:, None, None] * laid.across, size * gain[:, None, None] * laid.down
    slopes = np.stack(
        [
            across * (1 - centre),
            down * (1 - centre)[:, None],
            -across * centre,
            -down * centre[:, None],
        ],
        axis=1,
    ).reshape(len(other), 4, -1)
    weighted = slopes * weight.reshape(len(other), 1, -1)
    normal = weighted @ slopes.transpose(0, 2, 1)
    trace = np.trace(normal, axis1=1, axis2=2)[:, None, None] + 1.0
    right = weighted @ rest.reshape(len(other), -1, 1)
    return np.linalg.solve(normal + DAMPING * trace * np.eye(4, dtype=np.float32), right)[:, :, 0]


def _explained(told: Floats, other: Floats, known: Floats) -> Floats:
    """(n,) 1 - the part of the second's variance that the first does not explain."""
    total = known.sum(axis=(1, 2)) + 1e-6
    mean = (known * other).sum(axis=(1, 2)) / total
    variance = (known * (other - mean[:, None, None]) ** 2).sum(axis=(1, 2))
    left = (known * (other - told) ** 2).sum(axis=(1, 2))
    return np.asarray(1 - left / np.maximum(variance, 1.0), np.float32)


def _misfit(told: Floats, other: Floats, known: Floats) -> Floats:
    """(n,) what is left over, in units of what copies leave."""
    detail = sum(_blurred((grey - _blurred(grey, 1)) ** 2, 2) for grey in (told, other))
    excess = (other - told) ** 2 / (NOISE**2 + OF_DETAIL**2 * detail)
    return np.asarray(np.sqrt((known * excess).sum((1, 2)) / (known.sum((1, 2)) + 1e-6)))


def _detail_shared(told: Floats, other: Floats, known: Floats) -> Floats:
    """(n,) correlation of what blurring takes away."""
    one, two = told - _blurred(told, 2), other - _blurred(other, 2)
    both, own, its = ((known * x).sum(axis=(1, 2)) for x in (one * two, one * one, two * two))
    return np.asarray(both / np.sqrt(own * its + 1e-3), np.float32)
