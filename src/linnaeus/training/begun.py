"""What a run was asked for when it was begun, as a file, so that another process can go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from linnaeus.errors import DataError, UsageError
from linnaeus.leaves import leaves
from linnaeus.runs.state import BEGUN
from linnaeus.training.recipe import Recipe, of_one_budget, with_unknown_from_the_root
from linnaeus.training.saving import Saver
from linnaeus.version import __version__

__all__ = ["DECIDED", "Begun", "check_same_recipe", "network_of", "read_begun"]

FORMAT = 1
DECIDED = "decided"  # a part of what is saved of a run: see `resuming`


class Begun(BaseModel):
    """What a run was asked for when it was begun.

    `data`: as `load_dataset` takes it; None where a loaded Dataset was given. `columns`: the other
    arguments of `load_dataset`. `weights`: folders with pretrained networks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    linnaeus_version: str = __version__
    begun: str
    data: str | None
    columns: dict[str, str | list[str] | None]
    weights: tuple[str, ...]
    recipe: Recipe

    @classmethod
    def now(
        cls,
        data: str | None,
        columns: Mapping[str, str | Sequence[str] | None],
        weights: Sequence[str | Path],
        recipe: Recipe,
    ) -> Begun:
        """What is asked for at this moment. Paths are kept from the root on."""
        plain = {n: v if v is None or isinstance(v, str) else list(v) for n, v in columns.items()}
        return cls(
            begun=datetime.now(UTC).isoformat(timespec="seconds"),
            data=None if data is None else _from_the_root(data),
            columns=plain | {"table": plain["table"] and _from_the_root(str(plain["table"]))},
            weights=tuple(str(Path(folder).absolute()) for folder in weights),
            recipe=_as_it_is_kept(recipe),
        )


def read_begun(folder: Path) -> Begun:
    """What the run in `folder` was asked for. Raises UsageError where there is none to go on with.

    DataError where what stands there is not what was written.
    """
    file = folder / BEGUN
    try:
        return Begun.model_validate_json(file.read_bytes())
    except ValidationError:
        raise DataError(
            "this is not as it was written, or by another version of Linnaeus",
            where=str(file),
            mend="Train anew, into another folder.",
        ) from None
    except (OSError, ValueError):  # no name has a null character in it
        raise UsageError(
            "no run was begun here, or not by a version that could go on with it",
            where=str(folder),
            mend="Name the folder of a run that was interrupted.",
        ) from None


def check_same_recipe(asked: Recipe, begun: Recipe) -> None:
    """Raise UsageError, naming a field, where `asked` is not the recipe that a run was begun with.

    >>> check_same_recipe(Recipe(seed=1), Recipe(seed=1))
    """
    then, now = (leaves(_as_it_is_kept(one).model_dump(mode="json")) for one in (begun, asked))
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            raise UsageError(
                f"this run was begun with {name} {then.get(name)}, not {now.get(name)}",
                where="--resume",
                mend="Leave the option out, or train anew into another folder.",
            )


def network_of(saver: Saver, recipe: Recipe) -> str:
    """The name of the network that a run had chosen; what `recipe` asks for where it had not."""
    found = saver.look(DECIDED)
    return recipe.model if found is None else str(found.facts["name"])


def _as_it_is_kept(recipe: Recipe) -> Recipe:
    """`recipe` with one budget, and with what it names of files named from the root on."""
    recipe = with_unknown_from_the_root(of_one_budget(recipe))
    if recipe.split_file is None:
        return recipe
    return recipe.model_copy(update={"split_file": _from_the_root(recipe.split_file)})


def _from_the_root(path: str) -> str:
    """`path` from the root on, where something stands there; names of data sets stay."""
    return str(Path(path).absolute()) if Path(path).exists() else path
