"""The manifest of a folder: the SHA-256 of each of its files, by which a copy is held whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linnaeus.errors import BundleError
from linnaeus.files import read_json, sha256_of, write_json, write_whole

__all__ = ["MANIFEST", "copy_listed", "read_listed", "verify_manifest", "write_manifest"]

MANIFEST = "manifest.json"
LEFT_BY_BROWSERS = {".ds_store", "thumbs.db", "desktop.ini"}
"""Files that the file browsers of macOS and Windows leave in folders that were looked at, in lower
case. Nothing of a bundle is ever read from them."""


def write_manifest(folder: Path) -> None:
    """Record the SHA-256 of every file under `folder` in its manifest.json."""
    files = {name: sha256_of(folder / name) for name in sorted(_files_under(folder) - {MANIFEST})}
    write_json(folder / MANIFEST, {"algorithm": "sha256", "files": files})


def verify_manifest(folder: Path) -> dict[str, str]:
    """Check every file under `folder` against its manifest; return {relative path: SHA-256}.

    What a file browser left behind (`LEFT_BY_BROWSERS`) is no change.

    Raises BundleError naming the first file that is changed, missing, not listed or not readable.
    """
    manifest = folder / MANIFEST
    try:
        files: dict[str, str] = dict(read_json(manifest)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BundleError(
            "the manifest is missing or not readable",
            where=str(manifest),
            mend="Copy the bundle again from where it was made.",
        ) from None
    try:
        present = _files_under(folder)
    except OSError as error:
        raise _cannot_be_read(folder, error) from None
    for name in sorted(present - {MANIFEST} - files.keys()):
        raise _not_as_made(folder / name, "was added after the bundle was made")
    for name, digest in sorted(files.items()):
        if name not in present:
            raise _not_as_made(folder / name, "is missing from the bundle")
        if _digest(folder / name) != digest:
            raise _not_as_made(folder / name, "was changed after the bundle was made")
    return files


def copy_listed(folder: Path, place: Path) -> None:
    """Copy the files that the manifest of `folder` lists, and the manifest, to the new `place`.

    Raises BundleError as `verify_manifest` does, WriteError where the disk refuses.
    """
    for name, content in read_listed(folder):
        write_whole(place / name, content)


def read_listed(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files that the manifest of `folder` lists, and the manifest: their paths and bytes.

    Raises BundleError as `verify_manifest` does, before the first of them.
    """
    for name in (*verify_manifest(folder), MANIFEST):
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise _cannot_be_read(folder / name, error) from None
        yield name, content


def _digest(file: Path) -> str:
    try:
        return sha256_of(file)
    except OSError as error:
        raise _cannot_be_read(file, error) from None


def _files_under(folder: Path) -> set[str]:
    """Relative paths, with slashes, of all files but those that a file browser left."""
    return {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.name.lower() not in LEFT_BY_BROWSERS and file.is_file()
    }


def _cannot_be_read(file: Path, error: OSError) -> BundleError:
    what = f"it cannot be read ({error.strerror or error})"
    return BundleError(what, where=str(file), mend="Check its permissions, or copy it again.")


def _not_as_made(file: Path, what: str) -> BundleError:
    mend = "Use a bundle only as it was made: copy it again from its source, or train anew."
    return BundleError(what, where=str(file), mend=mend)
