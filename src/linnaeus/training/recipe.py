"""The recipe: every choice of a training run, in one frozen record with a default for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from linnaeus.bundle.views import AskedViews
from linnaeus.data.parting import NearPolicy
from linnaeus.errors import UsageError
from linnaeus.images.decode import MAX_PIXELS
from linnaeus.training.classical.plan import ClassicalPlan
from linnaeus.training.ensemble_plan import checked_plan
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.presets import Preset
from linnaeus.training.recipe_faults import (
    fault_in_file,
    fault_in_options,
    given_twice,
    no_recipe,
)
from linnaeus.training.recipe_text import parsed
from linnaeus.training.settings import Settings, apply_settings, settings_from
from linnaeus.training.shipped import recipe_file
from linnaeus.training.split_choice import check_split_choice
from linnaeus.training.transfer_plan import TransferPlan
from linnaeus.written_numbers import check_written

__all__ = ["Recipe", "of_one_budget", "read_recipe", "recipe_with", "with_unknown_from_the_root"]

NOT_BESIDE_A_SPLIT_FILE = ("time_column", "domain_column", "test_domain", "fold", "repeat", "inner")

FROM_ITS_FOLDER = ("split_file", "unknown")
"""Paths in a recipe's file that are meant from the folder of that file."""

UNPACED: dict[str, object] = {"paces": (), "teacher_paces": ()}

OPTIONS_OF_THE_NETWORK = {
    "network.seed": "seed",
    "network.epochs": "epochs",
    "network.budget_s": "budget_s",
    "network.augment": "augment",
}

Side = Annotated[int, Ge(8), Le(1024)]


class Recipe(BaseModel):
    """Every choice of a training run. A run writes the one it used, with nothing left to choose.

    Training again with that file gives the same bits on the same machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str = "auto"
    """"auto", or any name of `linnaeus models`: a pretrained network where its weights are at hand,
    else one learnt from scratch; or features and a classifier, such as hog+svm. "auto" takes the
    best pretrained network at hand; where there is none, airbench-small for sides of 24 to 48 px,
    small_cnn for others or, with a budget, the one of our sizes that the time is best spent on.
    It takes the place of a pretrained MobileNet too where a budget on a processor has hardly time
    for more than a head on it, and yet for 4,000 pictures, there are 10,000 training pictures or
    more with sides of 24 to 48 px, and neither `head` nor anything of `transfer` is given."""
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
    near_duplicates: NearPolicy = "keep-together"
    """Whether pictures that look alike stay on one side of the split. "ignore" lets them stand on
    two, as exact copies never do: figures of the test then look better than they are."""
    time_column: str | None = None
    """Column of times: the newest pictures are the test, those before them the validation."""
    domain_column: str | None = None
    """Column of domains, such as hospitals or cameras, of which `test_domain` is the test."""
    test_domain: str | None = None
    """The domain whose pictures are the test, and no others."""
    split_file: str | None = None
    """A saved split to use again, in place of every other choice of a split. In a recipe's file it
    is meant from that file's folder."""
    fold: Annotated[int, Ge(0)] | None = None
    """Which fold of `split_file` is the test, where it holds folds."""
    repeat: Annotated[int, Ge(0)] | None = None
    """Which repeat of `split_file` the fold is of. None: the first, which is 0."""
    inner: Annotated[int, Ge(0)] | None = None
    """Which inner fold of `fold` is the validation, where `split_file` holds nested folds."""
    folds: Annotated[int, Ge(2), Le(20)] | None = None
    """Cross-validation: so many trainings, each judged on a fold of the pictures that it did not
    learn from, and one report on all their answers. It tells how good such a training is, and
    leaves no bundle; `test` counts for nothing, since each fold is the test in turn. None: one
    training."""
    unknown: str | None = None
    """A folder of pictures that show none of the classes: half of them help to choose what tells
    unknown pictures, and the others judge it. In a recipe's file it is meant from that file's
    folder. None: only pictures that are made of the known ones do."""
    budget_s: Annotated[float, Gt(0)] | None = None
    """Seconds that learning may take. None: as long as the default number of passes takes."""
    device: str = "auto"
    """What a network learns on, from scratch or fine-tuned: "cpu", "cuda", "cuda:1" for the second
    GPU, or "mps". "auto" takes a CUDA GPU where there is one. Bundles answer on the processor."""
    preset: Preset = "balanced"
    """How much trouble a pretrained network takes: quick makes a linear head on frozen features;
    best goes on to fine-tune the network; balanced does so within a budget, and without one is as
    quick. From scratch: quick makes a third of the usual passes, best takes up to 55 minutes."""
    image_size_px: tuple[Side, Side] | None = None
    """(height, width) that pictures are brought to. None: from the sizes of the pictures."""
    fit: Literal["auto", "stretch", "crop", "pad"] = "auto"
    """How pictures are brought to that size. "auto" stretches: nothing is cut off or added."""
    max_pixels: Annotated[int, Ge(1)] = MAX_PIXELS
    """Pictures with more pixels are refused before they are decoded."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """What the bundle answers in. "auto" takes bfloat16 where the processor has it and validation
    shows that next to nothing changes; "float32" gives the same answers on every machine."""
    ensemble: Annotated[str, AfterValidator(checked_plan)] | None = None
    """"folds:5": five members, each of which learns from four fifths of what is not the test and is
    chosen on the other fifth. "snapshots:5": one network from scratch in five cycles of its rate,
    and what it was at the end of each. All of them answer together. None: one alone."""
    test_time_augmentation: AskedViews = "auto"
    """Whether the bundle answers with the mean over several views of a picture. "mirror": it and
    its mirror image, which takes twice as long; "shifts": it, and moved by a sixteenth to four
    sides, five times. "auto" tries mirror images, where they were learnt from, in `best`,
    and in `balanced` of inputs of up to 96 × 96 px; where validation is clearly better for it,
    they are kept."""
    head_strengths: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)] = (
        1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6,
    )  # fmt: skip
    """Strengths of L2 regularisation to try for a head on frozen features, on features scaled to
    unit length; the one with the least log loss on validation is kept."""
    head_pictures: Annotated[int, Ge(1)] | None = None
    """Pictures, of training and validation together, whose features a head is fitted and chosen on,
    in an order drawn from the seed; a finished run says how many there was time for. None: all that
    the budget allows."""
    head: str | None = None
    """What a network has above its last map, as text, such as
    "pool-dense256-relu-dropout-linear". None: the network's own, and for a pretrained one a linear
    head on what its stages give."""
    dropout: Annotated[float, Ge(0), Lt(1)] | None = None
    """Share that the head of a network drops. None: the network's own."""
    batch_norm: bool | None = None
    """Whether plain and mlp have batch normalisation. None: they have not."""
    network: TrainingPlan = TrainingPlan()
    """How a network learns from scratch, and a pretrained one in all stages but the probe, where
    `transfer` says nothing else."""
    transfer: TransferPlan = TransferPlan()
    """The stages in which a pretrained network is taught."""
    classical: ClassicalPlan = ClassicalPlan()
    """What classical models, such as hog+svm, see of pictures and how they learn."""


def read_recipe(file: Path) -> Recipe:
    """Read a recipe from a file in YAML or JSON, such as a run's recipe.json.

    A `split_file` or `unknown` is meant from the recipe's folder, wherever this is called. Raises
    UsageError where the recipe cannot be read or a field is unknown, given twice or out of range.
    """
    try:
        content = parsed(file.read_text("utf-8-sig"), file)
        recipe = _validated({} if content is None else content)
    except ValidationError as error:
        raise fault_in_file(error, Recipe, file) from None
    except (OSError, ValueError) as error:
        raise no_recipe(error, file) from None
    named = {name: getattr(recipe, name) for name in FROM_ITS_FOLDER}
    found = {name: str(file.parent / path) for name, path in named.items() if path is not None}
    return recipe.model_copy(update=found)


def recipe_with(
    recipe: Recipe | str | Path | None, settings: Settings = (), **changes: object
) -> Recipe:
    """`recipe` (a file that holds it or the name of a shipped one, or the default) with `settings`,
    and with the `changes` that are not None.

    `epochs` and `augment` change the network's plan. Only one thing says how long a run is:
    `epochs` drops the recipe's budget, `budget_s` its epochs, and both drop the recorded pace and
    count of pictures of a run that is to be repeated. A `split_file` drops what else the recipe
    says of folds, times and domains; another optimiser, schedule, loss or adversary what it says
    of the former one's. A budget of the network's is the recipe's.

    Raises UsageError for values out of range, for a field that is given twice, for `epochs` beside
    `budget_s`, for choices of a split that contradict each other, and as `read_recipe` does.
    """
    fields = _given(recipe).model_dump()
    given = {name: value for name, value in changes.items() if value is not None}
    chosen = settings_from(settings, Recipe)
    beside = _beside_options(chosen, given)
    if "augment" in given:
        fields["network"]["augment"] = _augment(given.pop("augment"))
    if any(key.startswith("transfer.") for key in chosen):
        _leave_stages(fields)  # what was asked for before must not beat what is asked now
    apply_settings(fields, beside)
    _set_length(fields, given)
    if "split_file" in given:
        fields |= dict.fromkeys(NOT_BESIDE_A_SPLIT_FILE)
    try:
        asked = _validated(fields | given)
    except ValidationError as error:
        raise fault_in_options(error, Recipe, chosen) from None
    check_split_choice(asked, given)
    return of_one_budget(with_unknown_from_the_root(asked))


def _validated(fields: object) -> Recipe:
    """The recipe of `fields`. Raises ValidationError, of texts that are numbers to Python alone."""
    recipe = Recipe.model_validate(fields)
    check_written(fields, recipe.model_dump())
    return recipe


def with_unknown_from_the_root(recipe: Recipe) -> Recipe:
    """`recipe` with its folder of unknown pictures named so that it is found from anywhere."""
    if recipe.unknown is None:
        return recipe
    return recipe.model_copy(update={"unknown": str(Path(recipe.unknown).absolute())})


def of_one_budget(recipe: Recipe) -> Recipe:
    """`recipe` with a budget of its network's as its own, where no earlier run is repeated.

    Raises UsageError where it has another one itself.
    """
    of_network = recipe.network.budget_s
    if of_network is None or recipe.network.paces:
        return recipe
    if recipe.budget_s not in (None, of_network):
        raise UsageError(
            f"{of_network:g} s here and {recipe.budget_s:g} s as budget_s contradict each other",
            where="the recipe's network.budget_s",
            mend="Give budget_s alone.",
        )
    network = recipe.network.model_copy(update={"budget_s": None})
    return recipe.model_copy(update={"budget_s": of_network, "network": network})


def _augment(given: object) -> dict[str, Any]:
    """The fields of an augmentation, or of the preset with that name."""
    try:
        plan = TrainingPlan.model_validate({"augment": given})
    except ValidationError as error:
        raise fault_in_options(error, TrainingPlan) from None
    return plan.augment.model_dump()


def _given(recipe: Recipe | str | Path | None) -> Recipe:
    if isinstance(recipe, str | Path):
        return read_recipe(recipe_file(recipe))
    if recipe is not None and not isinstance(recipe, Recipe):
        raise UsageError(
            f"a recipe cannot be made of a {type(recipe).__name__}",
            where="recipe",
            mend="Give a Recipe, the path of a file that holds one, or the name of a shipped one.",
        )
    return recipe or Recipe()


def _beside_options(settings: dict[str, object], given: dict[str, object]) -> dict[str, object]:
    """The `settings` that no option stands for; the others join `given`, the values of options."""
    rest = {}
    for key, value in settings.items():
        name = OPTIONS_OF_THE_NETWORK.get(key, key)
        if name in given:
            raise given_twice(key)
        if "." in name or (value is None and name in ("epochs", "budget_s")):
            rest[key] = value
        else:
            given[name] = value
    return rest


def _set_length(fields: dict[str, Any], given: dict[str, object]) -> None:
    """Let the `epochs` or `budget_s` of `given` alone decide how long the run of `fields` is."""
    if "epochs" in given and "budget_s" in given:
        raise UsageError(
            "each of them says how long learning takes",
            where="--epochs and --budget",
            mend="Give only one of the two.",
        )
    if "epochs" in given:
        fields["budget_s"] = None
        fields["network"] |= {"epochs": given.pop("epochs"), "budget_s": None, **UNPACED}
    if "budget_s" in given:
        fields["network"] |= {"epochs": None, "budget_s": None, **UNPACED}
        fields["head_pictures"] = None
    if "preset" in given:
        _leave_preset(fields)
    if {"epochs", "budget_s", "preset"} & given.keys():
        _leave_stages(fields)


def _leave_stages(fields: dict[str, Any]) -> None:
    """Drop the stages that a run came to, and what of the network there was no time to teach."""
    if fields["transfer"]["done"]:
        fields["transfer"] |= {"done": (), "frozen": None}


def _leave_preset(fields: dict[str, Any]) -> None:
    """Drop what a run came to by its preset, for another one to say: `quick` says how many epochs a
    network from scratch learns, and `best` how many seconds."""
    if fields["network"]["paces"]:
        if fields["preset"] == "quick":
            fields["network"]["epochs"] = None
        if fields["preset"] == "best":
            fields["budget_s"] = fields["network"]["budget_s"] = None
    fields["network"] |= UNPACED
    fields["head_pictures"] = None
