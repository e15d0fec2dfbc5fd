"""A picture by what a list or table calls it: a path, or an address where that was allowed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from linnaeus.bundle.under_way import Slow
from linnaeus.errors import UnreadableImage
from linnaeus.predicting.picture import Picture, looks_like_url

__all__ = ["AT_ONCE", "Naming"]

AT_ONCE = 8
"""Addresses that are asked at a time, those whose pictures wait for their turn among them: enough
for a server that answers slowly, no load for one that does not, and little in memory."""


class Naming:
    """Makes pictures of names; `allow_url`: whether addresses are fetched."""

    def __init__(self, *, allow_url: bool = False) -> None:
        self._fetch: Callable[[str], bytes] | None = None
        self._places = threading.BoundedSemaphore(AT_ONCE)
        if allow_url:
            from linnaeus.predicting.urls import Fetching  # loads what speaks to servers

            self._fetch = Fetching()

    def __call__(self, name: str, path: Path) -> Picture:
        """The picture called `name`, which lies at `path` where that is no address."""
        if not looks_like_url(name):
            return Picture(name, path)
        if self._fetch is None:
            return Picture(name, partial(_not_allowed, name))
        return Picture(name, Slow(partial(self._fetch, name), self._places))


def _not_allowed(url: str) -> bytes:
    raise UnreadableImage(
        "addresses are fetched only where that is asked for",
        where=url,
        mend="Give --allow-url, or download it yourself.",
    )
