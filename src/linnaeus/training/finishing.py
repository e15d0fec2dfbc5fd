"""From a graph that answers to a whole bundle: calibrated, able to promise, and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.golden import GOLDEN_IMAGES
from linnaeus.bundle.held_out import HeldOut, write_held_out
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.record import BundleRecord, Calibration
from linnaeus.bundle.seen import SeenFiles, write_seen
from linnaeus.bundle.write import Draft, bundle_being_made
from linnaeus.evaluation.answers_for import answers_for
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.gist import gists
from linnaeus.evaluation.judging import Measured, judge
from linnaeus.evaluation.promises import NO_HELD_OUT, Kept, kept_promises, nothing_promised
from linnaeus.evaluation.slices import slices_of
from linnaeus.evaluation.traits import traits_of
from linnaeus.progress import Progress
from linnaeus.training.facts import Judged
from linnaeus.training.parted import Parted
from linnaeus.training.serving import Served
from linnaeus.training.telling_unknown import TaughtUnknown, judged_unknown, taught_unknown

__all__ = ["Finished", "bundle_finished", "calibrated_on"]


@dataclass(frozen=True)
class Finished:
    """A bundle that lacks nothing but its model card, and what was measured of it."""

    draft: Draft
    judged: Judged

    @property
    def folder(self) -> Path:
        """Where its files are while it is being made."""
        return self.draft.folder

    @property
    def record(self) -> BundleRecord:
        """What its bundle.json says."""
        return self.draft.classifier.record

    def write_card(self, text: str) -> None:
        """Add the model card."""
        self.draft.write_card(text)


@contextmanager
def bundle_finished(
    folder: Path,
    parted: Parted,
    served: Served,
    graph: bytes,
    save_weights: Callable[[Path], None],
    record_of: Callable[[Calibrated], BundleRecord],
    *,
    seed: int,
    strangers: Sequence[Path] = (),
    features: Mapping[int, NDArray[np.float32]] | None = None,
    figures_only: bool = False,
    progress: Progress,
) -> Iterator[Finished]:
    """Make the bundle of `graph` at `folder`; it appears there, whole, when the block succeeds.

    All that a bundle is fitted with comes from its own answers to the pictures of `parted`:
    calibration, promises and what tells unknown pictures from validation, the figures from test.
    `served` is how the graph answers, with its logits on validation. `record_of` makes the record
    once the calibration is known. `strangers`: the user's unknown pictures, beside those that are
    made. `features`: by row, of training pictures, where they were computed on the way.
    `figures_only`: measures no more than figures, for a bundle that is thrown away: nothing tells
    it what is unknown, which saves answering to thousands of pictures, and no kinds of pictures
    are looked at.
    """
    calibrated = calibrated_on(parted, served, seed)
    progress.say(_told(calibrated.calibration))
    record = record_of(calibrated)
    shown = parted.validation if len(parted.validation) else parted.train
    golden = parted.pixels.take(shown[:GOLDEN_IMAGES])
    with bundle_being_made(folder, record, graph, save_weights, golden) as draft:
        held_out = _held_out(parted, calibrated, record)
        if held_out is not None:
            write_held_out(draft.folder, held_out)
        taught = None
        if not figures_only:
            at_hand = features or {}
            taught = taught_unknown(
                parted, draft.classifier, served, at_hand, progress, seed=seed, strangers=strangers
            )
        if taught is not None:
            draft = draft.with_unknown(taught.fitted.unknown)  # noqa: PLW2901
        judged = _judge(parted, draft, served, held_out, taught, progress, figures_only)
        used = np.concatenate([parted.train, parted.validation])
        write_seen(
            draft.folder,
            [parted.scan.pixel_digests[row] for row in used],
            SeenFiles.of(parted.files_of("train"), parted.files_of("validation")),
            parted.dataset.group_names(used),
        )
        yield Finished(draft, judged)


def calibrated_on(parted: Parted, served: Served, seed: int) -> Calibrated:
    """The calibration of what is `served`, by its answers to the validation pictures."""
    return Calibrated.on(
        served.logits,
        parted.dataset.truth[parted.validation],
        groups=parted.groups_at(parted.validation),
        seed=seed,
    )


def _told(calibration: Calibration) -> str:
    how = f"calibrated {calibration.in_words}" if calibration.in_words else "not calibrated"
    return f"Probabilities are {how}: {calibration.why}."


def _held_out(parted: Parted, calibrated: Calibrated, record: BundleRecord) -> HeldOut | None:
    """How the bundle's answers to the validation pictures fared, calibrated without each of them.

    None without such pictures, and where they may have several labels: nothing is promised then.
    """
    held = parted.validation
    if not len(held) or record.task == "multi":
        return None
    ids = [parted.dataset.paths[row] for row in held]
    labels, groups = parted.dataset.labels[held], parted.groups_at(held)
    return HeldOut.of(ids, calibrated.cross_fitted, labels, groups)


def _judge(
    parted: Parted,
    draft: Draft,
    served: Served,
    held_out: HeldOut | None,
    taught: TaughtUnknown | None,
    progress: Progress,
    figures_only: bool,
) -> Judged:
    """The finished bundle's figures on validation and, from the files themselves, on test; unless
    `figures_only`, also what it promises, kinds of pictures and unknown ones.
    """
    dataset, held, test = parted.dataset, parted.validation, parted.test
    classifier = draft.classifier
    predictions, answers = answers_for(classifier, dataset, test, dataset.truth[test], progress)
    tested, validated = parted.groups_at(test), parted.groups_at(held)
    usual = parted.usual
    metrics = judge(predictions, **usual, groups=tested)
    plain = classifier.record.model_copy(update={"calibration": Calibration()})
    logits = np.stack([answer.logits for answer in answers])
    uncalibrated = replace(predictions, probabilities=plain.probabilities(logits))
    validation: Measured | None = None
    if len(held):
        ids = [dataset.paths[row] for row in held]
        known = classifier.gather_logits(ids, served.logits, dataset.truth[held])
        validation = judge(known, **usual, groups=validated)
    before = judge(uncalibrated, resamples=200, groups=tested).calibration_error
    if figures_only:
        return Judged(predictions, metrics, validation, before)
    kept = _promises(predictions, held_out, tested)
    traits = traits_of(dataset, test, parted.scan, test)
    slices = slices_of(predictions, traits, tested, features=gists(answers))
    told = None
    if taught is not None:
        told = judged_unknown(parted, classifier, taught, predictions, progress)
    return Judged(predictions, metrics, validation, before, kept, slices, told)


def _promises(
    predictions: Predictions, held_out: HeldOut | None, groups: NDArray[np.str_] | None
) -> Kept | None:
    """What the bundle promises, judged on the test.

    None where no test picture could be read, and where pictures may have several labels.
    """
    judged = (predictions.labels >= 0) & ~np.isnan(predictions.probabilities).any(axis=1)
    if not judged.any():
        return None
    if held_out is None:
        return nothing_promised(predictions, NO_HELD_OUT, groups=groups)
    return kept_promises(predictions, held_out, groups=groups)
