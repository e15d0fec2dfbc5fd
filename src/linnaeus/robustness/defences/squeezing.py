"""What feature squeezing is worth: as a defence and as a detector, against those who know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from linnaeus.bundle.changed import FALSE_ALARMS, FARTHEST, LEAST_PICTURES, threshold_from
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.squeezers import SQUEEZERS, SQUEEZERS_IN_WORDS, Squeezer, SqueezerName
from linnaeus.errors import DataError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import between, in_100, times
from linnaeus.evaluation.intervals import share_figure
from linnaeus.models.drawn import drawn_by
from linnaeus.progress import Progress
from linnaeus.robustness.attacks.apgd import apgd
from linnaeus.robustness.attacks.problem import Problem, ShareTold, cross_entropy
from linnaeus.robustness.defences.straight_through import straight_through
from linnaeus.robustness.share_done import ShareDone
from linnaeus.robustness.unit_levels import in_whole_levels

__all__ = [
    "Answered",
    "Behind",
    "Detector",
    "Squeezing",
    "answered_by",
    "check_apart",
    "measure_squeezing",
]

STEPS, STEP = 60, 2.5  # of the attack on the detector; STEP of eps, over all steps together
TARGETS = 2
AT_ONCE = 250

Answered = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From pictures (n, 3, h, w) in [0, 1], as they are when saved in whole levels, to the classes that
are named (n,) int64, and by how much squeezing moves the probabilities (n,) float64."""


@dataclass(frozen=True)
class Behind:
    """How often the network is right behind the `squeezer`, one of `bundle.squeezers`.

    `clean`: on pictures as they are. `unaware`: on those that were changed to fool the network
    alone. `aware`: on the worse of these and of those changed to fool it behind the squeezer.
    """

    squeezer: SqueezerName
    clean: Figure
    unaware: Figure
    aware: Figure

    @property
    def in_words(self) -> str:
        """What the squeezer does."""
        return SQUEEZERS_IN_WORDS[self.squeezer]


@dataclass(frozen=True)
class Detector:
    """Calls a picture changed where squeezing moves its probabilities by more than `threshold`, as
    `bundle.changed.moved_by` says how far.

    `pictures`: how many set the threshold, which judge nothing. `false_alarms`: of pictures as they
    are. `detected`: of those that fool the network, changed without knowing of it; None where none
    does. What gets through is named wrongly and not called changed: `wrong` of pictures as they
    are, `unaware` and `aware` of changed ones.
    """

    threshold: float
    pictures: int
    false_alarms: Figure
    detected: Figure | None
    wrong: Figure
    unaware: Figure
    aware: Figure

    @property
    def option(self) -> str:
        """What switches it on in `linnaeus predict` and `linnaeus serve`."""
        return f"--changed-above {self.threshold:g}"


@dataclass(frozen=True)
class Squeezing:
    """What was measured of each squeezer as a defence, and of all as a detector."""

    behind: tuple[Behind, ...]
    detector: Detector

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        best, one = max(self.behind, key=lambda one: one.aware.value), self.detector
        behind = (
            f"Behind the best squeezer ({best.in_words}) it is right {times(best.unaware.value)} in"
            " 100 when pictures are changed by somebody who does not know of it, and"
            f" {in_100(best.aware.value)} ({between(best.aware)}) when by somebody who does."
        )
        found = "" if one.detected is None else f"{in_100(one.detected.value)} in 100 of them and "
        detects = (
            f"The detector calls changed {found}{in_100(one.false_alarms.value)} in 100 pictures as"
            f" they are; from somebody who knows of it, {in_100(one.aware.value)} in 100"
            f" ({between(one.aware)}) are named wrongly and pass, against"
            f" {in_100(one.wrong.value)} without any attack."
        )
        switched = (
            f"In predict and serve, {one.option} switches the detector on, and --squeeze"
            f" {best.squeezer} answers behind the squeezer."
        )
        return behind, detects, switched

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain values."""
        return {
            "behind": [asdict(one) for one in self.behind],
            "detector": {
                **asdict(self.detector),
                "stated_false_alarms": FALSE_ALARMS,
                "option": self.detector.option,
            },
        }


def answered_by(classifier: Classifier) -> Answered:
    """What `classifier` itself, which serves, says to pictures."""
    looking = classifier.knowing(None).detecting(FARTHEST)

    def sent(pictures: Tensor) -> tuple[Tensor, Tensor]:
        said = looking.predict_pixels(in_whole_levels(pictures))
        named = torch.tensor([answer.likeliest for answer in said], dtype=torch.int64)
        return named, torch.tensor([answer.moved for answer in said], dtype=torch.float64)

    return sent


def measure_squeezing(
    problem: Problem,
    sent: Answered,
    changed: Tensor,
    apart: Tensor,
    seed: int,
    progress: Progress,
) -> Squeezing:
    """Measure squeezing on the pictures of `problem`, and on `changed`, what was made of them to
    fool its network. `apart` (m, 3, h, w): other pictures, which set the detector's threshold. What
    the detector says is asked of the bundle, by `sent`, to whose answers it will be held.

    An attacker who knows of a squeezer makes steps of Auto-PGD with its gradient straight through
    (Athalye and others 2018); one who knows of the detector lets the network, and the network
    behind every squeezer, agree on the same wrong class (after He and others 2017). Raises
    DataError as `check_apart` does.
    """
    check_apart(len(apart))
    with progress.stage("Squeezing", len(SQUEEZERS) + 1) as stage:
        behind = []
        for name, squeezer in SQUEEZERS.items():
            done = ShareDone(stage, 1)
            behind.append(_behind(name, squeezer, problem, changed, seed, done))
            done.finish(name)
        done = ShareDone(stage, 1)
        detector = _detector(problem, sent, changed, apart, done)
        done.finish("the detector")
    return Squeezing(tuple(behind), detector)


def check_apart(pictures: int) -> None:
    """Raise DataError where so few `pictures` cannot set the detector's threshold."""
    if pictures < LEAST_PICTURES:
        raise DataError(
            f"{pictures} pictures are too few to set a threshold for"
            f" {100 * FALSE_ALARMS:.0f} % false alarms",
            where="--defence squeeze",
            mend=f"Give {3 * LEAST_PICTURES} or more that it has not seen, and no lower --limit.",
        )


def _behind(
    name: SqueezerName,
    squeezer: Squeezer,
    problem: Problem,
    changed: Tensor,
    seed: int,
    told: ShareTold,
) -> Behind:
    network = problem.network
    knowing = replace(problem, network=lambda x: network(straight_through(squeezer, x)))
    clean, unaware = (_each(knowing, _right, pictures) for pictures in (problem.x, changed))
    standing = (clean & unaware).nonzero()[:, 0]
    still = clean & unaware
    for place, rows in enumerate(torch.split(standing, AT_ONCE)):
        part = knowing.only(rows)
        drawn = drawn_by(seed, f"attack behind {name}", place)

        def told_part(share: float, of_all: float = len(rows) / len(standing)) -> None:
            told(share * of_all)

        made = part.x
        if problem.eps > 0:
            made = apgd(part, drawn, cross_entropy, told=told_part)
        still[rows] = part.right(made)
    return Behind(name, _share(clean), _share(unaware), _share(still))


def _detector(
    problem: Problem, sent: Answered, changed: Tensor, apart: Tensor, told: ShareTold
) -> Detector:
    threshold = threshold_from(sent(apart)[1].numpy())
    right, flagged = _told(sent, problem.x, problem.y, threshold)
    still, found = _told(sent, changed, problem.y, threshold)
    fooled, wrong = right & ~still, ~right & ~flagged
    unaware = wrong | (~still & ~found)
    aware = unaware.clone()
    if problem.eps > 0:
        left = (~aware).nonzero()[:, 0]
        for rows in torch.split(left, AT_ONCE):
            aware[rows] = _slipped_through(problem.only(rows), sent, threshold)
            told(len(rows) / len(left))
    return Detector(
        threshold=threshold,
        pictures=len(apart),
        false_alarms=_share(flagged),
        detected=_share(found[fooled]) if fooled.any() else None,
        wrong=_share(wrong),
        unaware=_share(unaware),
        aware=_share(aware),
    )


def _told(
    sent: Answered, pictures: Tensor, labels: Tensor, threshold: float
) -> tuple[Tensor, Tensor]:
    """Which of `pictures` are named rightly, (n,) bool, and which are called changed."""
    named, moved = sent(pictures)
    return named == labels, moved > threshold


def _slipped_through(problem: Problem, sent: Answered, threshold: float) -> Tensor:
    """(n,) which pictures get past network and detector on the way to a likely wrong class."""
    with torch.no_grad():
        logits = problem.network(problem.x)
    order = logits.scatter(1, problem.y[:, None], -torch.inf).argsort(1, descending=True)
    through = torch.zeros(len(problem.y), dtype=torch.bool)
    for place in range(min(TARGETS, logits.shape[1] - 1)):
        left = (~through).nonzero()[:, 0]
        if len(left) == 0:
            break
        through[left] = _agreeing(problem.only(left), sent, order[left, place], threshold)
    return through


def _agreeing(problem: Problem, sent: Answered, towards: Tensor, threshold: float) -> Tensor:
    """(n,) which pictures get through when all that is asked is moved `towards` one class."""

    def at_odds(pictures: Tensor) -> Tensor:
        views = [pictures, *(straight_through(one, pictures) for one in SQUEEZERS.values())]
        return sum(cross_entropy(problem.network(view), towards) for view in views)  # type: ignore[return-value]

    at, length = problem.x.clone(), STEP * problem.eps / STEPS
    through = torch.zeros(len(problem.y), dtype=torch.bool)
    for _ in range(STEPS):
        moved = at.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(at_odds(moved).sum(), moved)
        at = problem.inside(at - length * problem.steepest(gradient))
        left = (~through).nonzero()[:, 0]
        right, flagged = _told(sent, at[left], problem.y[left], threshold)
        through[left] = ~right & ~flagged
        if bool(through.all()):
            break
    return through


def _right(problem: Problem, pictures: Tensor) -> Tensor:
    return problem.right(pictures)


def _each(problem: Problem, of: Callable[[Problem, Tensor], Tensor], pictures: Tensor) -> Tensor:
    """What `of` says of `pictures` (n, 3, h, w), some at a time."""
    rows = torch.split(torch.arange(len(pictures)), AT_ONCE)
    return torch.cat([of(problem.only(some), pictures[some]) for some in rows])


def _share(which: Tensor) -> Figure:
    return share_figure(int(which.sum()), len(which))
