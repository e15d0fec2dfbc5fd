"""Pretrained weights: where they are on this machine, and how they are fetched when asked for.

Weights are folders in timm's own form (`config.json` and `model.safetensors`), looked for in the
folders that the user names, in LINNAEUS_WEIGHTS, and in the cache of the Hugging Face hub. Nothing
is downloaded unless `fetch` is called.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linnaeus.errors import MissingError

__all__ = [
    "DEFAULT_BACKBONE",
    "Backbone",
    "fetch",
    "find_weights",
    "named_among",
]

DEFAULT_BACKBONE = "mobilenetv3_large_100.ra_in1k"
"""What `--download` fetches where no network is named: small, quick on a CPU, Apache-2.0."""

PREFERRED = ("convnextv2", "convnext", "efficientnet", "mobilenetv3", "mobilenetv2", "resnet")
"""Families in the order in which `auto` takes them where several are at hand: by how well a linear
head on their frozen features does for the time that they take on a CPU."""


@dataclass(frozen=True)
class Backbone:
    """A pretrained network whose weights are on this machine, in timm's folder form."""

    name: str
    folder: Path
    architecture: str
    side_px: int
    licence: str


def find_weights(folders: Sequence[str | Path]) -> dict[str, Backbone]:
    """The backbones at hand, by name, best first; those of earlier folders hide later namesakes.

    `folders` come first, then those of LINNAEUS_WEIGHTS (separated as in PATH), then the hub's
    cache. Raises MissingError for a folder of `folders` that holds no weights.
    """
    found: dict[str, Backbone] = {}
    for folder in map(Path, folders):
        here = _backbones_in(folder)
        if not here:
            raise MissingError(
                "no pretrained weights are here",
                where=str(folder),
                mend="Name a folder with config.json and model.safetensors, or one that holds"
                " such folders.",
            )
        found = {**here, **found}
    for folder in _usual_folders():
        found = {**_backbones_in(folder), **found}
    return dict(sorted(found.items(), key=lambda item: (_preference(item[0]), item[0])))


def named_among(name: str, found: dict[str, Backbone]) -> Backbone:
    """The backbone called `name`, with or without its tag.

    Raises MissingError naming what is at hand.
    """
    exact = [b for n, b in found.items() if name in (n, n.partition(".")[0])]
    if exact:
        return exact[0]
    near = difflib.get_close_matches(name, found, n=1)
    at_hand = f"At hand: {', '.join(found)}." if found else "No weights are at hand."
    guess = f" Did you mean {near[0]}?" if near else ""
    raise MissingError(
        f'there are no weights for "{name}" on this machine',
        mend=f"{at_hand}{guess} Give --weights DIR, or --download to fetch them.",
    )


def fetch(name: str) -> Backbone:
    """Download the weights of timm's network `name` from the Hugging Face hub into its cache.

    Raises MissingError where the hub cannot be reached or does not have it.
    """
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            f"timm/{name}", allow_patterns=["config.json", "model.safetensors"]
        )
    except Exception as error:  # its own errors, and those of whatever carries its requests
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise MissingError(
            f"the weights could not be downloaded ({reason})",
            where=f"timm/{name}",
            mend="Check the name and the connection, or give --weights DIR.",
        ) from None
    found = _read_backbone(Path(folder), name)
    if found is None:
        raise MissingError(
            "the hub has no config.json with model.safetensors for it",
            where=f"timm/{name}",
            mend="Choose another network (see `linnaeus models`).",
        )
    return found


def _usual_folders() -> list[Path]:
    named = os.environ.get("LINNAEUS_WEIGHTS", "")
    folders = [Path(part) for part in named.split(os.pathsep) if part]
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError:
        return folders
    return [*folders, *sorted(Path(HF_HUB_CACHE).glob("models--timm--*/snapshots"))]


def _backbones_in(folder: Path) -> dict[str, Backbone]:
    """Backbones of `folder` itself and of the folders in it, by name."""
    if not folder.is_dir():
        return {}
    candidates = [folder, *sorted(f for f in folder.iterdir() if f.is_dir())]
    read = [_read_backbone(one, _name_of(one)) for one in candidates]
    return {backbone.name: backbone for backbone in read if backbone}


def _name_of(folder: Path) -> str:
    """A folder's name, or the repository's for a snapshot in the hub's cache."""
    if folder.parent.name == "snapshots":
        return folder.parent.parent.name.removeprefix("models--timm--")
    return folder.name


def _read_backbone(folder: Path, name: str) -> Backbone | None:
    if not (folder / "model.safetensors").is_file():
        return None
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        details = config.get("pretrained_cfg", config)
        side_px = int(details["input_size"][-1])
        licence = str(details.get("license", ""))
        return Backbone(name, folder, str(config["architecture"]), side_px, licence)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _preference(name: str) -> int:
    return next((i for i, family in enumerate(PREFERRED) if name.startswith(family)), 99)
