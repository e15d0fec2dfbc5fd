"""A bundle at work: pictures in, predictions out, without torch.

`load` checks every file against the manifest and the golden inputs against this machine's own
answers before it hands out a `Classifier`.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.bundle.ensemble import Ensemble
from linnaeus.bundle.golden import check_golden
from linnaeus.bundle.held_out import HeldOut, read_held_out
from linnaeus.bundle.label_sets import Method
from linnaeus.bundle.network import Answering, Inputs, OneNetwork
from linnaeus.bundle.predictions import UNKNOWN_LABEL, Familiarity, Predictions
from linnaeus.bundle.promises import Promise, Promised
from linnaeus.bundle.record import GRAPH_FILE, RECORD_FILE, BundleRecord, read_record
from linnaeus.bundle.streaming import Picture, Streaming
from linnaeus.bundle.unknown import UNKNOWN_RATE, Unknown, check_rate, check_unknown, read_unknown
from linnaeus.errors import BundleError, UnreadableImage, UsageError
from linnaeus.files import MANIFEST, sha256_of, verify_manifest
from linnaeus.images.decode import ImageSource

__all__ = [
    "TELLS_NOTHING_UNKNOWN",
    "Answer",
    "Classifier",
    "bundle_digest",
    "bundle_folder",
    "load",
]

SOURCES = (bytes, str, Path, Image.Image, np.ndarray)
NOT_MANY = (Mapping, bytearray, memoryview, io.IOBase)
"""What can be iterated, and gives no pictures when it is."""

TELLS_NOTHING_UNKNOWN = (
    "This bundle cannot tell pictures of something else from those of its classes: it answers with"
    " a class whatever a picture shows."
)

NO_SKETCH = np.zeros(0, np.float32)

TOGETHER = 32
"""Pictures whose answers are finished at a time: what is computed of more leaves the cache."""

Key = TypeVar("Key")
Kept = TypeVar("Kept")
Decoded = tuple[Inputs, tuple[str, ...]]


@dataclass(frozen=True)
class Answer:
    """What a classifier says of one picture.

    `logits` (classes,) float32 before calibration and `probabilities` (classes,) float32 after it,
    `features` (d,) float32; all NaN where the picture could not be read, for the reason in `error`,
    with what to do about it in `mend`. `notes` tell what was done beyond plain decoding. `sketch`:
    the little of features and pixels that tells how strange a picture is; empty where nothing does.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    features: NDArray[np.float32]
    notes: tuple[str, ...] = ()
    error: str = ""
    mend: str = ""
    sketch: NDArray[np.float32] = field(default_factory=lambda: NO_SKETCH)

    @property
    def likeliest(self) -> int:
        """The position of the likeliest class."""
        return int(self.probabilities.argmax())

    def without_features(self) -> Answer:
        """The same answer with features of length 0, for keeping many: they are most of it."""
        return replace(self, features=np.zeros(0, np.float32))


class Classifier:
    """A trained classifier that runs without torch. Made by `linnaeus.load`.

    `record` is what bundle.json says, `notices` the sentences that whoever uses it should see
    (this machine serves it in another way than it was judged in, say). Safe to use from several
    threads: the network itself runs for one of them at a time, or for as many as it was made ready
    for by `side_by_side`.

    Example
    -------
    >>> import linnaeus, numpy as np                                  # doctest: +SKIP
    >>> classifier = linnaeus.load("runs/leaves/bundle")              # doctest: +SKIP
    >>> classifier.predict("photo.jpg")[0].label                      # doctest: +SKIP
    'oak'
    """

    def __init__(
        self,
        record: BundleRecord,
        answering: Answering,
        kept: HeldOut | None = None,
        unknown: Unknown | None = None,
    ) -> None:
        self.record = record
        self._answering = answering
        self._held_out = kept
        self._unknown = unknown
        self.notices = answering.notices
        self._streaming = Streaming(self)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of every row of probabilities."""
        return self.record.classes

    @property
    def precision(self) -> str:
        """The precision it answers in on this machine: "float32", "bfloat16" or "int8"."""
        return self._answering.precision

    @property
    def engine(self) -> str:
        """The runtime that answers on this machine: "openvino" or "onnxruntime"; of an ensemble
        whose members differ in that, both, parted by a comma."""
        return self._answering.engine

    @property
    def promises(self) -> bool:
        """Whether it can promise label sets and silence: it kept answers to held-out pictures."""
        return self._held_out is not None

    @property
    def held_out(self) -> HeldOut:
        """What it kept of its answers to held-out pictures: for label sets and for silence.

        Raises BundleError where it kept none, UsageError where a picture may have several labels.
        """
        if self.record.task == "multi":
            raise UsageError(
                "this bundle gives each picture all labels that it finds probable, and promises"
                " nothing of sets or of silence",
                where="--sets, --max-error",
                mend="Leave them out; every label comes with its probability.",
            )
        lacking = "this bundle kept nothing of held-out pictures, so it can promise nothing"
        return self._there(self._held_out, lacking)

    @property
    def tells_unknown(self) -> bool:
        """Whether it can say that a picture shows none of its classes."""
        return self._unknown is not None

    @property
    def unknown(self) -> Unknown:
        """What tells it that a picture shows none of its classes.

        Raises BundleError where it has none, UsageError where a picture may have several labels.
        """
        if self.record.task == "multi":
            raise UsageError(
                "this bundle gives each picture all labels that it finds probable, or none of them,"
                " and calls nothing unknown",
                where="--unknown-rate",
                mend="Leave it out; every label comes with its probability.",
            )
        lacking = "this bundle cannot tell pictures of something else from those of its classes"
        return self._there(self._unknown, lacking)

    def _there(self, kept: Kept | None, lacking: str) -> Kept:
        """What the bundle keeps. Raises BundleError, with what is `lacking`, where it is None."""
        if kept is None:
            raise BundleError(
                lacking,
                where=", ".join(self.classes[:2]) + ", …",
                mend="Train again with validation pictures and this version of Linnaeus.",
            )
        return kept

    def remarks(self, predictions: Predictions) -> tuple[str, ...]:
        """What to know of what `predictions` call unknown, as sentences."""
        if self._unknown is None or predictions.familiar is None:
            return ()
        remark = self._unknown.remark(predictions.familiar.unknown_rate)
        return (remark,) if remark else ()

    def knowing(self, unknown: Unknown | None) -> Classifier:
        """The same, with `unknown` (or nothing) to tell what shows none of its classes."""
        other = copy(self)
        other._unknown = unknown
        other._streaming = Streaming(other)
        other.__dict__.pop("_silence", None)
        return other

    def predict(
        self,
        images: ImageSource | Iterable[ImageSource],
        *,
        unreadable: Literal["raise", "keep"] = "raise",
        unknown_rate: float | None = None,
    ) -> Predictions:
        """Classify one picture or any number of them.

        A picture is a path, the bytes of a file, a PIL image or an array (H, W, 3) uint8 RGB.
        Always gives `Predictions`, of length 1 for a single picture; ids are the paths, or the
        positions "0", "1", … where there is no path. `unknown_rate` is as in `gather`.

        Raises UnreadableImage for a picture that cannot be read; `unreadable="keep"` keeps its
        row instead, with NaN probabilities and the reason in `errors`. Raises UsageError for what
        is no picture at all.
        """
        if unreadable not in ("raise", "keep"):
            mend = 'Give "raise" or "keep".'
            raise UsageError(f'there is no "{unreadable}"', where="unreadable", mend=mend)
        given = _as_pictures(images)
        ids = [str(one) if isinstance(one, str | Path) else str(i) for i, one in enumerate(given)]
        answers = []
        for place, answer in self.stream(enumerate(given)):
            if answer.error and unreadable == "raise":
                where = _called(given, place)
                raise UnreadableImage(answer.error, where=where, mend=answer.mend)
            answers.append(answer.without_features())
        return self.gather(ids, answers, unknown_rate=unknown_rate)

    def promise(
        self,
        predictions: Predictions,
        *,
        coverage: float | None = None,
        method: Method = "lac",
        max_error: float | None = None,
    ) -> Promised:
        """Label sets for finished `predictions`, and which of the answers are sure enough.

        With `coverage` (0.9, say), the set of each picture holds the true class so often, by
        `method`: "lac", "aps", "raps" or "class-conditional". With `max_error` (0.02, say) answers
        are withheld so that at most that share of those given is wrong. Both hold for pictures
        that come as the validation pictures of the training did. What `predictions` call unknown
        gets neither; both promises are then of pictures that are not called so.

        Raises BundleError where the bundle kept nothing of held-out pictures, UsageError for a
        share or a method that cannot be.
        """
        rate = None if predictions.familiar is None else predictions.familiar.unknown_rate
        asked = {"coverage": coverage, "max_error": max_error}
        return self.promising(method=method, unknown_rate=rate, **asked)(predictions)

    def promising(
        self,
        *,
        coverage: float | None = None,
        method: Method = "lac",
        max_error: float | None = None,
        unknown_rate: float | None = None,
    ) -> Promise:
        """The rules by which `promise` keeps what it promises, for answers that come bit by bit.

        `unknown_rate` is that of the answers; None where nothing tells unknown pictures. Raises as
        `promise` does.
        """
        kept = self.held_out
        if unknown_rate is not None:
            kept = kept.subset(self.unknown.known_rows(unknown_rate))
        return Promise.of(kept, coverage=coverage, method=method, max_error=max_error)

    def stream(self, pictures: Iterable[tuple[Key, Picture]]) -> Iterator[tuple[Key, Answer]]:
        """Classify (key, picture) pairs as they come; gives (key, Answer) in the same order.

        A picture may also be a function that gives the bytes of a file when its turn comes, or
        raises UnreadableImage. Memory stays flat however many there are. A picture that cannot be
        read gives an Answer with its reason in `error`; what is no picture at all raises
        UsageError. Of many pictures each processor answers one at a time.
        """
        for key, ((_, answer),) in self._streaming(pictures, Classifier._from_source):
            yield key, answer

    def side_by_side(self, callers: int) -> Classifier:
        """The same, made ready to be asked by `callers` threads at a time, each on one processor.

        Its answers can differ in their last bits where a runtime sums up in another order then;
        those of this repository's networks do not. Raises BundleError where the graph cannot be
        opened any more.
        """
        other = copy(self)
        other._answering = self._answering.side_by_side(callers)
        other._streaming = Streaming(other)
        return other

    def predict_pixels(self, pixels: Iterable[NDArray[np.uint8]]) -> list[Answer]:
        """Classify pictures that `record.preprocessing` has already brought to the model's size.

        `pixels`: any number of (height_px, width_px, 3) uint8 RGB arrays. Members of an ensemble
        that want another size get it from there. Of many, each processor answers some at a time.
        """
        given = iter(pixels)
        parts = iter(lambda: list(itertools.islice(given, TOGETHER)), [])
        done = self._from_fitted(next(parts, []))
        if len(done) == TOGETHER:  # fewer are not worth a thread
            for _, told in self._streaming(enumerate(parts), Classifier._from_fitted):
                done += told
        return [answer for _, answer in done]

    def _from_source(self, source: Picture) -> list[tuple[Any, Answer]]:
        """What is seen of a picture, and the answer to it, as `Streaming` wants it."""
        decoded = self.read(source)
        return [(decoded, self.answer(decoded))]

    def _from_fitted(self, pixels: Sequence[NDArray[np.uint8]]) -> list[tuple[Any, Answer]]:
        """The same of some that are of the model's size."""
        decoded = [(self._answering.fitted(one), ()) for one in pixels]
        return list(zip(decoded, self._answers(decoded), strict=True))

    def read(self, source: Picture) -> Decoded | UnreadableImage:
        """What the network sees of a picture, with notes; or why it cannot be read.

        Raises UsageError for what is no picture at all.
        """
        try:
            given = source() if callable(source) else source
            _check_picture(given, "the picture")
            return self._answering.read(given)
        except UnreadableImage as error:
            return error

    def answer(self, decoded: Decoded | UnreadableImage) -> Answer:
        """The answer to what `read` gave."""
        if isinstance(decoded, UnreadableImage):
            return replace(self._silence, error=decoded.what, mend=decoded.mend)
        return self._answers([decoded])[0]

    def _answers(self, decoded: Sequence[Decoded]) -> list[Answer]:
        """The answers to pictures: the network's one by one, all else together, since for one
        picture NumPy's calls take longer than what they compute."""
        if not decoded:
            return []
        outputs = [self._answering.answer(inputs) for inputs, _ in decoded]
        logits, features = (np.array(each) for each in zip(*outputs, strict=True))
        probabilities = self.record.probabilities(logits)
        sketches = [NO_SKETCH] * len(decoded)
        if self._unknown is not None:
            shown = np.array([inputs[self._answering.shown] for inputs, _ in decoded])
            sketches = list(self._unknown.sketch(features, shown))
        notes = [notes for _, notes in decoded]
        every = zip(probabilities, logits, features, notes, sketches, strict=True)
        return [Answer(*one[:4], sketch=one[4]) for one in every]

    def gather(
        self,
        ids: Sequence[str],
        answers: Sequence[Answer],
        labels: NDArray[np.int64] | NDArray[np.bool_] | None = None,
        *,
        unknown_rate: float | None = None,
    ) -> Predictions:
        """Put together the `answers` to the pictures called `ids`, with true `labels` if known.

        Several pictures may have the same id: their rows stand apart all the same.
        `labels`: (n,) positions, or (n, classes) bool where a picture may have several.
        `unknown_rate`: the share of pictures of its own classes that it may call unknown, so that
        it calls so what is none of them; 0 never says it. By default 0.05, where it can tell.

        Raises UsageError for a rate that cannot be, BundleError where one is given and the bundle
        cannot tell.
        """
        familiar = self._familiar(answers, unknown_rate)
        rows = [answer.probabilities for answer in answers]
        several = labels is not None and labels.ndim == 2
        unknown = np.full(len(ids), UNKNOWN_LABEL, np.int64)
        return Predictions(
            ids=tuple(ids),
            classes=self.classes,
            probabilities=np.array(rows, np.float32).reshape(len(ids), len(self.classes)),
            labels=unknown if labels is None or several else labels.astype(np.int64),
            thresholds=self.record.cuts(),
            label_sets=labels.astype(bool) if labels is not None and several else None,
            row_errors={place: one.error for place, one in enumerate(answers) if one.error},
            row_notes={place: one.notes for place, one in enumerate(answers) if one.notes},
            familiar=familiar,
        )

    def gather_logits(
        self,
        ids: Sequence[str],
        logits: NDArray[np.float32],
        labels: NDArray[np.int64] | NDArray[np.bool_] | None = None,
    ) -> Predictions:
        """As `gather`, from `logits` (n, classes) of an earlier answer to each picture.

        Of logits alone nothing tells what is unknown, so nothing is called so.
        """
        none = np.zeros(0, np.float32)
        rows = self.record.probabilities(logits)
        answers = [Answer(*both, none) for both in zip(rows, logits, strict=True)]
        return self.knowing(None).gather(ids, answers, labels)

    def _familiar(self, answers: Sequence[Answer], rate: float | None) -> Familiarity | None:
        """How strange the pictures look; None where nobody asked and the bundle cannot tell."""
        if rate is not None:
            check_rate(rate)
        if rate:
            _ = self.unknown  # refuses where it cannot tell
        if self._unknown is None:
            return None
        strangeness = self._unknown.strangeness_of(answers)
        return self._unknown.familiar(strangeness, UNKNOWN_RATE if rate is None else rate)

    @cached_property
    def _silence(self) -> Answer:
        """An answer of the usual shapes that says nothing: all NaN."""
        size = (self.record.preprocessing.height_px, self.record.preprocessing.width_px)
        (black,) = self.predict_pixels([np.zeros((*size, 3), np.uint8)])
        return Answer(
            np.full_like(black.probabilities, np.nan),
            np.full_like(black.logits, np.nan),
            np.full_like(black.features, np.nan),
            sketch=np.full_like(black.sketch, np.nan),
        )


def load(folder: str | Path) -> Classifier:
    """Open a bundle: `folder` is the one that holds bundle.json, or a run that has it in bundle/.

    Raises BundleError where a file is missing, added or changed since the bundle was made (naming
    it), where the bundle is too new, or where this machine answers the golden inputs otherwise
    than the machine that made it.
    """
    place = bundle_folder(Path(folder))
    record = read_record(place)
    verify_manifest(place)
    return _opened(place, record)


def bundle_folder(folder: Path) -> Path:
    """The folder of the bundle's files: `folder` itself, or where it is a run its bundle/."""
    inside = folder / "bundle"
    there = not (folder / RECORD_FILE).exists() and (inside / RECORD_FILE).exists()
    return inside if there else folder


def bundle_digest(folder: Path) -> str:
    """The SHA-256 of a bundle's manifest, and so of every byte that it answers by."""
    return sha256_of(bundle_folder(folder) / MANIFEST)


def _opened(place: Path, record: BundleRecord) -> Classifier:
    """The bundle in `place`, whose files are as they were made."""
    unknown = read_unknown(place)
    answering = _answering(place, record)
    classifier = Classifier(record, answering, read_held_out(place), unknown)
    answers = check_golden(place, classifier.predict_pixels, classifier.precision)
    if unknown is not None:
        strangeness = unknown.strangeness_of(answers)
        check_unknown(place, unknown, strangeness, classifier.precision)
        told = classifier.notices  # a member that tells nothing alone does so here
        classifier.notices = tuple(one for one in told if one != TELLS_NOTHING_UNKNOWN)
    elif record.task == "single" and TELLS_NOTHING_UNKNOWN not in classifier.notices:
        classifier.notices += (TELLS_NOTHING_UNKNOWN,)
    return classifier


def _answering(place: Path, record: BundleRecord) -> Answering:
    if record.combination is None:
        return OneNetwork(record, place / GRAPH_FILE)
    folders = [place / member.folder for member in record.combination.members]
    members = [_opened(one, read_record(one)).knowing(None) for one in folders]
    return Ensemble(members, record)


def _as_pictures(images: ImageSource | Iterable[ImageSource]) -> list[ImageSource]:
    """One picture or many as a list. Raises UsageError where one of them is no picture."""
    if isinstance(images, SOURCES):
        return [images]
    if isinstance(images, NOT_MANY) or not isinstance(images, Iterable):
        raise _no_picture(images, "images")
    given = list(images)
    for place, one in enumerate(given):
        _check_picture(one, f"images[{place}]")
    return given


def _check_picture(source: object, where: str) -> None:
    if not isinstance(source, SOURCES):
        raise _no_picture(source, where)


def _no_picture(source: object, where: str) -> UsageError:
    return UsageError(
        f"{'None' if source is None else f'a {type(source).__name__}'} is not a picture",
        where=where,
        mend="Give a path, the bytes of a file, a PIL image, an array, or a list of them.",
    )


def _called(given: Sequence[ImageSource], place: int) -> str:
    """How to name a picture in an error: its path, or where it stood among those given."""
    one = given[place]
    if isinstance(one, str | Path):
        return str(one)
    return f"images[{place}]" if len(given) > 1 else "the picture"
