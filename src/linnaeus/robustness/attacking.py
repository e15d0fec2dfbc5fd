"""Attacking a finished bundle: how often it is right when somebody wants it to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.bundle.load import load
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.evaluation.evenly import evenly
from linnaeus.evaluation.intervals import share_figure
from linnaeus.evaluation.picture_uri import image_bytes
from linnaeus.files import check_unused, whole_folder, write_json, write_whole
from linnaeus.models.drawn import drawn_by
from linnaeus.models.reopened import reopen
from linnaeus.progress import Progress
from linnaeus.randomness import generator
from linnaeus.robustness.attacked import Attacked, Example
from linnaeus.robustness.attacks.masking import signs_of_masking
from linnaeus.robustness.attacks.problem import Norm, Problem
from linnaeus.robustness.defences.squeezing import (
    answered_by,
    check_apart,
    measure_squeezing,
)
from linnaeus.robustness.judged_pictures import JudgedPictures, pictures_of
from linnaeus.robustness.standing import keep_with_run
from linnaeus.robustness.tried import ATTACKS, STRONG, AttackName, right_in, try_all
from linnaeus.robustness.unit_levels import (
    answering_unit_levels,
    in_unit_levels,
    in_whole_levels,
)
from linnaeus.written_numbers import number_in

__all__ = ["Defence", "attack_bundle", "eps_within"]

Defence = Literal["squeeze"]

MOST_LOOKED_AT = 250  # pictures whose gradients are looked at for signs of masking
SHOWN = 6  # examples on the page
EPS, L2_EPS = 8 / 255, 0.5  # those of RobustBench, for levels from 0 to 1
APART = 2  # pictures judged for each that sets a defence's threshold


def eps_within(norm: Norm, text: str | float | None = None) -> float:
    """A share of the range of levels, as 0.03 or 8/255, or a length for the norm l2; None: the
    distance that is usual in the `norm`.

    Raises UsageError for what is no number from 0 on.

    >>> eps_within("linf", "8/255") == 8 / 255, eps_within("l2", "1.5"), eps_within("l2")
    (True, 1.5, 0.5)
    """
    if text is None:
        return L2_EPS if norm == "l2" else EPS
    above, _, below = str(text).partition("/")
    length, whole = number_in(above), number_in(below or "1")
    value = length / whole if length is not None and whole else -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(
            f"{text!r} is no distance", where="--eps", mend="Give a number such as 8/255 or 0.03."
        )
    return value


def attack_bundle(
    bundle: Path,
    dataset: Dataset,
    *,
    eps: float,
    norm: Norm,
    attacks: Sequence[str] | None,
    defence: Defence | None,
    limit: int,
    seed: int,
    out: Path | None,
    progress: Progress,
) -> Attacked:
    """Attack the network of `bundle` on pictures of `dataset`, at the size that it sees.

    `attacks`: of ATTACKS; None: fgsm, pgd and the strong ensemble. `defence`: one to be measured
    against the same; half as many pictures more, or a third of those that there are, then set its
    threshold. Pictures are chosen as `stress_bundle` does. Writes index.html, attack.json and
    pictures to the new folder `out`. What the strong ensemble left is kept in the run that the
    bundle is of, see `keep_with_run`.

    Raises UsageError for what cannot be meant, BundleError where the bundle holds no network that
    PyTorch can be given, and as `stress_bundle` and `measure_squeezing` do.
    """
    if out is not None:
        check_unused(out)
    _check_within(eps, norm)
    chosen = _chosen(attacks, norm)
    classifier = load(bundle)
    network = reopen(bundle)
    more = limit // APART if defence else 0
    (given,) = pictures_of([(Path(bundle), classifier)], dataset, limit + more, seed, progress)
    given, apart = _parted(given, seed) if defence else (given, None)
    if apart is not None:
        check_apart(len(apart.labels))
    problem = Problem(
        answering_unit_levels(network),
        in_unit_levels(given.pixels),
        torch.from_numpy(given.labels),
        eps,
        norm,
    )
    right = right_in(problem)
    tried = try_all(problem, right, chosen, seed, progress)
    squeezing = None
    if apart is not None:
        kept = in_unit_levels(apart.pixels)
        sent = answered_by(classifier)
        squeezing = measure_squeezing(problem, sent, tried.changed, kept, seed, progress)
    signs = _signs(problem, right, {n: f.value for n, f in tried.accuracy.items()}, seed)
    whole = in_whole_levels(tried.changed)
    said, named = (
        np.array([answer.likeliest for answer in classifier.predict_pixels(pixels)])
        for pixels in (whole, given.pixels)
    )
    done = Attacked(
        name=str(bundle),
        pictures=len(right),
        eps=eps,
        norm=norm,
        clean=share_figure(int(right.sum()), len(right)),
        accuracy=tried.accuracy,
        robust=share_figure(int(tried.standing.sum()), len(right)),
        saved=share_figure(int((said == given.labels).sum()), len(right)),
        signs=signs,
        examples=_examples(given, whole, named, said, classifier.classes),
        remarks=given.remarks,
        unread=given.unread,
        squeezing=squeezing,
    )
    if out is not None:
        _write(done, out)
    if eps > 0 and set(_chosen(["strong"], norm)) <= set(chosen):
        keep_with_run(Path(bundle), "attack", done.to_json(), progress)
    return done


def _check_within(eps: float, norm: Norm) -> None:
    if norm == "linf" and eps > 1:
        raise UsageError(
            f"{eps:g} times the range of levels is farther than any picture can be changed",
            where="--eps",
            mend=f"Give a share of the range, such as {eps:g}/255.",
        )


def _parted(given: JudgedPictures, seed: int) -> tuple[JudgedPictures, JudgedPictures]:
    """The pictures to judge by, and a third of all, which set a threshold."""
    order = generator(seed, "pictures that set a threshold").permutation(len(given.labels))
    few = len(order) // (APART + 1)
    remark = f"{few:,} of {len(order):,} pictures set the detector's threshold, and judge nothing."
    judging, apart = given.only(np.sort(order[few:])), given.only(np.sort(order[:few]))
    return replace(judging, remarks=(*given.remarks, remark)), apart


def _examples(
    given: JudgedPictures,
    changed: NDArray[np.uint8],
    named: NDArray[np.int64],
    said: NDArray[np.int64],
    classes: Sequence[str],
) -> tuple[Example, ...]:
    """A few of the pictures that the bundle had `named` rightly, and of which it `said` otherwise
    once they were `changed` (n, h, w, 3)."""
    fooled = np.flatnonzero((named == given.labels) & (said != given.labels))
    return tuple(
        Example(
            name=given.names[row],
            before=given.pixels[row],
            after=changed[row],
            said=classes[named[row]],
            then=classes[said[row]],
        )
        for row in fooled[evenly(len(fooled), SHOWN)].tolist()
    )


def _chosen(attacks: Sequence[str] | None, norm: Norm) -> list[AttackName]:
    if strange := [name for name in attacks or () if name not in (*ATTACKS, "strong")]:
        raise UsageError(
            f"there is no attack called {strange[0]!r}",
            where="--attacks",
            mend=f"Give some of {', '.join(ATTACKS)}, or strong.",
        )
    asked = list(attacks or ("fgsm", "pgd", "strong"))
    if norm == "l2" and "square" in asked:
        raise UsageError(
            "the square attack is for the norm linf",
            where="--attacks",
            mend="Leave it out, or give --norm linf.",
        )
    names: list[AttackName] = []
    for name in asked:
        names += [one for one in ATTACKS if one == name]
        names += [one for one in STRONG if name == "strong" and (one != "square" or norm == "linf")]
    return list(dict.fromkeys(names))


def _signs(
    problem: Problem,
    right: Tensor,
    accuracy: dict[str, float],
    seed: int,
) -> tuple[str, ...]:
    rows = right.nonzero()[:, 0]
    rows = rows[torch.from_numpy(evenly(len(rows), MOST_LOOKED_AT))]
    if problem.eps == 0 or len(rows) == 0:
        return ()
    drawn = drawn_by(seed, "signs of masking")
    return tuple(signs_of_masking(problem.only(rows), accuracy, drawn))


def _write(done: Attacked, out: Path) -> None:
    from linnaeus.robustness.attack_page import attack_page, shown_change

    with whole_folder(out) as aside:
        for place, one in enumerate(done.examples):
            picture = image_bytes(shown_change(one), "PNG")
            write_whole(aside / "pictures" / f"{place}.png", picture)
        write_json(aside / "attack.json", done.to_json())
        write_whole(aside / "index.html", attack_page(done))
