"""What the parts of serving.py share: what is measured with, tables, and what a server can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import uvloop

from _http_load import Address, Load, closed_loop, post
from _measuring import DATA, WEIGHTS, linnaeus, needed, run
from _served import Served

CALLERS = 16
"""Who ask at once where capacity is measured: enough that a worker never waits for one."""

SEED = 0


@dataclass(frozen=True)
class Asked:
    """What is measured with, and how much of it."""

    given: Path | None
    photographs: list[bytes]
    aside: Path | None
    folder: Path
    small: bool

    @cached_property
    def bundle(self) -> Path:
        """The one that was given, or one of TrashNet."""
        return self.given or self._trained("run", needed(DATA / "trashnet192.zip"))

    @cached_property
    def quick_bundle(self) -> Path:
        """One of a network so small that answering, explaining and opening it cost next to
        nothing: for what is asked of the server, and not of the network."""
        return self._trained("quick", "digits", "--model", "cnn-tiny", "--budget", "10s")

    def _trained(self, name: str, *arguments: str | Path) -> Path:
        out = self.folder / name
        run([linnaeus(), "train", *arguments, "--weights", needed(WEIGHTS), "--out", out])
        return out

    def size(self, whole: float, small: float) -> float:
        return small if self.small else whole


def row(what: str, value: str, must: str, reached: bool) -> bool:
    print(f"| {what} | {value} | {must} | {'yes' if reached else 'NO'} |", flush=True)
    return reached


def table(title: str) -> None:
    print(f"\n### {title}\n\n| what | measured | must be | reached |\n|---|---|---|---|")


def asked_of(address: Address, pictures: Sequence[bytes]) -> list[bytes]:
    return [post(address, "/predict", picture) for picture in pictures]


def capacity_of(server: Served, asked: Asked, seconds: float) -> Load:
    """What the server answers when more is always waiting, after a warm-up."""
    requests = asked_of(server.address, asked.photographs)
    uvloop.run(closed_loop(server.address, requests, CALLERS, seconds / 4))
    return uvloop.run(closed_loop(server.address, requests, CALLERS, seconds))
