"""One file from one of its mirrors: resumed where it broke off, checked before it gets its name.

What has arrived lies in NAME.part, with what the server said of the file in NAME.part.json, so that
a killed download goes on where it was. Proxies are those of the environment, as `urllib` reads it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from linnaeus.data.fetching.remote import Remote
from linnaeus.data.fetching.transfer import Broken, Part, Refused, transfer
from linnaeus.errors import MissingError
from linnaeus.progress import Progress

__all__ = ["download"]

PAUSES_S = (1.0, 4.0)
"""Before the second attempt at one mirror, and before the third and last. An attempt that brought
something begins the count anew."""


def download(remote: Remote, folder: Path, progress: Progress, *, wanted_by: str = "") -> Path:
    """Download `remote` into `folder`, and return its place there. A whole one stays as it is.

    Each failure that is not the last is told through `progress`. Raises MissingError where no
    mirror gives the file, WriteError where the disk does not take it.
    """
    place = folder / remote.name
    if place.is_file() and remote.digest.of(place) == remote.digest:
        return place
    part = Part(place)
    failures: list[str] = []
    for url in remote.urls:
        if failures:
            progress.warn(f"No {remote.name} from {failures[-1]}; trying {_host(url)} instead.")
        try:
            _from_mirror(remote, url, part, progress)
            return part.finish()
        except Refused as reason:
            failures.append(f"{_host(url)} ({reason})")
    kept = part.size_bytes()
    raise MissingError(
        f"it could not be downloaded from {' or '.join(failures)}",
        where=wanted_by or remote.name,
        mend="Check the connection (and HTTPS_PROXY where you need one), and run the command again"
        + (f": the {kept / 1e6:,.1f} MB that arrived are kept." if kept else "."),
    )


def _from_mirror(remote: Remote, url: str, part: Part, progress: Progress) -> None:
    """Make `part` whole and right. Raises Refused where this mirror will not do."""
    resumed = _whole(url, part, progress)
    if (came := remote.digest.of(part.path)) == remote.digest:
        return
    part.forget()
    if resumed:  # the piece that was here may have been of another file
        progress.warn(f"What was kept of {remote.name} did not fit; beginning anew.")
        _whole(url, part, progress)
        if (came := remote.digest.of(part.path)) == remote.digest:
            return
        part.forget()
    raise Refused(
        f"what came is not that file: its digest is {came}, not {remote.digest}; a login page or a"
        " proxy may have answered"
    )


def _whole(url: str, part: Part, progress: Progress) -> bool:
    """Transfer until the server says that all is there; whether something was there before.

    Raises Refused after as many attempts in vain as there are pauses, and one.
    """
    resumed = (most := part.size_bytes()) > 0
    vain = 0
    while True:
        try:
            transfer(url, part, progress)
            return resumed
        except Broken as reason:
            grew = part.size_bytes() > most
            most = max(most, part.size_bytes())
            vain = 1 if grew else vain + 1
            if vain > len(PAUSES_S):
                raise Refused(str(reason)) from None
            pause_s = PAUSES_S[vain - 1]
            progress.warn(f"{_host(url)}: {reason}; trying again in {pause_s:.0f} s.")
            time.sleep(pause_s)


def _host(url: str) -> str:
    """Whom an address belongs to, for people."""
    with suppress(ValueError):
        return urlsplit(url).netloc or url
    return url
