"""What a comparison comes to, in plain words: who is best, and which differences are not real."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.comparing.results import Comparison, ModelFound, PairFound, SetFound
from linnaeus.evaluation.hardness import ClassHardness
from linnaeus.evaluation.in_100 import between, number, times
from linnaeus.evaluation.paired import LEVEL

__all__ = ["curve_words", "difference_words", "hard_words", "overall_words", "set_words"]

HARD_GAP = 0.05  # of recall below the mean of all classes, from which on a class is told as hard
MOST_HARD = 3
NAMED = 4


def overall_words(comparison: Comparison) -> tuple[str, ...]:
    """The answer over all data sets, the most important sentence first."""
    if len(comparison.sets) == 1:
        return set_words(comparison.sets[0])
    ranking = comparison.ranking
    if ranking is None:
        return (_best_on_each(comparison.sets), "Fewer than two models have figures everywhere.")
    best, *others = (comparison.ranked[at] for at in ranking.order)
    least = ranking.mean_ranks[ranking.order[0]]
    first = [comparison.ranked[at] for at in ranking.order if ranking.mean_ranks[at] <= least]
    leads = f"“{best}” ranks first" if len(first) == 1 else f"{_named(first)} share the first rank"
    apart = [
        comparison.ranked[at]
        for at in ranking.order[1:]
        if ranking.told_apart(ranking.order[0], at)
    ]
    sets = number(len(comparison.sets), "data set")
    sentences = []
    if apart:
        sentences.append(f"Over {sets}, {leads}, really before {_named(apart)}.")
    else:
        sentences.append(
            f"Over {sets}, {leads}, but that may be luck: no model is really better over all of"
            " them."
        )
    close = [one for one in others if one not in apart and one not in first]
    if apart and close:
        them = "it" if len(first) == 1 else "them"
        sentences.append(f"Between {them} and {_named(close)} no difference is real.")
    if not ranking.can_tell:
        sentences.append(
            f"With so few data sets this test could not tell {number(len(others) + 1, 'model')}"
            " apart, however different: look at each data set, or add some."
        )
    return (*sentences, _best_on_each(comparison.sets))


def _best_on_each(sets: Sequence[SetFound]) -> str:
    best = [(one.name, one.models[0]) for one in sets if one.models]
    told = [
        f"“{model.model}” on {name} ({model.metrics.accuracy.value * 100:.1f} %)"
        for name, model in best
    ]
    return f"Right most often: {', '.join(told)}." if told else "No model has figures."


def set_words(found: SetFound) -> tuple[str, ...]:
    """The answer on one data set."""
    if not found.models:
        return (f"No model has figures on {found.name}.", *_gap_words(found))
    best = found.models[0]
    right = best.metrics.accuracy
    sentences = [
        f"On {found.name}, “{best.model}” is right {times(right.value)} in 100 ({between(right)})."
    ]
    others = [one.model for one in found.models[1:]]
    as_good = [one.model for one in found.models[1:] if one.metrics.accuracy.value == right.value]
    apart = [one for one in others if found.told_apart(best.model, one)]
    close = [one for one in others if one not in apart and one not in as_good]
    if as_good:
        sentences.append(f"It is as often right as {_named(as_good)}.")
    if apart:
        sentences.append(f"It is really better than {_named(apart)}.")
    if close:
        are = "is" if len(close) == 1 else "are"
        sentences.append(
            f"That it did better than {_named(close)} may be luck: with these folds,"
            f" {'it' if len(close) == 1 else 'they'} {are} not told apart."
        )
    return (*sentences, *_gap_words(found))


def _gap_words(found: SetFound) -> list[str]:
    return [f"“{model}” has no figures on {found.name}: {why}" for model, why in found.gaps.items()]


def difference_words(pair: PairFound) -> str:
    """What a difference of accuracies comes to, in a sentence."""
    one = pair.over_folds["accuracy"]
    points = f"{one.value * 100:+.1f} points ({one.low * 100:+.1f} to {one.high * 100:+.1f})"
    if one.real:
        return f"{points}: real (p = {_p(one.adjusted_p)})"
    return f"{points}: not real (p = {_p(one.adjusted_p)})"


def hard_words(found: SetFound) -> tuple[str, ...]:
    """A sentence for each of the hardest classes that stand out, with what may make it so."""
    if not found.hardness:
        return ()
    usual = sum(one.recall for one in found.hardness) / len(found.hardness)
    hard = [one for one in found.hardness if one.recall < usual - HARD_GAP]
    if not hard:
        return ("No class is much harder than the others.",)
    return tuple(_why(one) for one in hard[:MOST_HARD])


def _why(one: ClassHardness) -> str:
    told = {
        "few": f"it has few pictures ({one.images:,})",
        "varied": f"its pictures differ among themselves {one.spread or 1:.2f} times as much as"
        " those of a usual class",
        "near": f"{100 * (one.nearer or 0):.0f} % of them look more like “{one.rival}”",
        "mixed up": f"{100 * one.taken:.0f} % are taken for “{one.rival}”",
    }
    reasons = [told[reason] for reason in one.reasons]
    known = f"“{one.name}” is hard: {times(one.recall)} in 100 recognised, over all models"
    if not reasons:
        return f"{known}; neither its size, nor its spread, nor a neighbour says why."
    *first, last = reasons
    return f"{known}; {', '.join(first)}{' and ' if first else ''}{last}."


def curve_words(model: ModelFound) -> str:
    """What twice the pictures would bring; "" without a curve."""
    if model.curve is None:
        return ""
    gain = model.curve.gain
    if gain.high < 0.005:
        return f"“{model.model}” would gain next to nothing from twice the pictures."
    if model.curve.points[-1].mistakes.value == 0:
        return (
            f"What “{model.model}” would gain from twice the pictures cannot be told: it made no"
            " mistake on these test pictures."
        )
    told = f"{gain.value * 100:.1f} ({gain.low * 100:.1f} to {gain.high * 100:.1f})"
    return f"“{model.model}”: twice the pictures would bring about {told} points."


def _named(models: Sequence[str]) -> str:
    shown = [f"“{one}”" for one in models[:NAMED]]
    if len(models) > NAMED:
        return f"{', '.join(shown)} and {len(models) - NAMED} more"
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= LEVEL / 50 else "less than 0.001"
