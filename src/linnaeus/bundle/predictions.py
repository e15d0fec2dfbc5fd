"""Predictions: what a classifier answered, as plain arrays that know nothing of networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NONE_OF_THEM",
    "SEPARATOR",
    "UNKNOWN_LABEL",
    "UNKNOWN_WORD",
    "Familiarity",
    "Moved",
    "Prediction",
    "Predictions",
]

UNKNOWN_LABEL = -1
SEPARATOR = "|"
NONE_OF_THEM = "none of the classes"
UNKNOWN_WORD = "unknown"
"""What is answered of a picture that is taken for none of the classes."""


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: its likeliest class and that class's probability in [0, 1].

    Where a picture may have several labels, `labels` are those given and `probabilities` theirs;
    `label` joins them with "|" and is empty where there is none. `confidence` is then the least of
    `probabilities`, or where there is none, how improbable the likeliest class is.

    `error` is empty, or the reason why the picture could not be read; then `label` is empty too.
    `notes`: what was done to it beyond plain decoding ("first of 12 frames").

    `unknown`: whether the picture is taken for something that is none of the classes. Then `label`
    is "unknown", `labels` are none and `confidence` is NaN, for it would be that of a class which
    the picture is not believed to be. `familiarity`: the share of known pictures that look as
    strange, NaN where the bundle cannot tell.

    `moved`: by how much squeezing moves its probabilities, 0 to 2, NaN where nobody looked.
    `changed`: whether that is so far that somebody may have changed the picture on purpose.
    """

    id: str
    label: str
    confidence: float
    error: str = ""
    labels: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    unknown: bool = False
    familiarity: float = float("nan")
    notes: tuple[str, ...] = ()
    moved: float = float("nan")
    changed: bool = False


@dataclass(frozen=True, eq=False)
class Familiarity:
    """How strange n pictures look to a classifier, beside known ones that it did not learn from.

    `strangeness` (n,) float32: the score itself, larger for stranger pictures. `familiarity` (n,)
    float64 in (0, 1]: the share of known pictures that look as strange or stranger, this one
    counted among them. Of known pictures at most the share `unknown_rate` fall to that rate or
    below it, and what does is called unknown. NaN for a picture that could not be read.
    """

    strangeness: NDArray[np.float32]
    familiarity: NDArray[np.float64]
    unknown_rate: float

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """(n,) bool: which pictures are called unknown; none that could not be read."""
        with np.errstate(invalid="ignore"):
            called: NDArray[np.bool_] = self.familiarity <= self.unknown_rate
        return called


@dataclass(frozen=True, eq=False)
class Moved:
    """By how much squeezing moves the probabilities of n pictures.

    `distances` (n,) float64 in [0, 2]: see `changed.moved_by`; NaN for a picture that could not be
    read. A picture is called changed where its distance is above `changed_above`.
    """

    distances: NDArray[np.float64]
    changed_above: float

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(n,) bool: which pictures are called changed; none that could not be read."""
        with np.errstate(invalid="ignore"):
            called: NDArray[np.bool_] = self.distances > self.changed_above
        return called


@dataclass(frozen=True)
class Predictions:
    """The answers for n pictures.

    `probabilities`: (n, classes) float32, of a table float64; each row sums to 1, or is NaN for a
    picture that could not be read, whose reason then stands in `row_errors` under its position.
    (`errors` and `notes` give the same by id; several pictures may share one.)
    `labels`: (n,) int64 positions in `classes`, -1 where the truth is not known.
    `thresholds`: (classes,) where a picture may have several labels or none: each class whose
    probability reaches its threshold is given; (n, classes) of folds, which have their own. Rows do
    not sum to 1 then, `labels` are all -1, and `label_sets` (n, classes) bool is the truth, or None
    where that is not known.
    `row_notes`: what was done to a picture beyond plain decoding, by its position.
    `familiar`: how strange each picture looks, and which are called unknown; None where the
    classifier cannot tell. `moved`: by how much squeezing moves each answer, and which pictures
    are called changed; None where nobody looked. `drawn_from`: a text for each picture that the
    chance in its label set is drawn from; None: its id, which must be of no other picture then.
    """

    ids: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: NDArray[np.floating]
    labels: NDArray[np.int64]
    row_errors: dict[int, str] = field(default_factory=dict)
    row_notes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    thresholds: NDArray[np.floating] | None = None
    label_sets: NDArray[np.bool_] | None = None
    familiar: Familiarity | None = None
    moved: Moved | None = None
    drawn_from: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Prediction]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Prediction:
        place = range(len(self))[index]
        one = self._answered(place)
        if self.moved is not None and not one.error:
            moved, changed = float(self.moved.distances[place]), bool(self.changed[place])
            one = replace(one, moved=moved, changed=changed)
        notes = self.row_notes.get(place)
        return replace(one, notes=notes) if notes else one

    def _answered(self, index: int) -> Prediction:
        name = self.ids[index]
        if index in self.row_errors:
            return Prediction(name, "", float("nan"), self.row_errors[index])
        row = self.probabilities[index]
        if self.thresholds is not None:
            return self._several(name, row, self.given[index])
        familiarity = float("nan")
        if self.familiar is not None:
            familiarity = float(self.familiar.familiarity[index])
        if self.unknown[index]:
            return Prediction(
                name, UNKNOWN_WORD, float("nan"), unknown=True, familiarity=familiarity
            )
        best = int(row.argmax())
        label, sure = self.classes[best], float(row[best])
        return Prediction(name, label, sure, "", (label,), (sure,), familiarity=familiarity)

    @property
    def errors(self) -> dict[str, str]:
        """{id: why it could not be read}; of pictures that share an id, the last that could not."""
        return {self.ids[place]: reason for place, reason in self.row_errors.items()}

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """{id: what was done to it beyond plain decoding}; as `errors` where an id is shared."""
        return {self.ids[place]: notes for place, notes in self.row_notes.items()}

    @property
    def read(self) -> NDArray[np.bool_]:
        """(n,) bool: which pictures could be read."""
        return np.array([place not in self.row_errors for place in range(len(self))], bool)

    @cached_property
    def unknown(self) -> NDArray[np.bool_]:
        """(n,) bool: which pictures are called unknown; none where the classifier cannot tell."""
        if self.familiar is None:
            return np.zeros(len(self), bool)
        return self.familiar.unknown

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """(n,) bool: which pictures are called changed; none where nobody looked."""
        return np.zeros(len(self), bool) if self.moved is None else self.moved.changed

    @property
    def decisions(self) -> NDArray[np.int64]:
        """(n,) int64: the position of the likeliest class, -1 for a picture that was not read.

        Of a picture that is called unknown too: what it would be, were it known.
        """
        unread = np.isnan(self.probabilities).any(axis=1)
        return np.where(unread, UNKNOWN_LABEL, np.nan_to_num(self.probabilities).argmax(axis=1))

    @cached_property
    def given(self) -> NDArray[np.bool_]:
        """(n, classes) bool: which labels each picture is given; none where it was not read."""
        if self.thresholds is not None:
            reached: NDArray[np.bool_] = self.probabilities >= self.thresholds  # NaN never does
            return reached
        answers = self.decisions
        likeliest: NDArray[np.bool_] = answers[:, None] == np.arange(len(self.classes))
        return likeliest

    def at_rate(self, rate: float) -> Predictions:
        """The same answers, with another share of known pictures that may be called unknown."""
        if self.familiar is None:
            return self
        return replace(self, familiar=replace(self.familiar, unknown_rate=rate))

    def true_labels(self, index: int) -> tuple[str, ...]:
        """The true labels of a picture, as far as they are known."""
        if self.label_sets is not None:
            return tuple(self.classes[at] for at in np.flatnonzero(self.label_sets[index]))
        label = int(self.labels[index])
        return (self.classes[label],) if label != UNKNOWN_LABEL else ()

    def true_counts(self) -> NDArray[np.int64]:
        """(classes,) pictures that truly are of each class, as far as that is known."""
        if self.label_sets is not None:
            return np.asarray(self.label_sets.sum(axis=0), np.int64)
        named = self.labels[self.labels != UNKNOWN_LABEL]
        return np.bincount(named, minlength=len(self.classes)).astype(np.int64)

    def _several(
        self, name: str, row: NDArray[np.floating], given: NDArray[np.bool_]
    ) -> Prediction:
        labels = tuple(self.classes[at] for at in np.flatnonzero(given))
        sure = float(row[given].min()) if labels else 1.0 - float(row.max())
        chances = tuple(float(chance) for chance in row[given])
        return Prediction(name, SEPARATOR.join(labels), sure, "", labels, chances)
