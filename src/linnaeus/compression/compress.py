"""Compress: a smaller or faster bundle from a finished one, judged beside it before it is kept."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from linnaeus.bundle.table import write_csv
from linnaeus.compression.before import before
from linnaeus.compression.compressed import Compressed
from linnaeus.compression.distillation import check_student
from linnaeus.compression.judged import Judged, judged
from linnaeus.compression.making import Making, check_epochs, check_share
from linnaeus.compression.method import LADDER, LEARNING, steps_of
from linnaeus.compression.original import Original, opened
from linnaeus.compression.page import compression_page
from linnaeus.compression.steps import made_by
from linnaeus.compression.target import Target
from linnaeus.compression.tried import Tried, timed
from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.errors import BundleError, LinnaeusError, Shortfall, UsageError
from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.evaluate import picture_from
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.told_columns import told_at
from linnaeus.files import add_to_folder, write_json, write_whole
from linnaeus.manifest import copy_listed
from linnaeus.progress import Progress

__all__ = ["MAX_DROP", "compress_bundle"]

MAX_DROP = 1.0
"""Points of accuracy that may be lost unless told otherwise."""


def compress_bundle(
    bundle: Path,
    dataset: Dataset,
    *,
    methods: Sequence[str],
    target: str | None,
    max_drop: float,
    student: str | None,
    epochs: float | None,
    prune_share: float,
    seed: int,
    out: Path,
    progress: Progress,
    workers: int | None = None,
    cache: Cache | None = None,
) -> Compressed:
    """Make a smaller bundle of `bundle` by the best of `methods`, and judge both on `dataset`.

    Without `methods` it is INT8, or with a `target` every way there is, from mild to strong. Each
    is made a whole bundle, and that is judged; of every way those that this network cannot take are
    left out, which is told. Of several the one is taken that has most held-out
    pictures right, of those that fit the target.
    Nothing is kept where that has more than `max_drop` of 100 test pictures wrong that the original
    had right, on balance. Calibration, promises and what tells unknown pictures are fitted anew.
    `student`, `epochs` and `prune_share` are for steps that learn: see `making.Making`.
    Writes bundle/, report/, compression.html and .json and predictions.csv to the folder `out`.

    Raises Shortfall where the target is missed or too much is lost, UsageError for what cannot be
    meant, and as `original.opened` does.
    """
    _check_drop(max_drop)
    check_epochs(epochs)
    check_share(prune_share)
    check_student(student)
    wanted = None if target is None else Target.of(target)
    asked = tuple(methods) or (LADDER if wanted else ("int8",))
    steps = {method: steps_of(method) for method in asked}
    _check_learning(steps.values(), student, epochs)
    original = opened(bundle, dataset, workers=workers, cache=cache, progress=progress)
    making = Making(original, seed, progress, student, epochs, prune_share)
    with tempfile.TemporaryDirectory() as room:
        compressed = _best(steps, making, wanted, out, Path(room), named=bool(methods))
        _check_lost(compressed.chosen, max_drop)
        with add_to_folder(out, last="bundle") as aside:
            _write(aside, compressed, original)
    compressed.classifier()  # what was promised opens: whole, unchanged, and answering as it did
    return compressed


def _best(
    steps: Mapping[str, tuple[str, ...]],
    making: Making,
    target: Target | None,
    out: Path,
    room: Path,
    *,
    named: bool,
) -> Compressed:
    """All methods tried, each as a whole bundle in a folder of `room`, and which is the best.

    Of methods that nobody `named`, those that this network cannot take are told of and left out.
    """
    original, progress = making.original, making.progress
    first = before(original, progress)
    every: list[Judged] = []
    refused: LinnaeusError | None = None
    for place, (method, taken) in enumerate(steps.items()):
        if len(steps) > 1:
            progress.say(f"Trying {method}.")
        try:
            model = made_by(taken, making)
        except (BundleError, Shortfall) as error:
            if named:
                raise
            refused = error
            progress.say(f"{method} is left out: {error.what}.")
            continue
        every.append(judged(method, model, making, first, room / str(place)))
    if refused is not None and not every:
        raise refused
    done = timed(every, original, progress)
    for each in done:
        progress.say(each.in_words)
    name = str(original.record.model.get("name", ""))
    return Compressed(out, name, first, done, _chosen(done, target))


def _check_drop(max_drop: float) -> None:
    if not 0 <= max_drop <= 100:
        raise UsageError(
            f"{max_drop:g} is no number of points that accuracy may fall by",
            where="--max-drop",
            mend="Give one from 0 to 100, such as 1.",
        )


def _check_learning(
    methods: Iterable[tuple[str, ...]], student: str | None, epochs: float | None
) -> None:
    """Raise UsageError where what is said of learning has no step of a method to go to."""
    taken = set().union(*methods)
    takers = (("--student", student, ("distill",)), ("--epochs", epochs, LEARNING))
    for option, value, steps in takers:
        if value is not None and taken.isdisjoint(steps):
            raise UsageError(
                "no step of the methods asked for takes it",
                where=option,
                mend=f"Leave it out, or give --method {' or '.join(steps)}.",
            )


def _chosen(done: Sequence[Tried], target: Target | None) -> Tried:
    """The one with most held-out pictures right, of those that fit; the smaller of equals."""
    fitting = [one for one in done if target is None or target.excess(one) <= 1]
    if not fitting:
        assert target is not None
        nearest = min(done, key=target.excess)
        raise Shortfall(
            f"nothing that was tried fits into {target.text}; {nearest.method} came nearest, with"
            f" {target.told(nearest)}",
            where="--target",
            mend="Allow more, or train a smaller network.",
        )
    return max(fitting, key=lambda one: (_known(one.on_validation), -one.size_bytes))


def _known(share: float) -> float:
    return 0.0 if math.isnan(share) else share


def _check_lost(one: Tried, max_drop: float) -> None:
    lost = one.lost
    if 100 * lost.value > max_drop + 1e-9:
        raise Shortfall(
            f"{one.method} has {100 * one.contest.second.value:.1f} % of"
            f" {one.contest.images:,} test pictures right where the original has"
            f" {100 * one.contest.first.value:.1f} %: {100 * lost.value:.1f} points are lost"
            f" ({100 * lost.low:.1f} to {100 * lost.high:.1f} at 95 %), and {max_drop:g} may be",
            where="--max-drop",
            mend="Allow more, or try another --method.",
        )


def _write(aside: Path, compressed: Compressed, original: Original) -> None:
    """Write the chosen one's bundle, its report and the page to the folder `aside`."""
    chosen, parted = compressed.chosen, original.parted
    on_test = chosen.on_test
    copy_listed(chosen.folder, aside / "bundle")
    write_json(aside / "compression.json", compressed.to_json())
    write_whole(aside / "compression.html", compression_page(compressed))
    counted = on_test.predictions.at_rate(0)  # as the figures count them
    told = told_at(parted.dataset, parted.test, parted.groups_at(parted.test))
    write_csv(aside / "predictions.csv", counted, beside=told)
    write_report(
        aside / "report",
        chosen.facts,
        on_test.predictions,
        on_test.test,
        validation=on_test.validation,
        promises=on_test.promises,
        compared=Compared(slices=on_test.slices),
        unknown=on_test.unknown,
        picture_of=lambda path: picture_from(parted.dataset, path),
    )
