"""Searching an index: the pictures in it that look most like others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import TELLS_NOTHING_UNKNOWN, bundle_digest, load
from linnaeus.bundle.tensors import Tensors
from linnaeus.counted import pictures
from linnaeus.data.store import printable
from linnaeus.errors import BundleError, UnreadableImage, UsageError
from linnaeus.files import read_json, sha256_of
from linnaeus.images.decode import ImageSource
from linnaeus.manifest import MANIFEST
from linnaeus.predicting.picture import Source, begun, held, total_of
from linnaeus.progress import Progress, Quiet
from linnaeus.searching.approximate import approximate_nearest
from linnaeus.searching.pieces import piece_names, read_ahead
from linnaeus.searching.record import (
    APPROXIMATE_FILE,
    FRAME_FILE,
    PIECES,
    RECORD_FILE,
    IndexRecord,
    damaged,
    read_index_record,
)
from linnaeus.searching.similarity import Frame, Nearest, Neighbour

__all__ = ["MOST_SHOWN", "TOP", "Found", "Pixels", "Query", "nearest_in", "search_index"]

TOP = 10
MOST_SHOWN = 1000  # pictures on a page; of 10 kB each, more are too much to send or to open

Pixels = ImageSource | Callable[[], bytes]


@dataclass(frozen=True)
class Query:
    """A picture called `id`, and those of the index most similar to it, the most similar first.

    `source`: where its pixels come from, while what it lies in is open, where they are to be shown;
    None after the first `MOST_SHOWN`, which are more than a page shows.
    """

    id: str
    neighbours: tuple[Neighbour, ...]
    source: Pixels | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Found:
    """What a search in an index found.

    `skipped`: {picture: why it could not be read}. `remarks`: what to know of the answers.
    """

    index: Path
    record: IndexRecord
    queries: tuple[Query, ...]
    skipped: dict[str, str]
    remarks: tuple[str, ...]


def search_index(
    index: Path,
    sources: Sequence[Source],
    *,
    top: int = TOP,
    bundle: Path | None = None,
    shown: bool = False,
    progress: Progress | None = None,
) -> Found:
    """The `top` pictures of the index in the folder `index` most similar to each of `sources`.

    `bundle`: where the bundle that the index was made with is now; None: where it was. `shown`:
    whether a page will show what was looked for, whose pixels are kept for that alone. Up to
    `indexing.EXACT_TO` pictures all are looked at, beyond it faiss finds nearly all.

    Raises DataError where the index is absent or damaged, BundleError where the bundle is not the
    one that it was made with, UnreadableImage where not one picture can be read, UsageError for a
    `top` below 1, MissingError where faiss is needed and not installed.
    """
    if top < 1:
        raise UsageError("there is nothing to find", where="--top", mend="Give 1 or more.")
    told = progress or Quiet()
    record = read_index_record(index)
    _check_digests(index, RECORD_FILE, FRAME_FILE)
    classifier = _classifier(index, record, bundle)
    asked, features, skipped = _features(classifier, sources, told, shown)
    queries = _frame(index).units(features)
    with told.stage(f"Looking among {pictures(record.pictures)}"):
        places, similarities = nearest_in(index, record, queries, top)
    neighbours = _named(index, record, places, similarities)
    found = tuple(
        Query(name, row, source) for (name, source), row in zip(asked, neighbours, strict=True)
    )
    notices = tuple(one for one in classifier.notices if one != TELLS_NOTHING_UNKNOWN)
    return Found(index, record, found, skipped, (*notices, *_remarks(record)))


def _check_digests(index: Path, *names: str) -> None:
    """Raise DataError where one of the files `names` is not as the manifest has it."""
    try:
        digests = dict(read_json(index / MANIFEST)["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(index / MANIFEST, str(error) or "it cannot be read") from None
    for name in names:
        file = index / name
        if not file.is_file():
            raise damaged(file, "it is missing")
        if digests.get(name) != sha256_of(file):
            raise damaged(file, "its digest is another")


def _classifier(index: Path, record: IndexRecord, bundle: Path | None) -> Classifier:
    """The bundle that the index was made with. Raises BundleError where it is not that one."""
    place = bundle or Path(record.bundle)
    mend = "Name the bundle that it was made with by --bundle, or make the index anew."
    try:
        digest = bundle_digest(place)
    except OSError:
        what = f"the bundle that the index {index} was made with is not there"
        raise BundleError(what, where=str(place), mend=mend) from None
    if digest != record.bundle_digest:
        what = f"the index {index} was made with another bundle, so that features do not compare"
        raise BundleError(what, where=str(place), mend=mend)
    return load(place)


def _features(
    classifier: Classifier, sources: Sequence[Source], told: Progress, shown: bool
) -> tuple[list[tuple[str, Pixels | None]], NDArray[np.float32], dict[str, str]]:
    """Names and sources of the pictures that can be read, features (n, d), and why others cannot be
    read.
    """
    for note in (note for source in sources for note in source.notes):
        told.say(note)
    asked: list[tuple[str, Pixels | None]] = []
    features, skipped = [], {}
    unread: Answer | None = None
    given = map(held, sources) if shown else sources  # what is shown is read once more
    pictures = chain.from_iterable(source.pictures() for source in given)
    total = total_of(sources)
    pairs = ((one, begun(one)) for one in pictures)
    with told.stage("Reading the pictures to look for", total) as stage:
        for picture, answer in classifier.stream(pairs, total=total):
            if answer.error:
                unread = answer
                skipped[printable(picture.name)] = answer.error
            else:
                kept = shown and len(asked) < MOST_SHOWN
                asked.append((printable(picture.name), picture.source if kept else None))
                features.append(answer.features)
            stage.advance()
    if unread is not None and not asked:
        raise UnreadableImage(unread.error, where=next(iter(skipped)), mend=unread.mend)
    if not asked:
        raise UsageError("there is no picture to look for", where="PICTURES", mend="Give some.")
    return asked, np.stack(features), skipped


def _frame(index: Path) -> Frame:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    file = index / FRAME_FILE
    try:
        kept: Tensors = load_file(str(file))
        return Frame(kept["middle"], kept["scale"])
    except (SafetensorError, OSError, KeyError) as error:
        raise damaged(file, str(error)) from None


def nearest_in(
    index: Path, record: IndexRecord, queries: NDArray[np.float32], top: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places (n, k) and similarities (n, k); a place of -1 is none."""
    if record.approximate is not None:
        _check_digests(index, APPROXIMATE_FILE)
        return approximate_nearest(index, record, queries, top)
    _check_digests(index, *map(_names_of, range(len(record.pieces))))
    nearest = Nearest(queries, top)
    for units in read_ahead(index / PIECES, len(record.pieces)):
        nearest.show(units)
    return nearest.places, nearest.similarities


def _named(
    index: Path,
    record: IndexRecord,
    places: NDArray[np.int64],
    similarities: NDArray[np.float32],
) -> list[tuple[Neighbour, ...]]:
    """The pictures at `places` by their names and labels; only their pieces are read."""
    ends = np.cumsum(record.pieces)
    known: dict[int, tuple[str, str]] = {}
    wanted = np.unique(places[places >= 0])
    of_piece = np.searchsorted(ends, wanted, side="right")
    numbers = np.unique(of_piece).tolist()
    _check_digests(index, *map(_names_of, numbers))
    for number in numbers:
        piece = piece_names(index / PIECES, number)
        start = int(ends[number]) - record.pieces[number]
        if len(piece.ids) != record.pieces[number]:
            raise damaged(index / _names_of(number), "it has other pictures")
        for place in wanted[of_piece == number].tolist():
            known[place] = piece.ids[place - start], piece.labels[place - start]
    return [
        tuple(
            Neighbour(*known[place], similarity=float(similarity))
            for place, similarity in zip(row, values, strict=True)
            if place >= 0
        )
        for row, values in zip(places.tolist(), similarities.tolist(), strict=True)
    ]


def _names_of(number: int) -> str:
    """The file with the names of a piece, as the manifest calls it."""
    return f"{PIECES}/{number:06}.json"


def _remarks(record: IndexRecord) -> tuple[str, ...]:
    if record.approximate is None:
        return ()
    found, tried = record.approximate.recall * 10, record.approximate.measured_on
    told = f"Of the ten most similar among {record.pictures:,} pictures, {found:.1f} are found on"
    return (f"{told} average, as measured on {tried} of them.",)
