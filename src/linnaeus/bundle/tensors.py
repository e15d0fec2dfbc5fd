"""The safetensors files that a bundle keeps arrays in: read, or refused as damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from linnaeus.errors import BundleError

__all__ = ["Tensors", "read_tensors", "unusable"]

Kept = TypeVar("Kept")
Tensors = Mapping[str, NDArray[Any]]


def read_tensors(file: Path, understood: Callable[[Tensors], Kept], what: str) -> Kept:
    """What is `understood` of the arrays in `file`, by their names.

    Raises BundleError, as `unusable` has it, where the file is damaged or arrays are missing.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return understood(load_file(str(file)))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise unusable(file, what, f"damaged: {error}") from None


def unusable(file: Path, what: str, reason: str) -> BundleError:
    """The error of a `file` of a bundle that is not what it was; `what` begins the sentence."""
    return BundleError(
        f"{what} ({reason})",
        where=str(file),
        mend="Copy the bundle again from where it was made.",
    )
