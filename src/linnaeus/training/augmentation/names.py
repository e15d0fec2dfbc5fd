"""What the names of classes say about mirroring their pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["mirror_allowed"]
SIDES = {"left", "right", "l", "r", "lhs", "rhs", "clockwise", "anticlockwise", "counterclockwise"}
WORDS_OF_SIGNS = {
    *"zero one two three four five six seven eight nine ten".split(),
    *"digit digits number letter letters character characters text alphabet".split(),
}


def mirror_allowed(classes: Sequence[str], grey: bool) -> tuple[bool, str]:
    """Whether a mirrored picture keeps its class, as far as names tell, and why.

    Digits and letters change or lose their meaning in a mirror, and so do left and right. `grey`
    pictures under bare numbers are taken for digits; so are coloured ones, whose mirror images
    may be harmless, because a wrong mirror costs more than a missing one.

    >>> mirror_allowed(["cat", "dog"], grey=False)[0], mirror_allowed(["0", "1"], grey=True)[0]
    (True, False)
    """
    for name in classes:
        words = re.findall(r"[^\W\d_]+|\d+", name.casefold())
        sided = SIDES.intersection(word for word in words if len(word) > 1 or len(words) == 1)
        if sided and len(name.strip()) > 1:
            return False, f"pictures are not mirrored: class {name!r} tells sides apart"
    signs = [name for name in classes if _names_a_sign(name)]
    if 2 * len(signs) > len(classes):
        kind = "grey pictures of digits or letters" if grey else "digits or letters"
        return False, f"pictures are not mirrored: classes such as {signs[0]!r} look like {kind}"
    return True, "pictures are mirrored at random: no class name speaks of sides or signs"


def _names_a_sign(name: str) -> bool:
    text = name.strip().casefold()
    return len(text) == 1 or text.isdecimal() or bool(WORDS_OF_SIGNS & set(re.split(r"\W|_", text)))
