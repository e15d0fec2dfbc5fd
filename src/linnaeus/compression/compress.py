"""Compress: a smaller or faster bundle from a finished one, judged beside it before it is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.seen import add_seen
from linnaeus.bundle.table import write_csv
from linnaeus.compression.compressed import Compressed
from linnaeus.compression.distillation import check_student
from linnaeus.compression.facts import compressed_facts
from linnaeus.compression.making import Making
from linnaeus.compression.method import LADDER, steps_of
from linnaeus.compression.model import Model
from linnaeus.compression.original import Original, opened
from linnaeus.compression.page import compression_page
from linnaeus.compression.pruning import check_share
from linnaeus.compression.serving import served_best
from linnaeus.compression.steps import made_by
from linnaeus.compression.target import Target
from linnaeus.compression.tried import Before, Judged, Tried, before, judged, timed
from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.errors import Shortfall, UsageError
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.evaluate import picture_from
from linnaeus.evaluation.report import write_report
from linnaeus.files import add_to_folder, bytes_in, write_json, write_whole
from linnaeus.progress import Progress
from linnaeus.training.card import model_card
from linnaeus.training.finishing import bundle_finished, calibrated_on
from linnaeus.training.serving import Served
from linnaeus.version import __version__

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

    Without `methods` it is INT8, or with a `target` every way there is, from mild to strong. Of
    several the one is taken that has most held-out pictures right, of those that fit the target.
    Nothing is kept where that has more than `max_drop` of 100 test pictures wrong that the original
    had right, on balance. Calibration, promises and what tells unknown pictures are fitted anew.
    `student`, `epochs` and `prune_share` are for steps that learn: see `making.Making`.
    Writes bundle/, report/, compression.html and .json and predictions.csv to the folder `out`.

    Raises Shortfall where the target is missed or too much is lost, UsageError for what cannot be
    meant, and as `original.opened` does.
    """
    _check_drop(max_drop)
    check_share(prune_share)
    check_student(student)
    wanted = None if target is None else Target.of(target)
    asked = tuple(methods) or (LADDER if wanted else ("int8",))
    steps = {method: steps_of(method) for method in asked}
    original = opened(bundle, dataset, workers=workers, cache=cache, progress=progress)
    first = before(original, progress)
    making = Making(original, seed, progress, student, epochs, prune_share)
    done = timed([_try(one, steps[one], making, first) for one in steps], original, progress)
    for each in done:
        progress.say(each.in_words)
    chosen = _chosen(done, wanted)
    _check_lost(chosen, max_drop)
    with add_to_folder(out, last="bundle") as aside:
        compressed = _write(aside, out, chosen, done, original, first, seed, progress)
    compressed.classifier()  # what was promised opens: whole, unchanged, and answering as it did
    return compressed


def _check_drop(max_drop: float) -> None:
    if not 0 <= max_drop <= 100:
        raise UsageError(
            f"{max_drop:g} is no number of points that accuracy may fall by",
            where="--max-drop",
            mend="Give one from 0 to 100, such as 1.",
        )


def _try(method: str, steps: tuple[str, ...], making: Making, first: Before) -> Judged:
    original, progress = making.original, making.progress
    model = made_by(steps, making)
    served = served_best(model, original, making.seed, progress)
    calibrated = calibrated_on(original.parted, served, making.seed)
    record = _record(original, method, model, served, calibrated)
    return judged(method, model, served, record, original, first, progress)


def _record(
    original: Original, method: str, model: Model, served: Served, calibrated: Calibrated
) -> BundleRecord:
    """The original's record, with what is different now."""
    name = str(original.record.model.get("name", ""))
    return original.record.model_copy(
        update={
            "linnaeus_version": __version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "serving": served.serving,
            "calibration": calibrated.calibration,
            "thresholds": calibrated.thresholds,
            "model": {
                **model.facts,
                "name": f"{name}, {method}",
                "why": f"It was made of {name}: {', and '.join(model.done)}.",
                "compressed": {"from": name, "method": method, "created": original.record.created},
            },
        }
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


def _write(
    aside: Path,
    out: Path,
    chosen: Tried,
    done: Sequence[Tried],
    original: Original,
    first: Before,
    seed: int,
    progress: Progress,
) -> Compressed:
    """Write the chosen one as a bundle, its report and the page to the folder `aside`."""
    parted, model = original.parted, chosen.model
    with bundle_finished(
        aside / "bundle",
        parted,
        chosen.served,
        model.graph,
        model.save_weights,
        lambda calibrated: _record(original, chosen.method, model, chosen.served, calibrated),
        seed=seed,
        progress=progress,
    ) as finished:
        add_seen(finished.folder, original.folder)  # data may hold a part of it only
        on_test = finished.judged
        facts = compressed_facts(finished, parted, model.done)
        finished.write_card(model_card(facts, on_test.test))
    size_bytes = bytes_in(aside / "bundle")
    name = str(original.record.model.get("name", ""))
    compressed = Compressed(out, name, first, tuple(done), chosen, size_bytes)
    write_json(aside / "compression.json", compressed.to_json())
    write_whole(aside / "compression.html", compression_page(compressed))
    write_csv(aside / "predictions.csv", on_test.predictions.at_rate(0))
    write_report(
        aside / "report",
        facts,
        on_test.predictions,
        on_test.test,
        validation=on_test.validation,
        promises=on_test.promises,
        compared=Compared(slices=on_test.slices),
        unknown=on_test.unknown,
        picture_of=lambda path: picture_from(parted.dataset, path),
    )
    return compressed
