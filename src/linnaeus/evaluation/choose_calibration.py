"""Choosing how to calibrate: every method fitted on four fifths of validation, judged on the rest.

To change nothing is what is done unless something is clearly better, picture by picture, and by as
much as chance would not make were the answers right as they are. Where a map for each class is so
more than once, the simplest wins that is within one standard error of the best (Breiman and others
1984). Nothing is changed either where the winner's calibration error is no smaller for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.calibration import METHODS, Calibration, Method
from linnaeus.evaluation.beta_calibration import fit_beta_calibration
from linnaeus.evaluation.calibration import fit_label_temperature, fit_temperature
from linnaeus.evaluation.isotonic_calibration import fit_isotonic_calibration
from linnaeus.evaluation.reliability import bin_of_each, chance_alone, raw_error
from linnaeus.evaluation.vector_scaling import fit_vector_scaling
from linnaeus.randomness import generator

__all__ = ["Chosen", "choose_calibration", "fit_calibration"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]
Places = NDArray[np.int64]

FOLDS = 5
FEWEST_OF_A_CLASS = 10
"""Pictures (or groups of them) a class, on average, below which a map for each class is not tried:
it would be fitted to accidents, and the time grows with the classes."""

MOST_NUMBERS = 200_000
"""Logits (n times classes) beyond which maps for each class are not tried. These are fitted six
times, in 3 s of one core for 50,000 logits that are far from calibrated."""

NO_MAPS = ", so maps for each class were not tried"

LEAST_GAIN = 1.92
"""Nats over all validation pictures that make a temperature worth it: 95 % by a likelihood ratio.
The standard error that is seen is too careful with one number: where answers to 60 made-up pictures
were 2.5 times too sure, the temperature saved 0.21 nats of 0.69, but one time in five not clearly.
"""

CLEARLY_TEMPERED, CLEARLY_MAPPED = 1.0, 1.75
"""Standard errors by which a temperature, and a map for each class, must be better than without.

Of a temperature only the error that is to be expected were the answers right as they are, of a map
the larger of that and the one that is seen. A few pictures hold no mistake of a sort that costs
much, so what is seen is too small just where a map is fitted to accidents. In made-up answers of
2 to 100 classes (benchmarks/calibration_choice.py) that were calibrated exactly, fewer than 1 in
200 choices were worse than none, in place of 18 in 100 with 60 pictures and 9 with 300, while 92 %
of what there was to gain with 300 pictures was kept where classes were off, in place of 93."""

LESS_ERROR = 0.9
"""Of the calibration error without, what a calibration may leave at most, each freed of what chance
alone shows: it takes off a little as often as not. In made-up answers of six classes that were
calibrated, or by a factor of 1.15 too sure, fewer were made worse so; of those too sure by 1.5, a
tenth fewer were mended with 250 pictures, and none with 1,000."""

SMALLEST = float(np.finfo(np.float32).tiny)
PER_CLASS = {
    "vector": fit_vector_scaling,
    "beta": fit_beta_calibration,
    "isotonic": fit_isotonic_calibration,
}


@dataclass(frozen=True)
class Chosen:
    """The calibration, fitted on all that was given, and what it says when it is not.

    `cross_fitted`: (n, classes) float32, the probabilities of each picture by the same method
    fitted without it; what the bundle promises rests on them.
    """

    calibration: Calibration
    cross_fitted: NDArray[np.float32]


def choose_calibration(
    logits: ArrayLike, truth: Sets, *, several: bool, groups: ArrayLike | None = None, seed: int = 0
) -> Chosen:
    """Choose among all methods on `logits` and `truth`, both (n, classes).

    Pictures of one of the `groups` (n,) are fitted on or judged on together. The figure is the log
    loss; with fewer than two pictures, or groups, nothing is calibrated.
    """
    z = np.asarray(logits, np.float64)
    units = np.arange(len(z)) if groups is None else _places(groups)
    fold = _folds(truth, units, seed)
    if fold.max(initial=0) < 1:
        lacking = "there was no validation to do it on"
        single = "one validation picture, or group, is too few to do it on"
        return _unchanged(z, several, single if len(z) else lacking)
    tried, left_out = _methods(int(units.max()) + 1, z)
    answers = {method: _cross_fitted(method, z, truth, fold, several) for method in tried}
    losses = {method: _losses(p, truth, several) for method, p in answers.items()}
    errors = {method: _Errors.of(p, truth, several) for method, p in answers.items()}
    fewer = [name for name in tried if errors[name].clearly_below(errors["none"])]
    judged = _Judged(answers, losses, units, several)
    plain: Method = "temperature" if judged.tempered() else "none"
    base = plain if plain in fewer else "none"
    best = judged.simplest_of_the_best(base)
    method = best if best in fewer else base
    wanted = plain if best == "none" else best
    fitted = fit_calibration(method, z, truth, several=several)
    means = {name: float(each.mean()) for name, each in losses.items()}
    if method == "none" != wanted:
        told = _why_not(wanted, means, errors)
    else:
        told = _why(method, means, fewer)
    calibration = fitted.model_copy(update={"log_losses": means, "why": told + left_out})
    return Chosen(calibration, answers[method])


def fit_calibration(method: Method, logits: Floats, truth: Sets, *, several: bool) -> Calibration:
    """Fit one method to `logits` and `truth`, both (n, classes)."""
    if method == "none":
        return Calibration()
    if several:
        temperature = fit_label_temperature(logits, truth)
    else:
        temperature = fit_temperature(logits, truth.argmax(axis=1))
    if method == "temperature":
        return Calibration(method=method, temperature=temperature)
    return PER_CLASS[method](logits, truth, temperature, several=several)


def _unchanged(z: Floats, several: bool, why: str) -> Chosen:
    calibration = Calibration(why=why)
    answers = calibration.probabilities(z, several=several) if z.size else z.astype(np.float32)
    return Chosen(calibration, answers)


def _methods(units: int, z: Floats) -> tuple[tuple[Method, ...], str]:
    """What to try, and a clause on what is left out."""
    classes = z.shape[1]
    if units < FEWEST_OF_A_CLASS * classes:
        return METHODS[:2], f"; fewer than {FEWEST_OF_A_CLASS} pictures a class{NO_MAPS}"
    if z.size > MOST_NUMBERS:
        return METHODS[:2], f"; {classes} classes are many{NO_MAPS}"
    return METHODS, ""


def _folds(truth: Sets, units: Places, seed: int) -> Places:
    """(n,) the fold of each picture: by its class in turn, `units` whole, drawn by `seed`."""
    count = int(units.max(initial=-1)) + 1
    kind = np.zeros(count, np.int64)
    kind[units] = truth.argmax(axis=1) if len(truth) else 0
    chance = generator(seed, "calibration folds").random(count)
    of_unit = np.empty(count, np.int64)
    of_unit[np.lexsort((chance, kind))] = np.arange(count) % FOLDS
    return of_unit[units]


def _places(groups: ArrayLike) -> Places:
    return np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)


def _cross_fitted(
    method: Method, z: Floats, truth: Sets, fold: Places, several: bool
) -> NDArray[np.float32]:
    """(n, classes) probabilities of each fold, calibrated on the others."""
    found = np.empty(z.shape, np.float32)
    for number in range(int(fold.max()) + 1):
        inside = fold == number
        fitted = fit_calibration(method, z[~inside], truth[~inside], several=several)
        found[inside] = fitted.probabilities(z[inside], several=several)
    return found


def _losses(probabilities: NDArray[np.float32], truth: Sets, several: bool) -> Floats:
    """(n,) nats; where there may be several labels, the mean over them."""
    p = np.maximum(probabilities.astype(np.float64), SMALLEST)
    if not several:
        return -np.log(p[truth])
    wrong = np.maximum(1.0 - probabilities.astype(np.float64), SMALLEST)
    losses: Floats = -np.log(np.where(truth, p, wrong)).mean(axis=1)
    return losses


@dataclass(frozen=True)
class _Judged:
    """What each method answered, (n, classes), and its losses (n,), to compare them.

    Pictures of one of the `units` (n,) go together.
    """

    answers: Mapping[Method, NDArray[np.float32]]
    losses: Mapping[Method, Floats]
    units: Places
    several: bool

    def tempered(self) -> bool:
        """Whether a temperature is clearly better than none."""
        gain = self._gain("none", "temperature")
        expected = self._expected_error("none", "temperature")
        units = int(self.units.max()) + 1
        return gain * units > LEAST_GAIN and gain > CLEARLY_TEMPERED * expected

    def simplest_of_the_best(self, base: Method) -> Method:
        """The simplest that is about as good as the best of those clearly better than `base`."""
        better = [name for name in self.losses if name in PER_CLASS and self._clearly(base, name)]
        best = min(better, key=lambda name: self.losses[name].mean(), default=base)
        return next(
            (name for name in better if self._gain(name, best) <= self._seen_error(name, best)),
            base,
        )

    def _clearly(self, base: Method, method: Method) -> bool:
        errors = self._seen_error(base, method), self._expected_error(base, method)
        return self._gain(base, method) > CLEARLY_MAPPED * max(errors)

    def _gain(self, one: Method, other: Method) -> float:
        """How many nats of log loss `other` saves, in the mean."""
        return float((self.losses[one] - self.losses[other]).mean())

    def _seen_error(self, one: Method, other: Method) -> float:
        return _error(self.losses[one] - self.losses[other], self.units)

    def _expected_error(self, one: Method, other: Method) -> float:
        """The standard error of the gain were the answers of `one` right as they are.

        What pictures of one unit have in common widens it as it does the error that is seen.
        """
        variance = _expected_variance(self.answers[one], self.answers[other], self.several)
        alone = _error(self.losses[one] - self.losses[other], np.arange(len(self.units)))
        widened = self._seen_error(one, other) / alone if alone > 0 else 1.0
        return sqrt(float(variance.mean()) / len(variance)) * max(1.0, widened)


def _expected_variance(
    right: NDArray[np.float32], other: NDArray[np.float32], several: bool
) -> Floats:
    """(n,) the variance of the difference between both losses, were labels drawn from `right`."""
    p, apart = right.astype(np.float64), _logs(other) - _logs(right)
    if several:
        apart -= _logs(1 - other) - _logs(1 - right)
        variance: Floats = (p * (1 - p) * apart**2).sum(axis=1) / p.shape[1] ** 2
        return variance
    mean = (p * apart).sum(axis=1, keepdims=True)
    spread: Floats = (p * (apart - mean) ** 2).sum(axis=1)
    return spread


def _logs(probabilities: NDArray[np.float32]) -> Floats:
    logs: Floats = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    return logs


def _error(differences: Floats, units: Places) -> float:
    """The standard error of the mean of `differences` (n,), pictures of one unit together."""
    sums = np.bincount(units, weights=differences - differences.mean())
    return sqrt(float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)) / len(differences)


class _Errors(NamedTuple):
    """The calibration error of the likeliest class, or of every yes and no where there are several
    labels, and the mean of those of each class's probability."""

    overall: float
    classwise: float

    @classmethod
    def of(cls, probabilities: NDArray[np.float32], truth: Sets, several: bool) -> _Errors:
        p = probabilities.astype(np.float64)
        if several:
            overall = [(p.ravel(), truth.ravel())]
        else:
            overall = [(p.max(axis=1), p.argmax(axis=1) == truth.argmax(axis=1))]
        return cls(_free_of_chance(overall), _free_of_chance(list(zip(p.T, truth.T, strict=True))))

    def clearly_below(self, other: _Errors) -> bool:
        """Whether one of them is clearly less, and the first no larger."""
        clearly = [mine < LESS_ERROR * its for mine, its in zip(self, other, strict=True)]
        return clearly[0] or (clearly[1] and self.overall <= other.overall)


def _free_of_chance(each: Sequence[tuple[Floats, Sets]]) -> float:
    """The mean calibration error of `each` (probabilities, truth), (n,), less that of chance.

    Of few pictures chance shows more where probabilities are well away from 0 and 1 than where they
    are too sure, so that what is right would look no better.
    """
    raw = float(np.mean([raw_error(p, truth) for p, truth in each]))
    chance = float(np.mean([chance_alone(bin_of_each(p), p, 1.0) for p, _ in each]))
    return sqrt(max(raw**2 - chance**2, 0.0))


def _why_not(best: Method, means: Mapping[Method, float], errors: Mapping[Method, _Errors]) -> str:
    """Why nothing is done though `best` has the smaller log loss, a clause."""
    return (
        f"{best} has a log loss of {means[best]:.3f} on validation pictures that it was not fitted"
        f" on, {means['none']:.3f} without, but no clearly smaller calibration error there"
        f" ({errors[best].overall:.3f}, {errors['none'].overall:.3f} without, less that of chance)"
    )


def _why(method: Method, means: Mapping[Method, float], fewer: Sequence[Method]) -> str:
    """How the choice fell, a clause. `fewer`: those with clearly smaller calibration errors."""
    others = {name: loss for name, loss in means.items() if name != method}
    best = min(others, key=lambda name: others[name])
    if method == "none":
        better = "not clearly better" if means[best] < means[method] else "no better"
        return (
            f"log loss {means[method]:.3f} on validation; {means[best]:.3f} by {best}, the best of"
            f" what was fitted without the pictures that judged it, is {better}"
        )
    told = f"log loss {means[method]:.3f} on validation pictures that it was not fitted on"
    told += f", {means['none']:.3f} without"
    if means[best] < means[method]:
        lacks = "is not clearly better"
        if best not in fewer:
            lacks = "leaves no clearly smaller calibration error than none"
        told += f"; {means[best]:.3f} by {best} {lacks}"
    return told
