"""A picture by what a list or table calls it: a path, or an address where that was allowed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from linnaeus.errors import UnreadableImage
from linnaeus.predicting.picture import Picture, looks_like_url

__all__ = ["Naming"]


class Naming:
    """Makes pictures of names; `allow_url`: whether addresses are fetched."""

    def __init__(self, *, allow_url: bool = False) -> None:
        self._fetch: Callable[[str], bytes] = _not_allowed
        if allow_url:
            from linnaeus.predicting.urls import Fetching  # loads what speaks to servers

            self._fetch = Fetching()

    def __call__(self, name: str, path: Path) -> Picture:
        """The picture called `name`, which lies at `path` where that is no address."""
        if looks_like_url(name):
            return Picture(name, partial(self._fetch, name))
        return Picture(name, path)


def _not_allowed(url: str) -> bytes:
    raise UnreadableImage(
        "addresses are fetched only where that is asked for",
        where=url,
        mend="Give --allow-url, or download it yourself.",
    )
