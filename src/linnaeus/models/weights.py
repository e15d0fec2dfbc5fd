"""Pretrained weights: where they are on this machine, and how they are fetched when asked for.

Weights are folders in timm's own form (`config.json` and `model.safetensors`), looked for in the
folders that the user names, in LINNAEUS_WEIGHTS, and in the cache of the Hugging Face hub. Nothing
is downloaded unless `fetch` is called.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linnaeus.errors import MissingError
from linnaeus.files import sha256_of

__all__ = [
    "DEFAULT_BACKBONE",
    "NETWORK_FILES",
    "Backbone",
    "digest_of_weights",
    "fetch",
    "find_weights",
    "named_among",
]

DEFAULT_BACKBONE = "mobilenetv3_large_100.ra_in1k"
"""What `--download` fetches where no network is named: small, quick on a CPU, Apache-2.0."""

VARIABLE = "LINNAEUS_WEIGHTS"
OF_TIMM = "models--timm--"  # how folders of the hub's cache begin

CONFIG = "config.json"
NETWORK_FILES = (CONFIG, "model.safetensors")
A_FOLDER_OF_WEIGHTS = (
    "Name a folder with config.json and model.safetensors, or one that holds such folders."
)

PREFERRED = ("convnextv2", "convnext", "efficientnet", "mobilenetv3", "mobilenetv2", "resnet")
"""Families in the order in which `auto` takes them where several are at hand: by how well a linear
head on their frozen features does for the time that they take on a CPU."""


@dataclass(frozen=True)
class Backbone:
    """A pretrained network whose weights are on this machine, in timm's folder form.

    `arguments`: what timm makes it with beside its name, such as another padding.
    """

    name: str
    folder: Path
    architecture: str
    side_px: int
    licence: str
    arguments: dict[str, Any] = field(default_factory=dict)


def digest_of_weights(backbone: Backbone | None) -> str:
    """The SHA-256 of those of all files of `backbone`, by which it is known again; "" of none."""
    if backbone is None:
        return ""
    digests = [sha256_of(backbone.folder / name) for name in NETWORK_FILES]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def find_weights(folders: Sequence[str | Path]) -> dict[str, Backbone]:
    """The backbones at hand, by name, best first; those of earlier folders hide later namesakes.

    `folders` come first, then those of LINNAEUS_WEIGHTS (separated as in PATH), then the hub's
    cache, of which only whole networks are taken. Raises MissingError for a folder of `folders` or
    the variable that is absent, holds no weights, or holds a network of which a part is missing.
    """
    found: dict[str, Backbone] = {}
    for folder in map(Path, folders):
        found = _named_backbones(folder, str(folder)) | found
    for folder in _folders_of_variable():
        found = _named_backbones(folder, f"{folder} (named by {VARIABLE})") | found
    found = _backbones_of_hub() | found
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
        folder = snapshot_download(f"timm/{name}", allow_patterns=[*NETWORK_FILES])
    except Exception as error:  # its own errors, and those of whatever carries its requests
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise MissingError(
            f"the weights could not be downloaded ({reason})",
            where=f"timm/{name}",
            mend="Check the name and the connection, or give --weights DIR.",
        ) from None
    try:
        return _read_backbone(Path(folder), name)
    except _NotWhole:
        raise MissingError(
            "the hub has no config.json with model.safetensors for it",
            where=f"timm/{name}",
            mend="Choose another network (see `linnaeus models`).",
        ) from None


class _NotWhole(Exception):
    """Why a folder is no network, as a clause."""


def _folders_of_variable() -> list[Path]:
    return [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]


def _named_backbones(folder: Path, where: str) -> dict[str, Backbone]:
    """Backbones of a folder that the user named, and of the folders in it, by name."""
    try:
        if not folder.is_dir():
            raise _NotWhole("this is a file" if folder.exists() else "there is no such folder")
        found = [_read_backbone(one, _name_of(one)) for one in _networks_in(folder)]
        if not found:
            raise _NotWhole("no pretrained weights are here")
    except _NotWhole as reason:
        raise MissingError(str(reason), where=where, mend=A_FOLDER_OF_WEIGHTS) from None
    except OSError as error:
        what = f"it may not be read ({error.strerror})"
        raise MissingError(what, where=where, mend="Check the permissions.") from None
    return {backbone.name: backbone for backbone in found}


def _networks_in(folder: Path) -> list[Path]:
    """`folder` and the folders in it, as far as they hold a file of a network."""
    candidates = [folder, *sorted(inner for inner in folder.iterdir() if inner.is_dir())]
    return [one for one in candidates if any((one / name).is_file() for name in NETWORK_FILES)]


def _name_of(folder: Path) -> str:
    """A folder's name, or the repository's for a snapshot in the hub's cache."""
    if folder.parent.name == "snapshots":
        return folder.parent.parent.name.removeprefix(OF_TIMM)
    return folder.name if folder.name not in ("", "..") else folder.resolve().name


def _read_backbone(folder: Path, name: str) -> Backbone:
    """The network in `folder`. Raises _NotWhole where a file is missing or says too little."""
    for there, missing in (NETWORK_FILES, NETWORK_FILES[::-1]):
        if not (folder / missing).is_file():
            raise _NotWhole(f'the network "{name}" has {there} but no {missing}')
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        details = config.get("pretrained_cfg", config)
        side_px = int(details["input_size"][-1])
        licence = str(details.get("license", ""))
        arguments = dict(config.get("model_args") or {})
        return Backbone(name, folder, str(config["architecture"]), side_px, licence, arguments)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _NotWhole(
            f'the {CONFIG} of the network "{name}" is damaged, or not in timm\'s form'
        ) from None


def _backbones_of_hub() -> dict[str, Backbone]:
    """What was fetched whole into the hub's cache. Its other contents are nobody's mistake."""
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError:
        return {}
    kept = (_kept_by_hub(repository) for repository in Path(HF_HUB_CACHE).glob(f"{OF_TIMM}*"))
    return {backbone.name: backbone for backbone in kept if backbone}


def _kept_by_hub(repository: Path) -> Backbone | None:
    """A repository's network as of refs/main, else the one fetched last that is whole."""
    current = ""
    with suppress(OSError, ValueError):
        current = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
    snapshots = list((repository / "snapshots").glob("*"))
    snapshots.sort(key=lambda one: (one.name == current, one.stat().st_mtime), reverse=True)
    for snapshot in snapshots:
        with suppress(_NotWhole, OSError):
            return _read_backbone(snapshot, _name_of(snapshot))
    return None


def _preference(name: str) -> int:
    return next((i for i, family in enumerate(PREFERRED) if name.startswith(family)), 99)
