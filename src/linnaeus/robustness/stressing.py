"""Stress: a finished bundle on pictures that are made worse in many ways, and what that teaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import load
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import between, in_100, number, times
from linnaeus.evaluation.intervals import Resampling, mean_figure
from linnaeus.files import check_unused, whole_folder, write_json, write_whole
from linnaeus.progress import Progress
from linnaeus.robustness.advice import FALL, advice_for
from linnaeus.robustness.beside import Beside, beside
from linnaeus.robustness.condition import CLEAN, Condition, judged_under
from linnaeus.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from linnaeus.robustness.judged_pictures import JudgedPictures, pictures_of
from linnaeus.robustness.shifts import SHIFTS, shifted
from linnaeus.robustness.standing import keep_with_run
from linnaeus.robustness.worst_case import worst_of_small_moves

__all__ = ["EVERY_KIND", "Stressed", "stress_bundle"]

Pixels = NDArray[np.uint8]

EVERY_KIND = (*CORRUPTIONS, *SHIFTS)
AT_ONCE = 250  # pictures changed at a time, which bounds the memory


@dataclass(frozen=True)
class Stressed:
    """How one bundle stood up: unchanged pictures, every kind at every severity, the worst moves.

    `elsewhere`: other pictures of the same classes, None where none were given. `pictures`: how
    many were judged, of `available`. `corrupted`: how often it is right in the mean of the fifteen
    corruptions at five severities; None where not all of them were tried. `beside`: of the second
    of two, how it did against the first. `unread`: {picture: why it could not be read}.
    """

    name: str
    pictures: int
    available: int
    clean: Condition
    conditions: tuple[Condition, ...]
    corrupted: Figure | None
    worst_moves: Figure
    moved_pictures: int
    elsewhere: Condition | None
    remarks: tuple[str, ...]
    unread: Mapping[str, str]
    beside: Beside | None = None

    @property
    def mean_corruption_error(self) -> float | None:
        """The mean error under the corruptions that were tried, each severity counted alike.

        As it is: not divided by that of another network, which the benchmark's paper does.
        """
        errors = [1 - c.accuracy.value for c in self.conditions if c.kind in CORRUPTIONS]
        return float(np.mean(errors)) if errors else None

    @property
    def first_falls(self) -> dict[str, int | None]:
        """For each kind, the first severity at which accuracy is ten points lower; None: never."""
        floor = self.clean.accuracy.value - FALL
        falls: dict[str, int | None] = {}
        for one in self.conditions:
            known = falls.setdefault(one.kind, None)
            if known is None and one.accuracy.value <= floor:
                falls[one.kind] = one.severity
        return falls

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences, with what to do about it."""
        clean = self.clean.accuracy
        answer = f"Right {times(clean.value)} in 100 ({between(clean)}) on good pictures"
        moved = (
            "Turned by up to 10 degrees and moved by a sixteenth in the worst way, it names"
            f" {in_100(self.worst_moves.value)} in 100 rightly ({between(self.worst_moves)})."
        )
        words = [f"{answer}{self._corrupted_in_words}.", moved]
        if self.elsewhere is not None:
            right = self.elsewhere.accuracy
            words.append(
                f"On the {number(len(self.elsewhere.right), 'picture')} from elsewhere it is right"
                f" {times(right.value)} in 100 ({between(right)})."
            )
        if self.beside is not None:
            words.append(self.beside.in_plain_words)
        advice = advice_for(self.first_falls)
        return (*words, *(advice or ["Nothing that was tried costs it ten points."]))

    @property
    def _corrupted_in_words(self) -> str:
        if self.corrupted is not None:
            mean = f"{in_100(self.corrupted.value)} ({between(self.corrupted)})"
            return f", and {mean} in the mean of all corruptions and severities"
        if (error := self.mean_corruption_error) is None:
            return ""
        return f", and {in_100(1 - error)} in the mean of the corruptions that were tried"

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain values."""
        return {
            "bundle": self.name,
            "pictures": self.pictures,
            "available": self.available,
            "clean": self.clean.to_json(),
            "mean_corruption_error": self.mean_corruption_error,
            "corrupted": None if self.corrupted is None else self.corrupted.to_json(),
            "first_falls": self.first_falls,
            "worst_moves": {**self.worst_moves.to_json(), "pictures": self.moved_pictures},
            "elsewhere": None
            if self.elsewhere is None
            else {**self.elsewhere.to_json(), "pictures": len(self.elsewhere.right)},
            "beside": None if self.beside is None else self.beside.to_json(),
            "conditions": [one.to_json() for one in self.conditions],
            "in_plain_words": self.in_plain_words,
            "remarks": self.remarks,
            "unread": dict(self.unread),
        }


def stress_bundle(
    bundles: Sequence[Path],
    dataset: Dataset,
    *,
    kinds: Sequence[str] | None,
    limit: int,
    elsewhere: Dataset | None,
    seed: int,
    out: Path | None,
    progress: Progress,
) -> tuple[Stressed, ...]:
    """Stress each of `bundles` (one, or two to be put side by side) on `dataset`.

    Pictures that any of them was trained on are left out, and the data's test split is taken where
    there is one, as `evaluate` does. `kinds`: of EVERY_KIND, None for all. `limit`: at most so many
    pictures, drawn by the seed and the same for all. `elsewhere`: the same classes from another
    source. Writes index.html and stress.json to the new folder `out`, if any. Where all corruptions
    were tried, what was found is kept in the run that a bundle is of, see `keep_with_run`.

    Raises UsageError for a kind that there is not, DataError where the classes are others or a
    picture may have several labels, and as `evaluate` does.
    """
    if out is not None:
        check_unused(out)
    asked = EVERY_KIND if kinds is None else tuple(dict.fromkeys(kinds))
    if strange := [kind for kind in asked if kind not in EVERY_KIND]:
        raise UsageError(
            f"there is no change called {strange[0]!r}",
            where="--kinds",
            mend=f"Give some of {', '.join(EVERY_KIND)}.",
        )
    opened = [(Path(bundle), load(bundle)) for bundle in bundles]
    given = pictures_of(opened, dataset, limit, seed, progress)
    others = None if elsewhere is None else pictures_of(opened, elsewhere, limit, seed, progress)
    done = [
        _stressed(*one, given[at], None if others is None else others[at], asked, seed, progress)
        for at, one in enumerate(opened)
    ]
    if len(done) == 2:
        first, second = done
        sides = (first.clean, first.conditions), (second.clean, second.conditions)
        done[1] = replace(second, beside=beside(first.name, *sides, given[0].groups))
    if out is not None:
        _write(out, done, given[0].pixels[:1], seed)
    for bundle, one in zip(bundles, done, strict=True):
        if one.corrupted is not None:
            keep_with_run(Path(bundle), "stress", one.to_json(), progress)
    return tuple(done)


def _stressed(
    folder: Path,
    classifier: Classifier,
    given: JudgedPictures,
    elsewhere: JudgedPictures | None,
    kinds: Sequence[str],
    seed: int,
    progress: Progress,
) -> Stressed:
    """How the bundle in `folder` stands up."""
    conditions = _conditions(classifier, given, kinds, seed, progress, str(folder))
    worst, moved = worst_of_small_moves(classifier, given.pixels, given.labels, seed, progress)
    return Stressed(
        name=str(folder),
        pictures=len(given.labels),
        available=given.available,
        clean=_judged(classifier, given),
        conditions=conditions,
        corrupted=_corrupted(conditions, given.groups),
        worst_moves=worst,
        moved_pictures=moved,
        elsewhere=None if elsewhere is None else _judged(classifier, elsewhere, "elsewhere"),
        remarks=(*given.remarks, *_said_of(elsewhere)),
        unread={**given.unread, **(elsewhere.unread if elsewhere else {})},
    )


def _said_of(elsewhere: JudgedPictures | None) -> Iterator[str]:
    """What was left out of the pictures from elsewhere, if there are any."""
    for remark in () if elsewhere is None else elsewhere.remarks:
        yield f"Of the pictures from elsewhere: {remark}"


def _judged(classifier: Classifier, given: JudgedPictures, kind: str = CLEAN) -> Condition:
    return judged_under(classifier, given.pixels, given.labels, kind, groups=given.groups)


def _conditions(
    classifier: Classifier,
    given: JudgedPictures,
    kinds: Sequence[str],
    seed: int,
    progress: Progress,
    name: str,
) -> tuple[Condition, ...]:
    done = []
    every = [(kind, severity) for kind in kinds for severity in SEVERITIES]
    with progress.stage(f"Stressing {name}", len(every)) as stage:
        for (kind, severity), changed in _made_ahead(every, given.pixels, seed):
            done.append(
                judged_under(classifier, changed, given.labels, kind, severity, given.groups)
            )
            stage.advance(1, f"{kind} {severity}: {100 * done[-1].accuracy.value:.0f} %")
    return tuple(done)


def _made_ahead(
    every: Sequence[tuple[str, int]], pixels: Pixels, seed: int
) -> Iterator[tuple[tuple[str, int], Pixels]]:
    """Each of `every` kind and severity with the pictures changed by it, of which the next are made
    while the ones before are judged.
    """
    with ThreadPoolExecutor(1) as maker:
        ahead = None
        for one, after in zip(every, [*every[1:], None], strict=True):
            changed = changed_by(pixels, *one, seed) if ahead is None else ahead.result()
            ahead = None if after is None else maker.submit(changed_by, pixels, *after, seed)
            yield one, changed


def _corrupted(conditions: Sequence[Condition], groups: NDArray[np.str_] | None) -> Figure | None:
    """The mean accuracy under all corruptions, each picture's share of them taken as one value."""
    rights = [one.right for one in conditions if one.kind in CORRUPTIONS]
    if len(rights) < len(CORRUPTIONS) * len(SEVERITIES):
        return None
    shares = np.mean(rights, axis=0)
    return mean_figure(shares, 1.0, Resampling.of(len(shares), groups))


def changed_by(pixels: Pixels, kind: str, severity: int, seed: int) -> Pixels:
    """`pixels` (n, h, w, 3) uint8 changed by any of EVERY_KIND, some at a time."""
    change: Callable[..., Pixels] = corrupt if kind in CORRUPTIONS else shifted
    parts = [
        change(pixels[start : start + AT_ONCE], kind, severity, seed=seed, first=start)
        for start in range(0, len(pixels), AT_ONCE)
    ]
    return np.concatenate(parts)


def _write(out: Path, done: Sequence[Stressed], sample: Pixels, seed: int) -> None:
    from linnaeus.robustness.page import stress_page

    with whole_folder(out) as aside:
        write_json(aside / "stress.json", {"bundles": [one.to_json() for one in done]})
        write_whole(aside / "index.html", stress_page(done, sample, seed))
