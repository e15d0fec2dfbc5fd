"""Three thousand damaged, odd and malicious files: decoded or refused, and nothing else happens."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

LONGEST_S = 300  # for all of them; a few seconds are usual
LONGEST_FOR_ONE_S = 5

DECODE_ALL = """
import json, sys, tarfile, time
from linnaeus.errors import UnreadableImage
from linnaeus.images.decode import decode
outcomes, seconds = {}, {}
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        if member.isfile():
            before = time.process_time()
            try:
                pixels = decode(archive.extractfile(member).read(), name=member.name).pixels
                outcomes[member.name] = ["decoded", *pixels.shape]
            except UnreadableImage as refused:
                outcomes[member.name] = ["refused", str(refused)]
            except BaseException as other:
                outcomes[member.name] = ["raised", repr(other)]
            seconds[member.name] = time.process_time() - before
print(json.dumps([outcomes, seconds]))
"""


class Decoded(NamedTuple):
    """What one process made of all files: {path: outcome}, {path: seconds of the processor that it
    took}, and what was printed besides.
    """

    outcomes: dict[str, list[object]]
    seconds: dict[str, float]
    complaints: str


@pytest.fixture(scope="module")
def archive(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("hostile_files.tar.xz")


@pytest.fixture(scope="module")
def decoded(archive: Path) -> Decoded:
    done = subprocess.run(
        [sys.executable, "-c", DECODE_ALL, str(archive)],
        capture_output=True,
        check=False,
        text=True,
        timeout=LONGEST_S,
    )
    assert done.returncode == 0, done.stderr
    return Decoded(*json.loads(done.stdout), done.stderr)


def test_each_is_decoded_or_refused_in_a_sentence(decoded: Decoded) -> None:
    assert len(decoded.outcomes) > 3000
    assert [name for name, outcome in decoded.outcomes.items() if outcome[0] == "raised"] == []
    for name, outcome in decoded.outcomes.items():
        if outcome[0] == "refused":
            assert str(outcome[1]).startswith(f"{name}: ")


def test_none_holds_up_the_others(decoded: Decoded) -> None:
    assert max(decoded.seconds.values()) < LONGEST_FOR_ONE_S


def test_nothing_is_printed(decoded: Decoded) -> None:
    assert decoded.complaints == ""


def test_what_pillow_reads_is_read(decoded: Decoded, archive: Path) -> None:
    with tarfile.open(archive) as files:
        table = files.extractfile("hostile/manifest.csv")
        assert table is not None
        rows = list(csv.DictReader(io.TextIOWrapper(table, encoding="utf-8")))
    readable = [row for row in rows if row["outcome"].startswith("ok")]
    assert len(readable) > 1000
    for row in readable:
        outcome = decoded.outcomes[f"hostile/{row['path']}"]
        assert outcome[0] == "decoded", (row, outcome)
        assert {outcome[1], outcome[2]} == {int(row["height"]), int(row["width"])}
