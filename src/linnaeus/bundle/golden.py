"""Golden inputs: a few pictures with the answers that they must give, on whatever machine.

They are kept with their answers in every precision that was tried when the bundle was made, so
that a machine is held to the precision that it serves in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import GOLDEN_FILE
from linnaeus.bundle.tensors import Tensors, read_tensors, unusable
from linnaeus.errors import BundleError
from linnaeus.files import write_whole

__all__ = [
    "GOLDEN_IMAGES",
    "TOLERANCE",
    "check_golden",
    "differs_here",
    "golden_answers",
    "write_golden",
]

GOLDEN_IMAGES = 4

UNUSABLE = "the golden inputs cannot be used"

TOLERANCE = {"float32": 1e-3, "bfloat16": 2e-2, "int8": 1e-1}
"""Largest accepted difference of a probability. Processors round and sum in different orders;
bfloat16 keeps 8 bits of a number, so its answers scatter more between kinds of processor. In whole
numbers a bit that falls the other way is a whole step, and runtimes fuse layers differently."""


class HasProbabilities(Protocol):
    """An answer, as far as the golden check needs to know it."""

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """(classes,) float32."""


AnswerT = TypeVar("AnswerT", bound=HasProbabilities)
AnswerAll = Callable[[Iterable[NDArray[np.uint8]]], Sequence[AnswerT]]


def write_golden(
    folder: Path, pixels: NDArray[np.uint8], probabilities: Mapping[str, NDArray[np.float32]]
) -> None:
    """Keep `pixels` (k, height, width, 3) uint8 and, by precision, their (k, classes) float32."""
    from safetensors.numpy import save

    tensors = {f"probabilities.{precision}": rows for precision, rows in probabilities.items()}
    write_whole(folder / GOLDEN_FILE, save({"pixels": np.ascontiguousarray(pixels), **tensors}))


def check_golden(folder: Path, answer: AnswerAll[AnswerT], precision: str) -> Sequence[AnswerT]:
    """Answer the golden inputs of the bundle in `folder` here, and compare. Returns the answers.

    Raises BundleError where a probability is further off than `TOLERANCE`.
    """
    pixels, expected = golden_answers(folder, precision)
    answers = answer(pixels)
    given = np.stack([one.probabilities for one in answers])
    if given.shape != expected.shape:
        raise unusable(folder / GOLDEN_FILE, UNUSABLE, "they are of other classes")
    worst = float(np.abs(given - expected).max())
    if not worst <= TOLERANCE[precision]:
        raise differs_here(
            folder,
            f"this machine answers the golden inputs differently, by up to {worst:.3g} where"
            f" {TOLERANCE[precision]:g} is accepted",
        )
    return answers


def differs_here(folder: Path, what: str) -> BundleError:
    """The error of a bundle that this machine does not serve as the one that made it did."""
    mend = "Install the runtime named in bundle.json in that version, or train anew here."
    return BundleError(what, where=str(folder), mend=mend)


def golden_answers(folder: Path, precision: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The golden pixels (k, height, width, 3) of a bundle, and their probabilities (k, classes).

    Raises BundleError where they cannot be read.
    """

    def understood(kept: Tensors) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        # A bundle from a machine without bfloat16 is never served in it, one in int8 in nothing
        # else: where a precision was not tried, float32 was.
        tried = f"probabilities.{precision}"
        return kept["pixels"], kept[tried if tried in kept else "probabilities.float32"]

    file = folder / GOLDEN_FILE
    pixels, expected = read_tensors(file, understood, UNUSABLE)
    if not len(pixels):
        raise unusable(file, UNUSABLE, "there are none")
    return pixels, expected
