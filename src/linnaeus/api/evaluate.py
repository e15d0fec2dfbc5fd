"""`evaluate`: how good a finished bundle, or a table of answers, is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.kinds import check_kind, of_kind
from linnaeus.api.several import each_once, several
from linnaeus.data.columns import Columns
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.evaluation.compared import Wanted
from linnaeus.evaluation.costs import Costs
from linnaeus.evaluation.evaluate import Evaluation
from linnaeus.evaluation.evaluate import evaluate as evaluate_bundle
from linnaeus.evaluation.evaluate_table import evaluate_table
from linnaeus.evaluation.further import Asked
from linnaeus.progress import Progress, Quiet

__all__ = ["evaluate"]


def evaluate(
    bundle: str | Path | None = None,
    data: str | Path | Dataset | None = None,
    *,
    predictions: str | Path | Sequence[str | Path] | None = None,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    top_k: int | None = None,
    positive: str | None = None,
    prevalence: float | None = None,
    sensitivity: float | None = None,
    costs: tuple[float, float] | None = None,
    slice_by: str | Sequence[str] | None = None,
    fairness: str | Sequence[str] | None = None,
    against: str | Path | None = None,
    unknown: str | Path | None = None,
    squeeze: Literal["bits", "median"] | None = None,
    changed_above: float | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge a finished bundle on labelled pictures that it has not seen, or a table of answers.

    `predictions`: a table of labels and probabilities from anywhere, instead of `bundle` and
    `data`, or several, one a fold; its columns are named like a data set's. `out`: a new folder for
    report/ and predictions.csv; nothing is written without it. `top_k`: tell how often the truth is
    among so many likeliest classes. Of two classes, `positive` is the one that is looked for, by
    default the second, and `prevalence` its share where the classifier is to serve; `sensitivity`
    asks for the threshold that finds so many of them, `costs` for that which suits the cost of a
    missed one and of a false alarm, and the cheapest here. `slice_by`: columns, or measures of the
    pictures, by which weak slices are looked for; by default all that make any. `fairness`: columns
    whose groups are compared. `against`: another bundle, or of a table another table, to be
    compared with on the same pictures. `unknown`: a folder of pictures that show none of the
    classes, to judge how well they are told. `squeeze`: judge the bundle on pictures made poorer,
    as in `Classifier.squeezing`; `changed_above`: tell how many are called changed, as in
    `Classifier.detecting`. Neither is of what it is compared with.

    Raises as `evaluation.evaluate.evaluate` and `evaluation.evaluate_table.evaluate_table` do.
    """
    prevalence, sensitivity = of_kind("a number", prevalence=prevalence, sensitivity=sensitivity)
    (changed_above,) = of_kind("a number", changed_above=changed_above)
    (top_k,) = of_kind("a whole number", top_k=top_k)
    (costs,) = of_kind("two numbers", costs=costs)
    check_kind("a text", positive=positive, squeeze=squeeze, label_separator=label_separator)
    check_kind("a text", image_column=image_column, group_column=group_column)
    check_kind("a text", split_column=split_column)
    check_kind("a text or several", slice_by=slice_by, fairness=fairness)
    check_kind("a text or several", label_column=label_column)
    check_kind("a path", bundle=bundle, out=out, table=table, against=against, unknown=unknown)
    check_kind("a path or several", predictions=predictions)
    if not isinstance(data, Dataset):
        check_kind("a path", data=data)
    folder = Path(out) if out is not None else None
    weighed = None if costs is None else Costs(*costs)
    asked = Asked(top_k, positive, prevalence, sensitivity, weighed)
    wanted = Wanted(
        each_once(slice_by), each_once(fairness), None if against is None else Path(against)
    )
    if predictions is not None:
        beside = {
            "BUNDLE": bundle,
            "DATA": data,
            "--split-column": split_column,
            "--table": table,
            "--unknown": unknown,
            "--squeeze": squeeze,
            "--changed-above": changed_above,
        }
        _check_alone("--predictions", beside)
        columns = Columns.named(image_column, label_column, group_column, None, label_separator)
        paths = [Path(one) for one in several(predictions)]
        if not paths:
            raise UsageError(
                "there is no table of answers in the list",
                where="--predictions",
                mend="Give one table, or one for each fold.",
            )
        return evaluate_table(paths, columns, out=folder, asked=asked, wanted=wanted)
    if bundle is None or data is None:
        raise UsageError(
            "there is nothing to judge",
            where="evaluate",
            mend="Give a bundle and labelled pictures, or a table of answers with --predictions.",
        )
    dataset = dataset_of(
        data,
        image_column,
        label_column,
        group_column,
        split_column,
        label_separator,
        table,
        to_judge=True,
    )
    from linnaeus.explanation.sheet import explain_answers

    return evaluate_bundle(
        Path(bundle),
        dataset,
        out=folder,
        progress=progress or Quiet(),
        asked=asked,
        wanted=wanted,
        unknown=None if unknown is None else Path(unknown),
        explain=partial(explain_answers, inside=False, squeeze=squeeze),  # with torch or without
        squeeze=squeeze,
        changed_above=changed_above,
    )


def _check_alone(option: str, beside: Mapping[str, object]) -> None:
    """Raise UsageError where something is given that `option` leaves no use for."""
    if given := [name for name, value in beside.items() if value is not None]:
        raise UsageError(
            f"with {option}, {' and '.join(given)} {'has' if len(given) == 1 else 'have'} no"
            " meaning",
            where=option,
            mend="Leave one or the other out.",
        )
