"""Groups where a picture in none is a group of its own, as a split takes an empty cell."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["own_groups"]


def own_groups(groups: Iterable[str], names: Iterable[str]) -> NDArray[np.str_]:
    """(n,) `groups`, with each "" replaced by its own of `names` (n,), which are all different.

    Were empty cells left as they are, all pictures in no group would be taken for one group. A name
    that something else has already is lengthened.

    >>> own_groups(["ann", "", ""], ["1.jpg", "ann", "3.jpg"]).tolist()
    ['ann', "ann'", '3.jpg']
    """
    groups = [str(group) for group in groups]
    taken = set(groups)
    found = []
    for group, name in zip(groups, names, strict=True):
        alone = name
        while not group and alone in taken:
            alone += "'"
        found.append(group or alone)
        taken.add(found[-1])
    return np.array(found, dtype=np.str_)
