"""Data sets of the Hugging Face hub, through its own package; each file held to its digest there.

Only files are fetched. Programs that a data set may bring along are never run.
"""

from __future__ import annotations

import hashlib
import importlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from linnaeus.data.fetching.remote import Digest
from linnaeus.errors import MissingError, WriteError
from linnaeus.progress import Progress

__all__ = ["download", "full_version", "page_of"]

KEPT_BY_HUB = ".cache"
CREDENTIALS = (
    "If it is private or gated, accept its terms on huggingface.co and log in (`hf auth login`, or"
    " set HF_TOKEN); else check the name."
)


def page_of(repository: str, version: str) -> str:
    """Where people can read about the data set `repository` ("owner/name")."""
    return f"https://huggingface.co/datasets/{repository}/tree/{version}"


def full_version(repository: str, version: str) -> str:
    """The commit (40 hexadecimal digits) of `version`; the newest where none is given.

    Raises MissingError.
    """
    hub = _hub()
    with _reasons(hub, repository):
        return str(hub.HfApi().dataset_info(repository, revision=version or None).sha)


def download(repository: str, version: str, folder: Path, progress: Progress) -> None:
    """Put the files of commit `version` into `folder`, going on with what is there already.

    Raises MissingError or WriteError.
    """
    hub = _hub()
    progress.say(f"Downloading {page_of(repository, version)}")
    with _reasons(hub, repository):
        asked = {"repo_id": repository, "repo_type": "dataset", "revision": version}
        hub.snapshot_download(**asked, local_dir=folder)
        listed = list(hub.HfApi().list_repo_tree(**asked, recursive=True))
    shutil.rmtree(folder / KEPT_BY_HUB, ignore_errors=True)
    for file in listed:
        if getattr(file, "blob_id", None) and not _is_right(folder / file.path, file):
            (folder / file.path).unlink(missing_ok=True)
            raise MissingError(
                "a downloaded file is not the one that the hub lists",
                where=f"hf:{repository}: {file.path}",
                mend="Run the command again: the file is fetched anew.",
            )


def _is_right(path: Path, listed: Any) -> bool:
    """Whether a file has the digest that the hub lists: SHA-256 of large ones, else Git's own."""
    if not path.is_file():
        return False
    if listed.lfs:
        pinned = Digest("sha256", str(listed.lfs.sha256))
        return pinned.of(path) == pinned
    content = path.read_bytes()
    blob = b"blob %d\0" % len(content) + content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == str(listed.blob_id)


def _hub() -> Any:
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError:
        raise MissingError(
            "data sets of the Hugging Face hub need the package huggingface_hub, which is not"
            " installed",
            mend='Install it: pip install "linnaeus[data]"',
        ) from None


@contextmanager
def _reasons(hub: Any, repository: str) -> Iterator[None]:
    """Tell what its package raises as MissingError, or as WriteError where the disk failed."""
    where = f"hf:{repository}"
    try:
        yield
    except hub.errors.RevisionNotFoundError:
        what = "the hub has the data set, but not this version of it"
        raise MissingError(what, where=where, mend="Check the commit on huggingface.co.") from None
    except hub.errors.RepositoryNotFoundError:  # gated ones too
        what = "the hub has no such data set, or does not show it to you"
        raise MissingError(what, where=where, mend=CREDENTIALS) from None
    except hub.errors.HfHubHTTPError as error:
        status = getattr(getattr(error, "response", None), "status_code", "an error")
        mend = CREDENTIALS if status in (401, 403) else "Try again later: what arrived is kept."
        raise MissingError(f"the hub answered HTTP {status}", where=where, mend=mend) from None
    except OSError as error:
        if error.errno is None or error.filename is None:
            raise _broken(where, error) from None
        raise WriteError(
            f"the download could not be written ({error.strerror})",
            where=where,
            mend="Free some space or check the permissions, and run the command again.",
        ) from None
    except Exception as error:  # of whatever carries its requests
        raise _broken(where, error) from None


def _broken(where: str, error: Exception) -> MissingError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return MissingError(
        f"the hub cannot be reached, or the connection broke off ({reason[:120]})",
        where=where,
        mend="Check the connection, and run the command again: it goes on where it broke off.",
    )
