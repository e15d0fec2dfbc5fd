"""Parting by domain: all pictures of one hospital, camera or site judge what the others taught."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Column, natural_key
from linnaeus.data.layout import listed
from linnaeus.data.metadata import number_as_text
from linnaeus.errors import DataError, UsageError

__all__ = ["by_domain", "domains_in", "domains_of"]


def domains_of(column: Column, name: str, paths: Sequence[str], where: str) -> NDArray[np.str_]:
    """(n,) text: the domain of each sample; numbers are written as people write them.

    `name`: the column's. `paths`: (n,) what its rows are called. Raises DataError that names the
    pictures without a domain.
    """
    if column.dtype == np.float64:
        texts = ["" if np.isnan(value) else number_as_text(value) for value in column.tolist()]
    else:
        texts = [str(text) for text in column]
    empty = [path for path, text in zip(paths, texts, strict=True) if not text]
    if empty:
        raise DataError(
            f"the column '{name}' is empty for {listed(empty)}",
            where=where,
            mend="Fill it in for every picture, or take these pictures out.",
        )
    return np.array(texts, dtype=np.str_)


def domains_in(domains: NDArray[np.str_]) -> list[str]:
    """The different domains, sorted as people sort."""
    return sorted(set(domains.tolist()), key=natural_key)


def by_domain(domains: NDArray[np.str_], tested: str, column: str) -> NDArray[np.str_]:
    """(n,) text: "test" for the samples of the domain `tested`, "train" for all others.

    Raises UsageError where there is no such domain in `column`, or no other.
    """
    present = domains_in(domains)
    if tested not in present:
        near = difflib.get_close_matches(tested, present, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are {listed(present)}."
        raise UsageError(
            f"there is no domain '{tested}' in the column '{column}'",
            where="--test-domain",
            mend=hint,
        )
    if len(present) == 1:
        raise UsageError(
            f"all pictures are of the domain '{tested}', so none is left to learn from",
            where="--domain-column",
            mend="Name a column of two domains or more.",
        )
    return np.where(domains == tested, "test", "train").astype("<U10")
