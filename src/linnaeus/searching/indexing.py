"""Making an index: the features of very many pictures, in a folder that can be searched."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import bundle_digest, load
from linnaeus.counted import are, pictures
from linnaeus.data.dataset import Dataset
from linnaeus.data.layout import listed
from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.file_lock import locked
from linnaeus.files import check_unused, read_json, whole_folder, write_json, write_whole
from linnaeus.manifest import write_manifest
from linnaeus.progress import Progress, Quiet, Stage
from linnaeus.searching.approximate import add_approximate, require_faiss
from linnaeus.searching.digests import Digests, changed_pictures
from linnaeus.searching.embedding import answers_of, label_of
from linnaeus.searching.pieces import kept_piece, piece_names, piece_rows, write_piece
from linnaeus.searching.record import (
    FRAME_FILE,
    PIECES,
    RECORD_FILE,
    Drawn,
    IndexRecord,
    PieceRecord,
)
from linnaeus.searching.similarity import Frame
from linnaeus.version import __version__

__all__ = ["EXACT_TO", "PIECE", "Indexed", "finish_index", "index_pictures"]

EXACT_TO = 200_000
"""Pictures up to which a search looks at each. Of the 2,704 features of a MobileNetV2 that is
2.2 GB to read, and a product for each number. Beyond, faiss looks where the most similar are."""

PIECE = 4096
"""Pictures in a piece: 44 MB of 2,704 features in memory, and at most so many are lost when the
work is broken off."""

BEGUN = "begun.json"


@dataclass(frozen=True)
class Indexed:
    """An index that is made: its `folder`, and what its `record` tells of it."""

    folder: Path
    record: IndexRecord


def index_pictures(
    bundle: Path,
    dataset: Dataset,
    out: Path,
    *,
    drawn: Drawn | None = None,
    exact_to: int = EXACT_TO,
    progress: Progress | None = None,
) -> Indexed:
    """Index the pictures of `dataset` by the features of `bundle`, in the new folder `out`.

    Memory stays flat. What is embedded stands in OUT.unfinished meanwhile: where the work is broken
    off, the same call goes on from there; a picture whose file or label has changed since is
    embedded anew with those of its piece, and `progress` is told. `drawn`: where the pictures are,
    for a search to show them. More than `exact_to` pictures are searched by faiss.

    Raises WriteError where `out` is not empty or is being written, UsageError where what was begun
    there is of another bundle or other pictures, MissingError where faiss is needed and is not
    there, DataError where not one picture can be read, and as `load` does.
    """
    told = progress or Quiet()
    check_unused(out)
    if len(dataset) > exact_to:
        require_faiss(exact_to)
    classifier = load(bundle)
    with _begun(out, _decided_by(bundle, dataset)) as unfinished:
        pieces = _embedded(classifier, dataset, unfinished, told)
        skipped = {name: why for piece in pieces for name, why in piece.skipped.items()}
        record = IndexRecord(
            linnaeus_version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            name=dataset.name,
            bundle=str(bundle.resolve()),
            bundle_digest=bundle_digest(bundle),
            drawn=drawn,
            dimensions=piece_rows(unfinished, 0).shape[1],
            pieces=tuple(len(piece.ids) for piece in pieces),
            skipped=skipped,
            left_alone=dataset.left_alone,
        )
        if record.pictures:
            record = finish_index(out, unfinished, record, exact_to, told)
    shutil.rmtree(unfinished)  # after its lock is given back, as Windows wants it
    if not record.pictures:
        raise _nothing_read(dataset, skipped)
    return Indexed(out, record)


def _embedded(
    classifier: Classifier, dataset: Dataset, folder: Path, told: Progress
) -> list[PieceRecord]:
    """Embed the pictures into pieces in `folder`; those that stand there already are kept."""
    starts = range(0, len(dataset), PIECE)
    pieces: list[PieceRecord] = []
    stage_of_all = told.stage("Embedding the pictures", len(dataset))
    with _told_how_to_go_on(pieces, folder, told), stage_of_all as stage:
        for start in starts:
            rows = range(start, min(start + PIECE, len(dataset)))
            piece = _kept(dataset, rows, folder, told)
            if piece is None:
                piece = _embed(classifier, dataset, rows, folder, stage)
            else:
                stage.advance(len(rows), "embedded before")
            pieces.append(piece)
    return pieces


@contextmanager
def _told_how_to_go_on(
    pieces: Sequence[PieceRecord], folder: Path, told: Progress
) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if pieces:
            count = sum(len(piece.ids) + len(piece.skipped) for piece in pieces)
            told.say(
                f"{pictures(count)} {are(count)} kept in {folder}; the same command goes on from"
                " there."
            )
        raise


def _kept(dataset: Dataset, rows: range, folder: Path, told: Progress) -> PieceRecord | None:
    """The piece of the pictures at `rows`, where it stands there and they are what they were."""
    number = rows.start // PIECE
    piece = kept_piece(folder, number)
    if piece is None:
        return None
    now = {dataset.paths[row]: label_of(dataset, row) for row in rows}
    labels = zip(piece.ids, piece.labels, strict=True)
    relabelled = {path for path, label in labels if now.get(path) != label}
    changed = sorted(relabelled.union(changed_pictures(folder, number, dataset, rows)))
    if not changed:
        return piece
    told.warn(
        f"{len(changed):,} of the pictures that were embedded before have changed since"
        f" ({listed(changed)}): the {len(rows):,} that were kept with them are embedded anew."
    )
    return None


def _embed(
    classifier: Classifier, dataset: Dataset, rows: range, folder: Path, stage: Stage
) -> PieceRecord:
    """Embed the pictures at `rows` into the piece that begins with the first of them."""
    read, features, skipped = [], [], {}
    empty = np.empty((0, 0), np.float32)
    digests = Digests(dataset)
    for row, answer in answers_of(classifier, dataset, rows, digests.read):
        empty = empty.reshape(0, len(answer.features))
        if answer.error:
            skipped[dataset.paths[row]] = answer.error
        else:
            read.append(row)
            features.append(answer.features)
        stage.advance()
    piece = PieceRecord(
        ids=tuple(dataset.paths[row] for row in read),
        labels=tuple(label_of(dataset, row) for row in read),
        skipped=skipped,
    )
    number = rows.start // PIECE
    digests.write(folder, number)
    write_piece(folder, number, np.stack(features) if features else empty, piece)
    return piece


def finish_index(
    out: Path, unfinished: Path, record: IndexRecord, exact_to: int, told: Progress
) -> IndexRecord:
    """Write the index of the pieces in `unfinished`; returns its record, complete."""
    numbers = range(len(record.pieces))
    with told.stage("Writing the index"), whole_folder(out) as aside:
        frame = Frame.of(piece_rows(unfinished, number) for number in numbers)
        write_whole(aside / FRAME_FILE, save(frame._asdict()))
        for number in numbers:
            units = frame.units(piece_rows(unfinished, number))
            write_piece(aside / PIECES, number, units, piece_names(unfinished, number))
        if record.pictures > exact_to:
            approximate = add_approximate(aside, record)
            record = record.model_copy(update={"approximate": approximate})
        write_json(aside / RECORD_FILE, record.model_dump(mode="json"))
        write_manifest(aside)
    return record


def _decided_by(bundle: Path, dataset: Dataset) -> dict[str, str]:
    """What the pieces depend on."""
    names = "\n".join(dataset.paths)
    return {
        "linnaeus_version": __version__,
        "bundle": bundle_digest(bundle),
        "pictures": hashlib.sha256(names.encode()).hexdigest(),
    }


@contextmanager
def _begun(out: Path, decided_by: dict[str, str]) -> Iterator[Path]:
    """Give the folder for what is embedded for `out`, which nobody else writes to meanwhile."""
    folder = out.with_name(f"{out.name}.unfinished")
    file = folder / BEGUN
    if not file.exists():
        write_json(file, decided_by)
    with file.open("rb") as held:
        if not locked(held):
            mend = "Wait for it, or name another folder."
            raise WriteError("another process is indexing here", where=str(out), mend=mend)
        if _read_begun(file) != decided_by:
            raise UsageError(
                "an index of another bundle, of other pictures or by another version of Linnaeus"
                " was begun here",
                where=str(folder),
                mend="Remove it, or name another folder with --out.",
            )
        yield folder


def _read_begun(file: Path) -> object:
    try:
        return read_json(file)
    except ValueError:
        return None


def _nothing_read(dataset: Dataset, skipped: dict[str, str]) -> DataError:
    name, why = next(iter(skipped.items()))
    return DataError(
        f"of {pictures(len(dataset))} none could be read; of {name}: {why}",
        where=dataset.name,
        mend="Give pictures that can be opened.",
    )
