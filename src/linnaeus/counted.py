"""How many of something, in words: "1 picture is", "1,200 pictures are"."""

from __future__ import annotations

__all__ = ["are", "counted", "pictures", "were"]


def counted(count: int, one: str, several: str | None = None) -> str:
    """`count` with `one`, or with `several`, by default with an s at its end."""
    return f"1 {one}" if count == 1 else f"{count:,} {several or one + 's'}"


def pictures(count: int) -> str:
    """So many pictures."""
    return counted(count, "picture")


def are(count: int) -> str:
    """What `count` of anything do now."""
    return "is" if count == 1 else "are"


def were(count: int) -> str:
    """What `count` of anything did before."""
    return "was" if count == 1 else "were"
