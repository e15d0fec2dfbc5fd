"""What a run had decided before it learnt, kept so that a process that goes on does the same."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import fields, replace
from importlib.metadata import version
from typing import Any

import torch

from linnaeus.data.split_file import split_table
from linnaeus.errors import BundleError, DataError
from linnaeus.models.weights import digest_of_weights
from linnaeus.progress import Progress
from linnaeus.training.begun import DECIDED
from linnaeus.training.choice import Choice
from linnaeus.training.material import Material
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.state import State

__all__ = ["go_on_as_begun", "keep_decided", "take_decided"]

MACHINE = "machine"  # a part of what is saved of a run
VERSIONS = ("linnaeus", "torch", "numpy", "timm")


def go_on_as_begun(saver: Saver, progress: Progress) -> None:
    """Compute on as many threads as the process that began; note them where this one begins.

    What may change bits all the same is told.
    """
    here = _machine()
    found = saver.take(MACHINE)
    if found is None:
        saver.keep(MACHINE, State(here))
        saver.save()
        return
    torch.set_num_threads(found.facts["threads"])
    changed = [name for name in here if name != "threads" and here[name] != found.facts.get(name)]
    if changed:
        told = ", ".join(f"{name} {here[name]} and not {found.facts.get(name)}" for name in changed)
        progress.warn(
            f"The run goes on with {told}: it need not come to the same bits as without a break."
        )


def take_decided(saver: Saver, material: Material, choice: Choice) -> tuple[Choice, Recipe] | None:
    """The network and recipe that a run had come to; None where it had not.

    Raises DataError where it was begun with other data, BundleError with other weights.
    """
    found = saver.take(DECIDED)
    if found is None:
        return None
    if found.facts["fingerprint"] != material.dataset.fingerprint:
        raise DataError(
            "its pictures or labels are not those that the run was begun with",
            where=material.dataset.name,
            mend="Give the same data, or train anew into another folder.",
        )
    if found.facts["split"] != _digest_of_split(material):
        raise DataError(
            "its pictures are not parted as when the run was begun",
            where=material.dataset.name,
            mend="Give the same split file, or train anew into another folder.",
        )
    if found.facts["weights"] != digest_of_weights(choice.backbone):
        raise BundleError(
            f"the pretrained weights of {choice.name} are not those that the run was begun with",
            where="--weights",
            mend="Give the folder with the same weights, or train anew into another folder.",
        )
    recipe = Recipe.model_validate(found.facts["recipe"])
    return replace(choice, **found.facts["choice"]), recipe


def keep_decided(saver: Saver, material: Material, choice: Choice, recipe: Recipe) -> None:
    """Save what the run has come to, before it learns."""
    asked = ("backbone", "classical")  # what was asked for, and is known again by its name
    plain = {f.name: getattr(choice, f.name) for f in fields(choice) if f.name not in asked}
    facts = {
        "name": choice.name,
        "choice": plain,
        "recipe": recipe.model_dump(mode="json"),
        "fingerprint": material.dataset.fingerprint,
        "split": _digest_of_split(material),
        "weights": digest_of_weights(choice.backbone),
    }
    saver.keep(DECIDED, State(facts))
    saver.save()


def _machine() -> dict[str, Any]:
    versions = {name: version(name) for name in VERSIONS}
    return {"threads": torch.get_num_threads(), "processor": platform.machine()} | versions


def _digest_of_split(material: Material) -> str:
    table = split_table(material.dataset, material.scan.content_digests, material.split)
    return hashlib.sha256(table.encode("utf-8", "backslashreplace")).hexdigest()
