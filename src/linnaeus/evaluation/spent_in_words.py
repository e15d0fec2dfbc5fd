"""What a training took of the machine, as the report says it."""

from __future__ import annotations

from linnaeus.evaluation.facts import TrainingFacts
from linnaeus.watching.spent import Spent

__all__ = ["energy_in_words", "speeds_in_words"]

UNITS = ((3.6e6, "kWh"), (3.6e3, "Wh"), (1.0, "J"))


def energy_in_words(spent: Spent) -> str:
    """What was counted, and by whom; never an estimate."""
    told = []
    if spent.processor_energy_j is not None:
        told.append(f"{_joules(spent.processor_energy_j)} by the processors")
    if spent.gpu_energy_j is not None:
        told.append(f"{_joules(spent.gpu_energy_j)} by the GPU")
    if told:
        return f"{' and '.join(told)}, with all else that they did meanwhile"
    why = f" ({spent.energy_untold})" if spent.energy_untold else ""
    return f"not told by this machine{why}"


def speeds_in_words(training: TrainingFacts) -> str:
    """How many pictures a second were learnt from, of each stage; empty where none was timed."""
    told = [
        f"{speed:,.0f} pictures a second" + ("" if stage == "scratch" else f" (stage {stage})")
        for stage, speed in training.speeds.items()
    ]
    return ", ".join(told)


def _joules(energy_j: float) -> str:
    """Joules in the unit that suits them.

    >>> _joules(12.3), _joules(7200), _joules(9e6)
    ('12 J', '2.00 Wh', '2.50 kWh')
    """
    if energy_j < UNITS[1][0]:
        return f"{energy_j:.0f} J"
    size, unit = next(one for one in UNITS if energy_j >= one[0])
    return f"{energy_j / size:.2f} {unit}"
