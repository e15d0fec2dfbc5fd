"""One spelling of each name: systems write the same accents in different code points."""

from __future__ import annotations

import unicodedata

__all__ = ["one_spelling"]


def one_spelling(text: str) -> str:
    """`text` with accents in their letters (Unicode's NFC), as most write them; macOS parts them.

    >>> len("gru\\u0308n"), len(one_spelling("gru\\u0308n"))
    (5, 4)
    """
    return unicodedata.normalize("NFC", text)
