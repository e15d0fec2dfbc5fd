"""Checkpoints of a run: folders with a digest manifest, written aside and renamed last."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.errors import BundleError
from linnaeus.files import read_json, whole_folder, write_json
from linnaeus.manifest import MANIFEST, verify_manifest, write_manifest
from linnaeus.progress import Progress
from linnaeus.training.state import State

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Checkpoints"]

KEPT = 2
"""The newest, and the one before for the day on which a disk gives back other bytes."""


class Checkpoints:
    """The checkpoints in `folder`, numbered as they were made. One process at a time writes them.

    Each holds named parts: PART.json and PART.safetensors.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, parts: Mapping[str, State]) -> None:
        """Write a new checkpoint of `parts`, and remove all but the newest `KEPT`.

        Raises WriteError, and leaves those that there are, where the disk refuses.
        """
        stood = self._numbered()
        number = 1 + int(stood[-1].name) if stood else 1
        with whole_folder(self.folder / f"{number:06}") as aside:
            for name, state in parts.items():
                _write_part(aside, name, state)
            write_manifest(aside)
        for old in stood[: 1 - KEPT]:
            _remove(old)

    def newest(self, progress: Progress) -> dict[str, State]:
        """The parts of the newest checkpoint that is whole; of none where there is none.

        Those that are not as they were written are told of.
        """
        for folder in reversed(self._numbered()):
            try:
                return _read_parts(folder)
            except (BundleError, OSError, ValueError) as error:
                why = error.what if isinstance(error, BundleError) else str(error)
                progress.warn(
                    f"The checkpoint {folder} is not as it was written ({why}): the one before it"
                    " is taken."
                )
        return {}

    def set_aside(self, name: str, state: State) -> Path:
        """Write `state` to a folder beside the checkpoints, which outlives them."""
        folder = self.folder.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        with whole_folder(folder) as aside:
            _write_part(aside, name, state)
        return folder

    def _numbered(self) -> list[Path]:
        """The folders of checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(
            (folder for folder in self.folder.iterdir() if folder.name.isdigit()),
            key=lambda folder: int(folder.name),
        )


def _write_part(folder: Path, name: str, state: State) -> None:
    write_json(folder / f"{name}.json", state.facts)
    if state.tensors:
        from linnaeus.training.tensor_file import (
            write_tensors,
        )  # a run is refused before torch loads

        write_tensors(folder / f"{name}.safetensors", state.tensors)


def _read_parts(folder: Path) -> dict[str, State]:
    """Raises BundleError, OSError or ValueError where `folder` is not as it was written."""
    files = verify_manifest(folder)
    names = [Path(file).stem for file in files if file.endswith(".json")]
    return {
        name: State(
            read_json(folder / f"{name}.json"),
            _tensors(folder / f"{name}.safetensors") if f"{name}.safetensors" in files else {},
        )
        for name in names
    }


def _tensors(file: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(file)


def _remove(folder: Path) -> None:
    """Remove a checkpoint. Its manifest goes first: what is left is no checkpoint any more."""
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
