"""Classifier: a bundle at work. Pictures in, predictions out, without torch."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.answerer import Answerer, Decoded
from linnaeus.bundle.changed import check_changed_above
from linnaeus.bundle.given import as_pictures, called, digest_of, own
from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Method
from linnaeus.bundle.network import Answering
from linnaeus.bundle.predictions import UNKNOWN_LABEL, Familiarity, Moved, Predictions
from linnaeus.bundle.promises import Promise, Promised
from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.squeezers import SQUEEZERS_IN_WORDS, SqueezerName, check_squeezer
from linnaeus.bundle.streaming import Picture, Streaming, few_of, in_groups
from linnaeus.bundle.unknown import UNKNOWN_RATE, Unknown, check_rate
from linnaeus.errors import BundleError, UnreadableImage, UsageError
from linnaeus.images.decode import ImageSource

__all__ = ["Classifier"]

TOGETHER = 32
"""Pictures whose answers are finished at a time: what is computed of more leaves the cache."""

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Classifier:
    """A trained classifier that runs without torch. Made by `linnaeus.load`.

    `record` is what bundle.json says, `where` what errors call the bundle. Safe to use from several
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
        notices: tuple[str, ...] | None = None,
        where: str = "",
    ) -> None:
        self.record = record
        self._where = where or str(record.data.get("name", "")) or "the bundle"
        self._answerer = Answerer(record, answering, unknown)
        self._held_out = kept
        self._told = answering.notices if notices is None else notices
        self._streaming = Streaming(self._answerer)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of every row of probabilities."""
        return self.record.classes

    @property
    def notices(self) -> tuple[str, ...]:
        """The sentences that whoever uses it should see: this machine serves it in another way than
        it was judged in, say."""
        if self.squeezer is None:
            return self._told
        return (*self._told, self._measured_otherwise)

    @property
    def precision(self) -> str:
        """The precision it answers in on this machine: "float32", "bfloat16" or "int8"."""
        return self._answerer.network.precision

    @property
    def engine(self) -> str:
        """The runtime that answers on this machine: "openvino" or "onnxruntime"; of an ensemble
        whose members differ in that, both, parted by a comma."""
        return self._answerer.network.engine

    @property
    def promises(self) -> bool:
        """Whether it can promise label sets and silence: it kept answers to held-out pictures, and
        answers pictures as it did those."""
        return self._held_out is not None and self.squeezer is None

    @property
    def held_out(self) -> HeldOut:
        """What it kept of its answers to held-out pictures: for label sets and for silence.

        Raises BundleError where it kept none, UsageError where a picture may have several labels or
        is squeezed first.
        """
        if self.record.task == "multi":
            raise UsageError(
                "this bundle gives each picture all labels that it finds probable, and promises"
                " nothing of sets or of silence",
                where="--sets, --max-error",
                mend="Leave them out; every label comes with its probability.",
            )
        if self.squeezer is not None:
            raise UsageError(
                "what a bundle promises was measured on pictures that are not squeezed first",
                where="--sets, --max-error",
                mend="Leave them out, or answer without --squeeze.",
            )
        lacking = "this bundle kept nothing of held-out pictures, so it can promise nothing"
        return self._there(self._held_out, lacking)

    @property
    def tells_unknown(self) -> bool:
        """Whether it can say that a picture shows none of its classes."""
        return self._answerer.unknown is not None

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
        return self._there(self._answerer.unknown, lacking)

    def _there(self, kept: Kept | None, lacking: str) -> Kept:
        """What the bundle keeps. Raises BundleError, with what is `lacking`, where it is None."""
        if kept is None:
            raise BundleError(
                lacking,
                where=self._where,
                mend="Train again with validation pictures (--val above 0).",
            )
        return kept

    def remarks(self, predictions: Predictions) -> tuple[str, ...]:
        """What to know of what `predictions` call unknown, as sentences."""
        if self._answerer.unknown is None or predictions.familiar is None:
            return ()
        remark = self._answerer.unknown.remark(predictions.familiar.unknown_rate)
        return (remark,) if remark else ()

    def knowing(self, unknown: Unknown | None) -> Classifier:
        """The same, with `unknown` (or nothing) to tell what shows none of its classes."""
        return self._with(unknown=unknown)

    @property
    def squeezer(self) -> SqueezerName | None:
        """What makes pictures poorer before it answers them; None: nothing does."""
        return self._answerer.squeezer

    def squeezing(self, squeezer: SqueezerName | None) -> Classifier:
        """The same, which makes every picture poorer before it answers it, so that small changes
        of somebody who wants it to be wrong are lost: "bits" or "median", see `squeezers`.

        Whoever knows of it mostly gets round it; `linnaeus attack --defence squeeze` measures what
        it is worth. It promises no label sets and no silence. Raises UsageError for another name.
        """
        if squeezer is not None:
            check_squeezer(squeezer)
        return self._with(squeezer=squeezer)

    @property
    def changed_above(self) -> float | None:
        """How far squeezing may move a picture's probabilities before it is called changed; None:
        nobody looks."""
        return self._answerer.changed_above

    def detecting(self, changed_above: float | None) -> Classifier:
        """The same, which also tells by how much squeezing moves the probabilities of each picture,
        and calls it changed where that is more than `changed_above`, 0 to 2.

        It answers each picture three times. Raises UsageError for a distance that cannot be, and
        where a picture may have several labels.
        """
        if changed_above is not None:
            check_changed_above(changed_above)
        if changed_above is not None and self.record.task == "multi":
            raise UsageError(
                "this bundle gives a picture several labels, and how far their probabilities move"
                " when nobody has changed it was not measured of such",
                where="--changed-above",
                mend="Leave it out.",
            )
        return self._with(changed_above=changed_above)

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
        given = as_pictures(images)
        ids = [str(one) if isinstance(one, str | Path) else str(i) for i, one in enumerate(given)]
        answers = []
        for place, answer in self._stream(enumerate(given), len(given)):
            if answer.error and unreadable == "raise":
                where = called(given, place)
                raise UnreadableImage(answer.error, where=where, mend=answer.mend)
            answers.append(answer.without_features())
        drawn_from = [
            name if answer.error or isinstance(one, str | Path) else digest_of(one)
            for name, one, answer in zip(ids, given, answers, strict=True)
        ]
        return self.gather(ids, answers, unknown_rate=unknown_rate, drawn_from=drawn_from)

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

    def stream(
        self, pictures: Iterable[tuple[Key, Picture]], *, total: int | None = None
    ) -> Generator[tuple[Key, Answer]]:
        """Classify (key, picture) pairs as they come; gives (key, Answer) in the same order.

        A picture may also be a function that gives the bytes of a file when its turn comes, or
        raises UnreadableImage. Memory stays flat however many there are. A picture that cannot be
        read gives an Answer with its reason in `error`; what is no picture at all raises
        UsageError. Of many pictures each processor answers one at a time, sooner where `total`
        says how many there are. An array may be filled anew once it was taken: what is answered is
        a copy.
        """
        return self._stream(((key, own(picture)) for key, picture in pictures), total)

    def side_by_side(self, callers: int) -> Classifier:
        """The same, made ready to be asked by `callers` threads at a time, each on one processor.

        Its answers can differ in their last bits where a runtime sums up in another order then;
        those of this repository's networks do not. Raises BundleError where the graph cannot be
        opened any more.
        """
        return self._with(network=self._answerer.network.side_by_side(callers))

    def predict_pixels(self, pixels: Iterable[NDArray[np.uint8]]) -> list[Answer]:
        """Classify pictures that `record.preprocessing` has already brought to the model's size.

        `pixels`: any number of (height_px, width_px, 3) uint8 RGB arrays. Members of an ensemble
        that want another size get it from there. Of many, each processor answers some at a time.
        One array may be filled anew for each picture: what is answered are copies.
        """
        given = map(own, pixels)
        parts = iter(lambda: list(itertools.islice(given, TOGETHER)), [])
        answers = [answer for _, answer in self._answerer.from_fitted(next(parts, []))]
        if len(answers) == TOGETHER:  # fewer are not worth a thread
            groups = (list(enumerate(part)) for part in parts)
            answers += [one for _, one in self._streaming(groups, Answerer.from_fitted)]
        return answers

    def read(self, source: Picture) -> Decoded | UnreadableImage:
        """What the network sees of a picture, with notes; or why it cannot be read.

        Raises UsageError for what is no picture at all.
        """
        return self._answerer.read(source)

    def answer(self, decoded: Decoded | UnreadableImage) -> Answer:
        """The answer to what `read` gave."""
        return self._answerer.answer(decoded)

    def gather(
        self,
        ids: Sequence[str],
        answers: Sequence[Answer],
        labels: NDArray[np.int64] | NDArray[np.bool_] | None = None,
        *,
        unknown_rate: float | None = None,
        drawn_from: Sequence[str] | None = None,
    ) -> Predictions:
        """Put together the `answers` to the pictures called `ids`, with true `labels` if known.

        Several pictures may have the same id: their rows stand apart all the same.
        `labels`: (n,) positions, or (n, classes) bool where a picture may have several.
        `unknown_rate`: the share of pictures of its own classes that it may call unknown, so that
        it calls so what is none of them; 0 never says it. By default 0.05, where it can tell.
        `drawn_from`: a text for each picture that the chance in its label set is drawn from, of
        pictures that `ids` do not tell from others: a digest of their content, say.

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
            moved=self._how_far(answers),
            drawn_from=None if drawn_from is None else tuple(drawn_from),
        )

    def gather_logits(
        self,
        ids: Sequence[str],
        logits: NDArray[np.float32],
        labels: NDArray[np.int64] | NDArray[np.bool_] | None = None,
    ) -> Predictions:
        """As `gather`, from `logits` (n, classes) of an earlier answer to each picture.

        Of logits alone nothing tells what is unknown or changed, so nothing is called so.
        """
        none = np.zeros(0, np.float32)
        rows = self.record.probabilities(logits)
        answers = [Answer(*both, none) for both in zip(rows, logits, strict=True)]
        return self.knowing(None).detecting(None).gather(ids, answers, labels)

    def _stream(
        self, pictures: Iterable[tuple[Key, Picture]], total: int | None
    ) -> Generator[tuple[Key, Answer]]:
        """As `stream`, of pictures that stay as they are."""
        few = few_of(total)
        return self._streaming(in_groups(pictures, few), Answerer.from_sources, few)

    def _familiar(self, answers: Sequence[Answer], rate: float | None) -> Familiarity | None:
        """How strange the pictures look; None where nobody asked and the bundle cannot tell."""
        if rate is not None:
            check_rate(rate)
        if rate:
            _ = self.unknown  # refuses where it cannot tell
        if self._answerer.unknown is None:
            return None
        strangeness = self._answerer.unknown.strangeness_of(answers)
        return self._answerer.unknown.familiar(strangeness, UNKNOWN_RATE if rate is None else rate)

    def _how_far(self, answers: Sequence[Answer]) -> Moved | None:
        """How far squeezing moves the probabilities; None where nobody looks."""
        if self.changed_above is None:
            return None
        return Moved(np.array([one.moved for one in answers], np.float64), self.changed_above)

    @property
    def _measured_otherwise(self) -> str:
        """What of a squeezing classifier was measured without squeezing, as a sentence."""
        assert self.squeezer is not None
        measured = ["how often it is right", "how sure it is"]
        measured += ["which labels are given"] if self.record.task == "multi" else []
        measured += ["what is called unknown"] if self.tells_unknown else []
        return (
            f"Every picture is squeezed first ({SQUEEZERS_IN_WORDS[self.squeezer]}). What is known"
            f" of this bundle was measured without that ({', '.join(measured)}): linnaeus evaluate"
            f" --squeeze {self.squeezer} tells what it costs."
        )

    def _with(self, **changes: Any) -> Classifier:
        """The same, but for what its answerer is made of."""
        other = copy(self)
        other._answerer = replace(self._answerer, **changes)
        other._streaming = Streaming(other._answerer)
        return other
