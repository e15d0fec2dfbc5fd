"""Files that cannot be read, are not what they seem, or that nobody labelled."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from linnaeus.counted import are, pictures
from linnaeus.data.checks.seen import Seen
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Finding
from linnaeus.data.layout import from_root, is_picture, is_unread_kind, listed
from linnaeus.data.store import Beneath, Listing, Store
from linnaeus.errors import Fault
from linnaeus.images.decode import IMAGE_SUFFIXES

__all__ = [
    "empty",
    "mislabelled_format",
    "refused_pictures",
    "stray_files",
    "truncated",
    "unlabelled_pictures",
    "unread_kinds",
    "unreadable",
]

SUFFIXES = {
    "AVIF": ".avif",
    "BMP": ".bmp .dib",
    "DIB": ".dib .bmp",
    "GIF": ".gif",
    "ICO": ".ico",
    "JPEG": ".jpg .jpeg .jpe .jfif .mpo",
    "JPEG2000": ".jp2 .j2k",
    "MPO": ".mpo .jpg .jpeg .jpe .jfif",
    "PCX": ".pcx",
    "PNG": ".png",
    "PPM": ".ppm .pgm .pbm .pnm",
    "QOI": ".qoi",
    "SGI": ".sgi",
    "TGA": ".tga",
    "TIFF": ".tif .tiff",
    "WEBP": ".webp",
}
"""{Pillow's name of a format: the endings that promise it}, in lower case."""


def unreadable(seen: Seen) -> Iterable[Finding]:
    if reasons := seen.scan.unreadable:
        first, why = next(iter(reasons.items()))
        yield Finding(
            "unreadable",
            "error",
            len(reasons),
            f"{pictures(len(reasons))} cannot be read and {are(len(reasons))} left out"
            f" (first: {first}: {why}).",
            "Replace them or take them out.",
            [[path] for path in reasons],
            reasons,
        )


def truncated(seen: Seen) -> Iterable[Finding]:
    """Those among the unreadable that end too soon."""
    yield from _of_the_unreadable(
        seen,
        "truncated",
        "1 ends before its picture does, as after a broken download",
        "end before their pictures do, as after a broken download",
        "Copy or download them again.",
    )


def empty(seen: Seen) -> Iterable[Finding]:
    """Those among the unreadable that have no bytes."""
    yield from _of_the_unreadable(
        seen,
        "empty",
        "1 is empty",
        "are empty",
        "Copy them again from where they came, or take them out.",
    )


def _of_the_unreadable(
    seen: Seen, fault: Fault, one: str, several: str, advice: str
) -> Iterable[Finding]:
    paths = [path for path, own in seen.scan.faults.items() if own == fault]
    if paths:
        said = one if len(paths) == 1 else f"{len(paths):,} {several}"
        yield Finding(
            fault,
            "error",
            len(paths),
            f"Of the files that cannot be read, {said} ({listed(paths)}).",
            advice,
            [[path] for path in paths],
            {path: seen.scan.unreadable[path] for path in paths},
        )


def mislabelled_format(seen: Seen) -> Iterable[Finding]:
    reasons = {
        path: f"named {suffix}, but in the format {file_format}"
        for path, file_format in zip(seen.dataset.paths, seen.scan.formats, strict=True)
        if (suffix := PurePosixPath(path).suffix.lower()) in IMAGE_SUFFIXES
        and suffix not in SUFFIXES.get(file_format, suffix).split()
    }
    if reasons:
        first, why = next(iter(reasons.items()))
        yield Finding(
            "mislabelled-format",
            "warning",
            len(reasons),
            f"{pictures(len(reasons))} {are(len(reasons))} in another format than the name says"
            f" (first: {first}: {why}).",
            "They are read by their content; rename them, for other programs may refuse them.",
            [[path] for path in reasons],
            reasons,
        )


def refused_pictures(seen: Seen) -> Iterable[Finding]:
    """Those that a folder or an archive does not give; an error where a class's folder has no
    other."""
    if refused := _refused(seen.dataset):
        first, why = next(iter(refused.items()))
        several = len(refused) > 1
        yield Finding(
            "refused-pictures",
            "error" if _folders_lost(seen.dataset, refused) else "warning",
            len(refused),
            f"{pictures(len(refused))} {'were' if several else 'was'} refused and"
            f" {are(len(refused))} left out (first: {first}: {why}).",
            "Put the pictures themselves in their places, or take them out.",
            [[path] for path in refused],
            refused,
        )


def _refused(dataset: Dataset) -> dict[str, str]:
    """{path: why} of what is left alone and would be a picture, had its store not refused it."""
    listing, root = _listing(dataset)
    refused = from_root(root, listing.refused)
    return {
        path: why
        for path, why in dataset.left_alone.items()
        if path in refused and (is_picture(path) or is_unread_kind(path))
    }


def _folders_lost(dataset: Dataset, refused: Iterable[str]) -> set[str]:
    """Folders with `refused` pictures in which, and above which, no other picture lies.

    None where the store does not list its pictures, as that of a table does not.
    """
    listing, root = _listing(dataset)
    pictured = {
        posixpath.dirname(path.removeprefix(root))
        for path in listing.files
        if path.startswith(root) and is_picture(path)
    }
    folders = {posixpath.dirname(path) for path in refused if not path.startswith(("/", "../"))}
    above = {folder: set(map(str, PurePosixPath(folder, "x").parents)) for folder in folders - {""}}
    return {folder for folder in above if pictured and not above[folder] & pictured}


def _listing(dataset: Dataset) -> tuple[Listing, str]:
    """What the data set's store holds, and the folder in it ("" or ending in "/") that it is."""
    source = dataset.source
    if isinstance(source, Beneath):
        return source.store.listing, source.prefix
    return source.listing if isinstance(source, Store) else Listing((), frozenset(), {}), ""


def _left_alone(dataset: Dataset, is_of_kind: Callable[[str], bool]) -> dict[str, str]:
    """{path: why} of the files of a kind that are left alone, but for those that are refused."""
    refused = _refused(dataset)
    return {
        path: why
        for path, why in dataset.left_alone.items()
        if is_of_kind(path) and path not in refused
    }


def unlabelled_pictures(seen: Seen) -> Iterable[Finding]:
    loose = _left_alone(seen.dataset, is_picture)
    if loose:
        yield Finding(
            "unlabelled-pictures",
            "warning",
            len(loose),
            f"{pictures(len(loose))} without a label {are(len(loose))} left alone"
            f" ({listed(loose)}).",
            "Move them into their class folders, or take them out.",
            [[path] for path in loose],
            loose,
        )


def unread_kinds(seen: Seen) -> Iterable[Finding]:
    unread = _left_alone(seen.dataset, is_unread_kind)
    if unread:
        kinds = sorted({PurePosixPath(path).suffix.lower() for path in unread})
        yield Finding(
            "unread-kinds",
            "warning",
            len(unread),
            f"{pictures(len(unread))} of kinds that are not read ({listed(kinds)})"
            f" {are(len(unread))} left alone ({listed(unread)}).",
            "Save them as JPEG or PNG, or take them out.",
            [[path] for path in unread],
            unread,
        )


def stray_files(seen: Seen) -> Iterable[Finding]:
    strays = {
        path: why
        for path, why in seen.dataset.left_alone.items()
        if not is_picture(path) and not is_unread_kind(path)
    }
    if strays:
        told = (f"{path}: {why}" for path, why in strays.items())
        yield Finding(
            "stray-files",
            "note",
            len(strays),
            f"{len(strays):,} {'entry' if len(strays) == 1 else 'entries'} beside the pictures"
            f" {are(len(strays))} left alone ({listed(told)}).",
            "Nothing needs to be done, unless one of them was meant to be used.",
            [[path] for path in strays],
            strays,
        )
