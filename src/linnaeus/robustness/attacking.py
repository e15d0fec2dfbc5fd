"""Attacking a finished bundle: how often it is right when somebody wants it to be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.bundle.load import load
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.evaluation.evenly import evenly
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import between, in_100, times
from linnaeus.evaluation.intervals import share_figure
from linnaeus.evaluation.picture_uri import image_bytes
from linnaeus.files import check_unused, whole_folder, write_json, write_whole
from linnaeus.models.drawn import drawn_by
from linnaeus.models.reopened import reopen
from linnaeus.progress import Progress, Stage
from linnaeus.randomness import generator
from linnaeus.robustness.attacks.apgd import apgd, apgd_targeted
from linnaeus.robustness.attacks.gradient_steps import fgsm, pgd
from linnaeus.robustness.attacks.masking import signs_of_masking
from linnaeus.robustness.attacks.patch import SHARE, patch
from linnaeus.robustness.attacks.problem import Norm, Problem, ShareTold, cross_entropy
from linnaeus.robustness.attacks.square import square
from linnaeus.robustness.defences.squeezing import (
    Squeezing,
    answered_by,
    check_apart,
    measure_squeezing,
)
from linnaeus.robustness.judged_pictures import JudgedPictures, pictures_of
from linnaeus.robustness.share_done import ShareDone
from linnaeus.robustness.standing import keep_with_run
from linnaeus.robustness.unit_levels import (
    answering_unit_levels,
    in_unit_levels,
    in_whole_levels,
)

__all__ = [
    "ATTACKS",
    "STRONG",
    "Attacked",
    "AttackName",
    "Defence",
    "Tried",
    "attack_bundle",
    "parse_eps",
    "right_in",
    "try_all",
]

AttackName = Literal["fgsm", "pgd", "apgd-ce", "apgd-t", "square", "patch"]
ATTACKS: tuple[AttackName, ...] = get_args(AttackName)
STRONG: tuple[AttackName, ...] = ("apgd-ce", "apgd-t", "square")
"""One after the other on what still stands; what stands in the end is the robust accuracy."""

Defence = Literal["squeeze"]

AT_ONCE = 250
SHOWN = 6
APART = 2  # pictures judged for each that sets a defence's threshold


@dataclass(frozen=True)
class Example:
    """A picture that was fooled: before and after, (h, w, 3) uint8, and what was said of each."""

    name: str
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    said: str
    then: str


@dataclass(frozen=True)
class Attacked:
    """What attacks within `eps` (of the range of levels, in `norm`) did.

    `clean`: accuracy without any. `accuracy`: by attack, of all pictures; of the strong ensemble,
    each attack is on what those before it left. `robust`: what stands after all of them, but for
    the patch, which keeps to no distance and counts where it is the only one. `saved`:
    as `robust`, when the changed pictures are saved in whole levels and the bundle itself answers.
    `signs`: what speaks for masked gradients, as sentences. `squeezing`: what feature squeezing is
    worth here; None where that was not asked. `unread`: {picture: why it could not be read}.
    """

    name: str
    pictures: int
    eps: float
    norm: Norm
    clean: Figure
    accuracy: dict[str, Figure]
    robust: Figure
    saved: Figure
    signs: tuple[str, ...]
    examples: tuple[Example, ...]
    remarks: tuple[str, ...]
    unread: Mapping[str, str]
    squeezing: Squeezing | None = None

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        robust = self.robust
        answer = (
            f"Right {times(self.clean.value)} in 100, and {in_100(robust.value)}"
            f" ({between(robust)}) when every picture is changed {self._how} in the worst way that"
            " was found."
        )
        words = [answer]
        if robust.value < self.clean.value / 2:
            words.append(
                "Whoever can change pictures before they arrive can have most of them named as they"
                " like: let no answer unlock anything."
            )
            if not self._by_patch:  # of which adversarial training knows nothing
                words.append(
                    "A network that learns with --set network.adversary=free stands up better."
                )
        defended = self.squeezing.in_plain_words if self.squeezing else ()
        return (*words, *defended, *self.signs)

    @property
    def _by_patch(self) -> bool:
        return list(self.accuracy) == ["patch"]

    @property
    def _how(self) -> str:
        if self._by_patch:
            return f"within a square of {100 * SHARE:.0f} % of its area"
        far = f"{255 * self.eps:.3g}/255" if self.norm == "linf" else f"{self.eps:g}"
        return f"by up to {far}"

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain values."""
        return {
            "bundle": self.name,
            "pictures": self.pictures,
            "eps": self.eps,
            "norm": self.norm,
            "clean": self.clean.to_json(),
            "accuracy": {name: figure.to_json() for name, figure in self.accuracy.items()},
            "robust": self.robust.to_json(),
            "saved": self.saved.to_json(),
            "signs_of_gradient_masking": self.signs,
            "squeezing": self.squeezing.to_json() if self.squeezing else None,
            "in_plain_words": self.in_plain_words,
            "remarks": self.remarks,
            "unread": dict(self.unread),
        }


def parse_eps(text: str | float) -> float:
    """A share of the range of levels, as 0.03 or 8/255, or a length for the norm l2.

    Raises UsageError for what is no number from 0 on.

    >>> parse_eps("8/255") == 8 / 255, parse_eps("0.5")
    (True, 0.5)
    """
    try:
        above, _, below = str(text).partition("/")
        value = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        value = -1.0
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
    fooled = np.flatnonzero((named == given.labels) & (said != given.labels))
    shown = fooled[evenly(len(fooled), SHOWN)]
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
        examples=tuple(
            Example(
                name=given.names[row],
                before=given.pixels[row],
                after=whole[row],
                said=classifier.classes[named[row]],
                then=classifier.classes[said[row]],
            )
            for row in shown.tolist()
        ),
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


@dataclass(frozen=True)
class Tried:
    """What all attacks came to: `accuracy` by attack, which pictures are `standing` (n,), and every
    picture as it was `changed` (n, 3, h, w) by the first attack within its distance to fool it.
    """

    accuracy: dict[str, Figure]
    standing: Tensor
    changed: Tensor


def try_all(
    problem: Problem, right: Tensor, chosen: Sequence[AttackName], seed: int, progress: Progress
) -> Tried:
    """Every attack of `chosen`; those of the strong ensemble on what the ones before left."""
    changed, standing = problem.x.clone(), right.clone()
    accuracy: dict[str, Figure] = {}
    for name in chosen:
        rows = (standing if name in STRONG else right).nonzero()[:, 0]
        with progress.stage(f"Attacking by {name}", len(rows)) as stage:
            made, still = _attacked(problem, rows, name, seed, stage)
        stands = torch.zeros_like(right)
        stands[rows] = still
        accuracy[name] = share_figure(int(stands.sum()), len(right))
        if name != "patch" or len(chosen) == 1:  # it keeps to no distance, as others do
            newly = (standing & ~stands)[rows]
            changed[rows[newly]] = made[newly]
            standing &= stands | ~torch.isin(torch.arange(len(right)), rows)
    return Tried(accuracy, standing, changed)


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


def right_in(problem: Problem) -> Tensor:
    """(n,) bool: which pictures of `problem` are named rightly as they are."""
    rows = torch.split(torch.arange(len(problem.y)), AT_ONCE)
    return torch.cat([part.right(part.x) for part in map(problem.only, rows)])


def _attacked(
    problem: Problem, rows: Tensor, name: AttackName, seed: int, stage: Stage
) -> tuple[Tensor, Tensor]:
    """What comes of the pictures at `rows`, and which of them are still named rightly."""
    changed, still = [problem.x[:0]], [torch.zeros(0, dtype=torch.bool)]
    for place, some in enumerate(torch.split(rows, AT_ONCE)):
        part = problem.only(some)
        drawn = drawn_by(seed, f"attack {name}", place)
        done = ShareDone(stage, len(some))
        pictures = part.x if problem.eps == 0 and name != "patch" else _by(name, part, drawn, done)
        changed.append(pictures)
        still.append(part.right(pictures))
        done.finish(f"{int(torch.cat(still).sum()):,} still right")
    return torch.cat(changed), torch.cat(still)


def _by(name: AttackName, problem: Problem, drawn: torch.Generator, told: ShareTold) -> Tensor:
    if name == "fgsm":
        return fgsm(problem)
    if name == "apgd-ce":
        return apgd(problem, drawn, cross_entropy, told=told)
    if name == "pgd":
        return pgd(problem, drawn, told=told)
    if name == "apgd-t":
        return apgd_targeted(problem, drawn, told=told)
    if name == "square":
        return square(problem, drawn, told=told)
    return patch(problem, drawn, told=told)


def _signs(
    problem: Problem,
    right: Tensor,
    accuracy: dict[str, float],
    seed: int,
) -> tuple[str, ...]:
    rows = right.nonzero()[:, 0]
    rows = rows[torch.from_numpy(evenly(len(rows), AT_ONCE))]
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
