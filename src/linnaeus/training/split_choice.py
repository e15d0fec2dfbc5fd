"""Which choices of a split go together: a saved one stands alone, a domain is the whole test."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import TYPE_CHECKING

from linnaeus.data.parting import Parting
from linnaeus.errors import UsageError

if TYPE_CHECKING:
    from linnaeus.training.recipe import Recipe

__all__ = ["check_split_choice", "parting_of"]

OPTION_OF = {
    "validation": "--val",
    "test": "--test",
    "resplit": "--resplit",
    "allow_tiny": "--allow-tiny",
    "near_duplicates": "--near-duplicates",
    "time_column": "--time-column",
    "domain_column": "--domain-column",
    "test_domain": "--test-domain",
}
"""Options that say how to part data."""

OF_FOLDS = {"fold": "--fold", "repeat": "--repeat", "inner": "--inner"}


def check_split_choice(recipe: Recipe, given: Collection[str]) -> None:
    """Raise UsageError where the recipe's choices of a split contradict each other.

    `given`: the fields that were asked for beside a recipe. What a saved split would pass over in
    silence must not be among them.
    """
    if recipe.folds is not None:
        _check_folds(recipe, given)
    if recipe.ensemble is not None:
        _check_ensemble(recipe, recipe.ensemble, given)
    if recipe.split_file is not None:
        _check_alone(recipe, given)
        return
    for name, option in OF_FOLDS.items():
        if getattr(recipe, name) is not None:
            raise UsageError(
                "no split file is named that holds folds",
                where=option,
                mend="Name one with --split; `linnaeus data split DATA --folds 5` writes it.",
            )
    parting_of(recipe)
    if recipe.domain_column is not None and recipe.test_domain is None:
        raise UsageError(
            "which of the domains is the test is not said",
            where="--domain-column",
            mend="Name it with --test-domain.",
        )
    if recipe.domain_column is not None and "test" in given:
        raise UsageError(
            f"the test is the domain '{recipe.test_domain}', and no share of the pictures",
            where="--test",
            mend="Leave it out.",
        )


def parting_of(recipe: Recipe) -> Parting:
    """The recipe's choices of how to part data. Raises UsageError as `Parting` does."""
    return Parting(**{field.name: getattr(recipe, field.name) for field in fields(Parting)})


def _check_folds(recipe: Recipe, given: Collection[str]) -> None:
    """Refuse beside folds what says otherwise which pictures are the test, and an ensemble."""
    if "test" in given:
        raise UsageError(
            f"each of {recipe.folds} folds is the test in turn",
            where="--test",
            mend="Leave it out.",
        )
    others = {
        "split_file": "--split",
        "time_column": "--time-column",
        "domain_column": "--domain-column",
        "ensemble": "--ensemble",
    }
    for name, option in others.items():
        if getattr(recipe, name) is not None:
            raise UsageError(
                "a cross-validation parts all pictures into folds, and trains one classifier on"
                " each side of them",
                where=option,
                mend="Leave it out, or train without --folds.",
            )


def _check_ensemble(recipe: Recipe, ensemble: str, given: Collection[str]) -> None:
    """Refuse beside an `ensemble` what it would pass over in silence."""
    if ensemble.startswith("folds") and "validation" in given:
        raise UsageError(
            f"of {ensemble} each member is chosen on the fold that it does not learn from",
            where="--val",
            mend="Leave it out.",
        )
    if recipe.unknown is not None:
        raise UsageError(
            "how the members of an ensemble together tell unknown pictures is not judged on these",
            where="--unknown",
            mend="Leave it out, and give it to `linnaeus evaluate` with the finished ensemble.",
        )


def _check_alone(recipe: Recipe, given: Collection[str]) -> None:
    columns = {"time_column", "domain_column", "test_domain"}
    beside = [
        option
        for name, option in OPTION_OF.items()
        if name in given or (name in columns and getattr(recipe, name) is not None)
    ]
    if beside:
        raise UsageError(
            f"the split file {recipe.split_file} says already where every picture stands",
            where=beside[0],
            mend="Leave it out, or part the data without a split file.",
        )
