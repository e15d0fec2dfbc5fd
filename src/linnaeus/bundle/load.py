"""`load`: opens a bundle, and hands it out only where it is as it was made, and answers so too."""

from __future__ import annotations

from pathlib import Path

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.ensemble import Ensemble
from linnaeus.bundle.golden import check_golden
from linnaeus.bundle.held_out import read_held_out
from linnaeus.bundle.network import Answering, OneNetwork
from linnaeus.bundle.record import GRAPH_FILE, RECORD_FILE, BundleRecord, read_record
from linnaeus.bundle.unknown import check_unknown, read_unknown
from linnaeus.files import sha256_of
from linnaeus.manifest import MANIFEST, verify_manifest

__all__ = ["TELLS_NOTHING_UNKNOWN", "bundle_digest", "bundle_folder", "load"]

TELLS_NOTHING_UNKNOWN = (
    "This bundle cannot tell pictures of something else from those of its classes: it answers with"
    " a class whatever a picture shows."
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
    return _opened(place, record, str(folder))


def bundle_folder(folder: Path) -> Path:
    """The folder of the bundle's files: `folder` itself, or where it is a run its bundle/."""
    inside = folder / "bundle"
    there = not (folder / RECORD_FILE).exists() and (inside / RECORD_FILE).exists()
    return inside if there else folder


def bundle_digest(folder: Path) -> str:
    """The SHA-256 of a bundle's manifest, and so of every byte that it answers by."""
    return sha256_of(bundle_folder(folder) / MANIFEST)


def _opened(place: Path, record: BundleRecord, where: str) -> Classifier:
    """The bundle in `place`, whose files are as they were made; errors call it `where`."""
    unknown = read_unknown(place)
    answering = _answering(place, record)
    notices = _notices(answering, record, tells=unknown is not None)
    classifier = Classifier(record, answering, read_held_out(place), unknown, notices, where)
    answers = check_golden(place, classifier.predict_pixels, classifier.precision)
    if unknown is not None:
        strangeness = unknown.strangeness_of(answers)
        check_unknown(place, unknown, strangeness, classifier.precision)
    return classifier


def _notices(answering: Answering, record: BundleRecord, *, tells: bool) -> tuple[str, ...]:
    """What whoever uses a bundle should see, which `tells` what is unknown or does not."""
    if tells:  # a member that tells nothing alone does so here
        return tuple(one for one in answering.notices if one != TELLS_NOTHING_UNKNOWN)
    if record.task == "multi" or TELLS_NOTHING_UNKNOWN in answering.notices:
        return answering.notices
    return (*answering.notices, TELLS_NOTHING_UNKNOWN)


def _answering(place: Path, record: BundleRecord) -> Answering:
    if record.combination is None:
        return OneNetwork(record, place / GRAPH_FILE)
    folders = [place / member.folder for member in record.combination.members]
    members = [_opened(one, read_record(one), str(one)).knowing(None) for one in folders]
    return Ensemble(members, record)
