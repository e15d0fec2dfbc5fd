"""Judging a finished bundle on labelled pictures, never on ones that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import bundle_folder, load
from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.bundle.seen import read_seen, was_seen
from linnaeus.bundle.squeezers import SQUEEZERS_IN_WORDS, SqueezerName
from linnaeus.bundle.table import write_csv
from linnaeus.bundle.views import views_in_words
from linnaeus.data.dataset import Dataset
from linnaeus.data.layout import listed, quoted
from linnaeus.data.pixels import ChosenRows, DecodedRows
from linnaeus.data.scan import Scan, scan
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.evaluation.called_changed import called_changed
from linnaeus.evaluation.called_unknown import called_unknown
from linnaeus.evaluation.cluster_parts import cluster_trait
from linnaeus.evaluation.compared import (
    NOTHING_COMPARED,
    NOTHING_WANTED,
    Compared,
    Wanted,
    compare,
)
from linnaeus.evaluation.contest import pair
from linnaeus.evaluation.explained import Explain, ExplainedAnswers
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.gist import gist, gists
from linnaeus.evaluation.judging import Measured, judge
from linnaeus.evaluation.metrics import NOTHING_ASKED
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.evaluation.promises import Kept, kept_promises
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.slices import Slices
from linnaeus.evaluation.traits import MEASURED, Trait, measured_traits, told_traits
from linnaeus.evaluation.unknowns import UnknownTold, unknown_told
from linnaeus.files import bytes_in, check_unused, whole_folder
from linnaeus.images.decode import decode
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress
from linnaeus.unknowns.fit import GIVEN
from linnaeus.unknowns.given import check_given, given_pictures
from linnaeus.unknowns.outliers import outliers_from
from linnaeus.version import __version__

__all__ = [
    "Evaluation",
    "ToJudge",
    "answers_for",
    "evaluate",
    "picture_from",
    "pictures_to_judge",
    "traits_of",
    "write_judged",
]

JUDGING_SEED = 1
"""Of the outliers that a bundle is judged on; those that its score is chosen on are of a run's."""


@dataclass(frozen=True)
class Evaluation:
    """How good answers are on labelled pictures; `report`: its page, None where none is written.

    `unknown`: how pictures of something else were told; None where the bundle cannot tell them.
    """

    metrics: Measured
    predictions: Predictions
    remarks: tuple[str, ...]
    report: Path | None
    compared: Compared
    unknown: UnknownTold | None = None

    @property
    def slices(self) -> Slices:
        """On which kinds of pictures it is weaker."""
        assert self.compared.slices is not None
        return self.compared.slices

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        return (*plain_words(self.metrics), *self.compared.in_plain_words)


def evaluate(
    bundle: Path,
    dataset: Dataset,
    *,
    out: Path | None,
    progress: Progress,
    seed: int = 0,
    asked: Asked = NOTHING_ASKED,
    wanted: Wanted = NOTHING_WANTED,
    unknown: Path | None = None,
    explain: Explain | None = None,
    squeeze: SqueezerName | None = None,
    changed_above: float | None = None,
) -> Evaluation:
    """Judge the bundle at `bundle` on `dataset`, and write a report and a table to `out`.

    `unknown`: a folder of pictures that show none of the classes, to judge that they are told.

    Where the data come with a test split, that is judged; otherwise all of them. Pictures whose
    pixels the bundle, or the one it is compared with, was trained or calibrated on are left out,
    and told. `wanted`: what of them to compare, by columns and by measures of the pictures.
    `explain`: makes the report's sheet of explained answers; None: there is none. `squeeze` and
    `changed_above`: as in `Classifier.squeezing` and `Classifier.detecting`, of `bundle` alone.

    Raises UsageError where there is no such column, DataError where a class of the data is not one
    of the bundle's or no picture is left, BundleError as `bundle.classifier.load` does, WriteError
    where `out` holds something already.
    """
    if out is not None:
        check_unused(out)
    given = () if unknown is None else check_given(unknown)
    opened = _opened(bundle, dataset).answering_so(squeeze, changed_above)
    classifier = opened.classifier
    if given:
        _ = classifier.unknown  # refuses where it cannot tell
    against = None if wanted.against is None else _opened(wanted.against, dataset)
    known = [*dataset.metadata, *MEASURED]
    wanted.check([*known, cluster_trait(known)], dataset.name)
    both = (opened,) if against is None else (opened, against)
    rows, traits, remarks = _to_be_judged(both, dataset, progress)
    predictions, answers = opened.answers(dataset, rows, progress)
    groups = None if dataset.groups is None else dataset.groups[rows]
    metrics = judge(predictions, **opened.usual, seed=seed, groups=groups, asked=asked)
    paired = None
    if against is not None:
        others, _ = against.answers(dataset, rows, progress)
        paired = pair(predictions, others, (opened.name, against.name), groups)
    compared = compare(
        predictions,
        traits,
        wanted,
        groups=groups,
        positive=asked.positive,
        paired=paired,
        features=gists(answers),
    )
    once = classifier.detecting(None)  # of what is made nobody asks whether it was changed
    told = _unknown(once, dataset, rows, predictions, given, groups, progress)
    alarms = (*called_unknown(predictions, squeeze), *called_changed(predictions))
    remarks = (*classifier.notices, *_never_named(classifier, dataset), *remarks, *alarms)
    report = None
    if out is not None:
        explained = explain(bundle, dataset, predictions, progress) if explain else None
        report = write_judged(
            out,
            _facts(classifier, dataset, opened.folder, remarks, predictions),
            predictions,
            metrics,
            promises=_promises(classifier, predictions, groups),
            compared=compared,
            unknown=told,
            explained=explained,
            picture_of=lambda name: picture_from(dataset, name),
        )
    return Evaluation(metrics, predictions, remarks, report, compared, told)


def write_judged(
    out: Path,
    facts: RunFacts,
    predictions: Predictions,
    metrics: Measured,
    *,
    promises: Kept | None = None,
    compared: Compared = NOTHING_COMPARED,
    unknown: UnknownTold | None = None,
    explained: ExplainedAnswers | None = None,
    picture_of: Callable[[str], Image.Image | None],
) -> Path:
    """Write predictions.csv and report/ into the new folder `out`; the path of the page.

    Where two classifiers were compared, the answers of the other go into predictions_against.csv.
    """
    with whole_folder(out) as aside:
        write_csv(aside / "predictions.csv", predictions.at_rate(0))  # as the figures count them
        if compared.paired:
            write_csv(aside / "predictions_against.csv", compared.paired.others.at_rate(0))
        write_report(
            aside / "report",
            facts,
            predictions,
            metrics,
            validation=None,
            promises=promises,
            compared=compared,
            unknown=unknown,
            explained=explained,
            picture_of=picture_of,
        )
    return out / "report" / "index.html"


def answers_for(
    classifier: Classifier,
    dataset: Dataset,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64] | NDArray[np.bool_],
    progress: Progress,
    stage_name: str = "Judging",
) -> tuple[Predictions, list[Answer]]:
    """The answers of `classifier` to the pictures at `rows` of `dataset`, read from their files.

    `labels` (k,) are the true positions in the classifier's classes, -1 where unknown, or (k,
    classes) bool the true labels where there may be several. A picture that cannot be read keeps
    its row, and its reason. Of their features the answers keep the gist.
    """
    ids = [dataset.paths[row] for row in rows]
    answers: list[Answer] = []
    with progress.stage(stage_name, len(ids)) as stage:
        pictures = ((name, partial(dataset.source.read, name)) for name in ids)
        for _, answer in classifier.stream(pictures):
            answers.append(replace(answer, features=gist(answer.features)))
            stage.advance()
    return classifier.gather(ids, answers, labels), answers


def picture_from(dataset: Dataset, path: str) -> Image.Image | None:
    """The upright picture at `path` of a data set; None where it cannot be read."""
    try:
        return Image.fromarray(decode(dataset.source.read(path), name=path).pixels)
    except UnreadableImage:
        return None


@dataclass(frozen=True)
class _Opened:
    """A bundle by the `name` it was given, and the data's `labels` as its classes have them."""

    name: str
    folder: Path
    classifier: Classifier
    labels: NDArray[np.int64] | NDArray[np.bool_]

    def answering_so(self, squeeze: SqueezerName | None, changed_above: float | None) -> _Opened:
        """The same, whose answers come about as asked; what squeezes first is called so too."""
        classifier = self.classifier.squeezing(squeeze).detecting(changed_above)
        name = self.name if squeeze is None else f"{self.name} --squeeze {squeeze}"
        return replace(self, name=name, classifier=classifier)

    @property
    def usual(self) -> _Usual:
        """What its training pictures mostly were, as far as it tells."""
        data = self.classifier.record.data
        counts = [data.get("train_counts", {}).get(name, 0) for name in self.classifier.classes]
        return _Usual(
            train_counts=counts if any(counts) else None, usual_set=data.get("most_common_set")
        )

    def answers(
        self, dataset: Dataset, rows: NDArray[np.int64], progress: Progress
    ) -> tuple[Predictions, list[Answer]]:
        """Its answers to the pictures at `rows`, as `answers_for` gives them."""
        return answers_for(self.classifier, dataset, rows, self.labels[rows], progress)


class _Usual(TypedDict):
    train_counts: list[int] | None
    usual_set: list[str] | None


def _opened(bundle: Path, dataset: Dataset) -> _Opened:
    return _matched(load(bundle), bundle, dataset)


def _matched(classifier: Classifier, bundle: Path, dataset: Dataset) -> _Opened:
    """A bundle that is open already. Raises DataError where it cannot be judged on `dataset`."""
    _check_task(classifier, dataset)
    labels = _in_order_of(classifier.classes, dataset)
    return _Opened(str(bundle), bundle_folder(bundle), classifier, labels)


def _promises(
    classifier: Classifier, predictions: Predictions, groups: NDArray[np.str_] | None
) -> Kept | None:
    """How the bundle's promises do here; None where it makes none."""
    if not classifier.promises:
        return None
    return kept_promises(predictions, classifier.held_out, groups=groups)


def _unknown(
    classifier: Classifier,
    dataset: Dataset,
    rows: NDArray[np.int64],
    predictions: Predictions,
    given: Sequence[Path],
    groups: NDArray[np.str_] | None,
    progress: Progress,
) -> UnknownTold | None:
    """How pictures made of those judged, and the `given` ones, are told; None where none can be."""
    read = predictions.read
    if not classifier.tells_unknown or not read.any():
        return None
    preprocessing = classifier.record.preprocessing
    pixels = ChosenRows(DecodedRows(dataset, preprocessing), rows[read])
    outliers = outliers_from(pixels, predictions.labels[read], JUDGING_SEED)
    if given:
        outliers[GIVEN] = given_pictures(given, preprocessing, progress)
    with progress.stage("Trying what is unknown"):
        return unknown_told(classifier, predictions, outliers, groups=groups)


def _check_task(classifier: Classifier, dataset: Dataset) -> None:
    """Refuse to judge one label a picture by several, and several by one."""
    several = dataset.label_sets is not None
    if several and classifier.record.task == "single":
        raise DataError(
            "the bundle gives each picture one label, and these pictures may have several",
            where=dataset.name,
            mend="Give one label column with one label a picture, or a bundle trained on several.",
        )
    if not several and classifier.record.task == "multi":
        raise DataError(
            "the bundle gives each picture any number of labels, and these pictures have one each",
            where=dataset.name,
            mend="If each is all that a picture shows, say so with --label-separator '|'.",
        )


def _never_named(classifier: Classifier, dataset: Dataset) -> tuple[str, ...]:
    """A remark on labels that the data never name: that counts as absence."""
    if dataset.label_sets is None:
        return ()
    missing = [name for name in classifier.classes if name not in dataset.classes]
    if not missing:
        return ()
    return (f"The data never name {quoted(missing)}: no picture counts as having such a label.",)


def _in_order_of(classes: Sequence[str], dataset: Dataset) -> NDArray[np.int64] | NDArray[np.bool_]:
    """The labels of a data set as positions in the bundle's `classes`, or as sets of them."""
    known = {name: place for place, name in enumerate(classes)}
    strange = [name for name in dataset.classes if name not in known]
    if strange:
        raise DataError(
            f"the bundle knows no class {listed(map(repr, strange))}",
            where=dataset.name,
            mend=f"It knows {', '.join(classes[:20])}. Rename the classes, or leave them out.",
        )
    places = np.array([known[name] for name in dataset.classes], np.int64)
    if dataset.label_sets is not None:
        sets = np.zeros((len(dataset), len(classes)), bool)
        sets[:, places] = dataset.label_sets
        return sets
    return np.where(dataset.labels >= 0, places[dataset.labels], UNKNOWN_LABEL)


def traits_of(
    dataset: Dataset, rows: NDArray[np.int64], looked: Scan, places: NDArray[np.int64]
) -> tuple[Trait, ...]:
    """What is known of the pictures at `rows`, which stand at `places` of the scan `looked`."""
    told = told_traits({name: values[rows] for name, values in dataset.metadata.items()})
    return (*told, *measured_traits(looked, places, dataset.metadata))


def _to_be_judged(
    bundles: Sequence[_Opened], dataset: Dataset, progress: Progress
) -> tuple[NDArray[np.int64], tuple[Trait, ...], tuple[str, ...]]:
    """The rows to judge, what is known of their pictures, and what was decided, as sentences."""
    rows = np.arange(len(dataset))
    remarks = []
    if (dataset.splits == "test").any():
        rows = np.flatnonzero(dataset.splits == "test")
        remarks.append(f"Judged on the {len(rows):,} pictures of the data's own test split.")
    # Digests kept are those of the pixels as a bundle decodes them, so it must be asked how.
    ways = [one.classifier.record.preprocessing for one in bundles]
    looks = {
        how: scan(dataset, rows, preprocessing=how, progress=progress, room=None)
        for how in dict.fromkeys(ways)
    }
    seen = [_seen(one, looks[how]) for one, how in zip(bundles, ways, strict=True)]
    for one, old in zip(bundles, seen, strict=True):
        if old.any():
            name = f"“{one.name}”" if len(bundles) > 1 else "the bundle"
            remarks.append(
                f"{int(old.sum()):,} of {len(rows):,} pictures are left out, because {name} was"
                " trained or calibrated on their very pixels."
            )
    unseen = np.flatnonzero(~np.logical_or.reduce(seen))
    if not len(unseen):
        raise DataError(
            "the bundle was trained on every one of these pictures, so they cannot judge it",
            where=dataset.name,
            mend="Give pictures that it has not seen.",
        )
    traits = traits_of(dataset, rows[unseen], looks[ways[0]], unseen)
    return rows[unseen], traits, tuple(remarks)


def _seen(bundle: _Opened, looked: Scan) -> NDArray[np.bool_]:
    """(n,) which of the pictures `looked` at, decoded as it does, the bundle has seen before."""
    return was_seen(read_seen(bundle.folder), looked.pixel_digests) & looked.readable


@dataclass(frozen=True)
class ToJudge:
    """The pictures of a data set that may judge a bundle: their `rows`, `labels` (-1: unknown) in
    the bundle's order, and what was decided. `preprocessing` brings one to the network's size.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    remarks: tuple[str, ...]
    preprocessing: Preprocessing


def pictures_to_judge(
    bundles: Sequence[tuple[Path, Classifier]], dataset: Dataset, progress: Progress
) -> tuple[ToJudge, ...]:
    """For each of `bundles`, by its folder: the same pictures, those that `evaluate` would judge
    all of them on. Raises as it does.
    """
    opened = [_matched(classifier, folder, dataset) for folder, classifier in bundles]
    rows, _, remarks = _to_be_judged(opened, dataset, progress)
    return tuple(
        ToJudge(
            rows,
            one.labels[rows].astype(np.int64),
            remarks,
            one.classifier.record.preprocessing,
        )
        for one in opened
    )


def _facts(
    classifier: Classifier,
    dataset: Dataset,
    folder: Path,
    remarks: tuple[str, ...],
    predictions: Predictions,
) -> RunFacts:
    record = classifier.record
    counts = predictions.true_counts()
    return RunFacts(
        title=f"{record.data.get('name', 'A bundle')} on {dataset.name}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        linnaeus_version=__version__,
        data=DataFacts(
            name=dataset.name,
            fingerprint=dataset.fingerprint,
            images=len(dataset),
            classes=record.classes,
            counts={"test": counts.tolist()},
            pictures={"test": len(predictions)},
            remarks=remarks,
            unreadable=predictions.errors,
        ),
        model=ModelFacts.of(record),
        bundle=BundleFacts(
            runtime=classifier.engine
            + views_in_words(record.serving.test_time_augmentation)
            + _squeezed_in_words(classifier),
            precision=classifier.precision,
            precision_why=record.serving.why,
            calibration=record.calibration,
            size_bytes=bytes_in(folder),
            tells_unknown=classifier.tells_unknown,
        ),
        commands=(f"linnaeus predict {folder} PICTURES{_options(classifier)}",),
    )


def _squeezed_in_words(classifier: Classifier) -> str:
    """A clause to stand behind the name of a runtime; empty where nothing is squeezed."""
    name = classifier.squeezer
    return "" if name is None else f", behind {SQUEEZERS_IN_WORDS[name]}"


def _options(classifier: Classifier) -> str:
    """What to give `linnaeus predict` for the answers that were judged."""
    asked = {"squeeze": classifier.squeezer, "changed-above": classifier.changed_above}
    return "".join(f" --{name} {one}" for name, one in asked.items() if one is not None)
