"""Ways to make a model smaller, by the names that they are asked for with."""

from __future__ import annotations

from linnaeus.errors import UsageError

__all__ = ["LADDER", "STEPS", "steps_of"]

STEPS = {
    "float16": "weights of half the size, computed with as before",
    "bfloat16": "the same for weights beyond 65,504, more coarsely",
    "int8": "whole numbers of 8 bits in every convolution",
    "sparse": "the smallest weights 0, and learning again what the original answers",
    "prune": "fewer channels inside each block, and learning again what the original answers",
    "distill": "another, smaller network that learns what the original answers",
}
"""What each step does, the mildest first."""

LADDER = ("float16", "int8", "prune+int8", "distill+int8")
"""What a target is looked for among, from mild to strong. Not sparse: its files stay as large and
its answers take as long; not bfloat16, which is as large as float16."""

LEARNING = ("sparse", "prune", "distill")
"""Steps that learn, from the original: one of them at most, and first."""

NUMBERS = ("float16", "bfloat16", "int8")
"""Steps after which nothing more can be learnt: one of them at most, and last."""


def steps_of(method: str) -> tuple[str, ...]:
    """The steps of a method such as "int8" or "distill+int8", in their order.

    Raises UsageError for a step that there is not, and for an order that cannot be.

    >>> steps_of("distill+int8")
    ('distill', 'int8')
    """
    steps = tuple(part.strip() for part in method.split("+"))
    for step in steps:
        if step not in STEPS:
            raise UsageError(
                f'there is no way called "{step}" to make a model smaller',
                where="--method",
                mend=f"Give one of {', '.join(STEPS)}, or several joined by +.",
            )
    if any(step in LEARNING for step in steps[1:]):
        raise _order(method, f"{next(s for s in steps[1:] if s in LEARNING)} has to come first")
    if any(step in NUMBERS for step in steps[:-1]):
        raise _order(method, f"nothing can follow {next(s for s in steps if s in NUMBERS)}")
    return steps


def _order(method: str, why: str) -> UsageError:
    return UsageError(
        f'"{method}" cannot be done: {why}',
        where="--method",
        mend="Name sparse, prune or distill first, and float16, bfloat16 or int8 last.",
    )
