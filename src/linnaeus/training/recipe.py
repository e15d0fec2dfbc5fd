"""The recipe: every choice of a training run, in one frozen record with a default for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, ValidationError

from linnaeus.errors import UsageError
from linnaeus.files import read_json
from linnaeus.images.decode import MAX_PIXELS
from linnaeus.training.plan import TrainingPlan

__all__ = ["SMALL_CNN", "Recipe", "read_recipe", "recipe_with"]

SMALL_CNN = "small_cnn"

Side = Annotated[int, Ge(8), Le(1024)]


class Recipe(BaseModel):
    """Every choice of a training run. A run writes the one it used, with nothing left to choose.

    Training again with that file gives the same bits on the same machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "auto"
    """"auto", "small_cnn" (learnt from scratch), or a pretrained network whose weights are at
    hand. "auto" takes the best pretrained one at hand and small_cnn where there is none."""
    seed: Annotated[int, Ge(0)] = 0
    """Of every random number of the run. Change it to see how much luck there is in a figure."""
    validation: float = 0.1
    """Share of the pictures that choices and calibration are made on."""
    test: float = 0.2
    """Share of the pictures that only judge the finished bundle."""
    resplit: bool = False
    """Part the data anew although they come with a split."""
    allow_tiny: bool = False
    """Take classes of a single picture; they are learnt from and never judged."""
    budget_s: Annotated[float, Gt(0)] | None = None
    """Seconds that learning may take. None: as long as the default number of passes takes."""
    image_size_px: tuple[Side, Side] | None = None
    """(height, width) that pictures are brought to. None: from the sizes of the pictures."""
    fit: Literal["auto", "stretch", "crop", "pad"] = "auto"
    """How pictures are brought to that size. "auto" stretches: nothing is cut off or added."""
    max_pixels: Annotated[int, Ge(1)] = MAX_PIXELS
    """Pictures with more pixels are refused before they are decoded."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """What the bundle answers in. "auto" takes bfloat16 where the processor has it and validation
    shows that next to nothing changes; "float32" gives the same answers on every machine."""
    head_strengths: tuple[Annotated[float, Gt(0)], ...] = (
        1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6,
    )  # fmt: skip
    """Strengths of L2 regularisation to try for a head on frozen features, on features scaled to
    unit length; the one with the least log loss on validation is kept."""
    head_pictures: Annotated[int, Ge(1)] | None = None
    """Training pictures whose features a head is fitted on, in an order drawn from the seed; a
    finished run says how many there was time for. None: all that the budget allows."""
    network: TrainingPlan = TrainingPlan()
    """How small_cnn learns."""


def read_recipe(file: Path) -> Recipe:
    """Read a recipe from a JSON file, such as a run's recipe.json.

    Raises UsageError where it cannot be read or a field is unknown or out of its range.
    """
    try:
        return Recipe.model_validate(read_json(file))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        what = f"{field}: {first['msg'][0].lower()}{first['msg'][1:]}"
        raise UsageError(what, where=str(file), mend="Mend the field, or leave it out.") from None
    except (OSError, ValueError) as error:
        mend = "Give a JSON file such as a run's recipe.json."
        raise UsageError(f"not a recipe ({error})", where=str(file), mend=mend) from None


def recipe_with(recipe: Recipe | str | Path | None, **changes: object) -> Recipe:
    """`recipe` (or the file that holds it, or the default) with the `changes` that are not None.

    `epochs` changes the network's plan; changing the length of a run that is to be repeated drops
    its recorded pace and count of pictures. Raises UsageError for values out of range, and as
    `read_recipe` does.
    """
    base = recipe if isinstance(recipe, Recipe) else Recipe()
    if isinstance(recipe, str | Path):
        base = read_recipe(Path(recipe))
    fields = base.model_dump()
    given = {name: value for name, value in changes.items() if value is not None}
    if "epochs" in given:
        fields["network"] |= {"epochs": given.pop("epochs"), "paces": ()}
    if "budget_s" in given:
        fields["network"] |= {"paces": ()}
        fields["head_pictures"] = None
    try:
        return Recipe.model_validate(fields | given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{first['msg']}, not {first['input']!r}",
            where=f"the recipe's {field}",
            mend="Give a value in that range.",
        ) from None
