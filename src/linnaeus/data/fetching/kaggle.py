"""Data sets of Kaggle, through its own package, which resumes and checks what it downloads."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from linnaeus.errors import MissingError, WriteError
from linnaeus.progress import Progress

__all__ = ["download", "full_version", "page_of"]

CACHE_VARIABLE = "KAGGLEHUB_CACHE"
CREDENTIALS = (
    "Set KAGGLE_API_TOKEN, or put kaggle.json into ~/.kaggle (kaggle.com, Settings, API), and"
    " accept the data set's terms on its page if it has any."
)


def page_of(repository: str, version: str) -> str:
    """Where people can read about the data set `repository` ("owner/name")."""
    return f"https://www.kaggle.com/datasets/{repository}/versions/{version}"


def full_version(repository: str, version: str) -> str:
    """The number of the newest version where none is given. Raises MissingError."""
    if version:
        return version
    owner, name = repository.split("/")
    clients = _kagglehub("kagglehub.clients")
    requests = _kagglehub("kagglesdk.datasets.types.dataset_api_service")
    asked = requests.ApiGetDatasetRequest()
    asked.owner_slug, asked.dataset_slug = owner, name
    with _reasons(repository), clients.build_kaggle_client() as client:
        answer = client.datasets.dataset_api_client.get_dataset(asked)
    return str(answer.current_version_number)


def download(repository: str, version: str, folder: Path, progress: Progress) -> None:
    """Put the files of this version into the empty `folder`. Raises MissingError or WriteError.

    The package resumes in its own cache only, so that is set beside `folder` for the while.
    """
    cache = folder.with_name("kagglehub")
    kagglehub = _kagglehub("kagglehub")
    logging.getLogger("kagglehub").setLevel(logging.WARNING)  # it tells on standard output
    progress.say(f"Downloading {page_of(repository, version)}")
    with _cache_at(cache), _reasons(repository):
        came = Path(kagglehub.dataset_download(f"{repository}/versions/{version}"))
    if came.is_relative_to(cache):
        folder.rmdir()
        came.replace(folder)
        shutil.rmtree(cache)
    else:  # in notebooks of Kaggle and Colab it is mounted somewhere, and belongs to others
        shutil.copytree(came, folder, dirs_exist_ok=True)


@contextmanager
def _cache_at(folder: Path) -> Iterator[None]:
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CACHE_VARIABLE]
        else:
            os.environ[CACHE_VARIABLE] = before


def _kagglehub(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingError(
            "data sets of Kaggle need the package kagglehub, which is not installed",
            mend='Install it: pip install "linnaeus[data]"',
        ) from None


@contextmanager
def _reasons(repository: str) -> Iterator[None]:
    """Tell what its package raises as MissingError, or as WriteError where the disk failed."""
    where = f"kaggle:{repository}"
    try:
        yield
    except OSError as error:  # the errors of its requests are of this kind too
        response = getattr(error, "response", None)
        if response is None and error.errno is not None and error.filename is not None:
            raise _not_written(where, error) from None
        raise _not_had(where, getattr(response, "status_code", None), error) from None
    except Exception as error:  # its own errors have no common kind
        raise _not_had(where, None, error) from None


def _not_had(where: str, status: int | None, error: Exception) -> MissingError:
    if status == 404:
        what, mend = "Kaggle has no such data set or version", "Check the name on kaggle.com."
    elif status in (401, 403):
        what = "Kaggle does not give it to you: it is private, has terms, or does not exist"
        mend = CREDENTIALS
    elif status is not None:
        what, mend = f"Kaggle answered HTTP {status}", "Try again later."
    elif isinstance(error, OSError):
        what = "Kaggle cannot be reached, or the connection broke off"
        mend = "Check the connection, and run the command again: it goes on where it broke off."
    elif type(error).__name__ == "DataCorruptionError":
        what = "what came has another MD5 digest than Kaggle gives for it"
        mend = "Run the command again: it is fetched anew."
    else:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        what, mend = f"it could not be downloaded ({reason})", "Run the command again."
    return MissingError(what, where=where, mend=mend)


def _not_written(where: str, error: OSError) -> WriteError:
    return WriteError(
        f"the download could not be written ({error.strerror})",
        where=where,
        mend="Free some space or check the permissions, and run the command again.",
    )
