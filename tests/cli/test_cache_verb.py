"""`linnaeus cache`, as a user calls it: to see what is kept between runs, and to clear it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def linnaeus(cache: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    code = "from linnaeus.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "LINNAEUS_CACHE": str(cache), "LINNAEUS_CACHE_LIMIT": "2GB"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_what_a_verb_keeps_is_seen_used_and_cleared(photo_folder: Path, tmp_path: Path) -> None:
    first = linnaeus(tmp_path / "cache", "audit", photo_folder)
    second = linnaeus(tmp_path / "cache", "audit", photo_folder)
    assert "nothing is decoded again" not in first.stderr
    assert "nothing is decoded again" in second.stderr
    assert first.stdout == second.stdout
    seen = linnaeus(tmp_path / "cache", "cache")
    assert seen.returncode == 0, seen.stderr
    entry, total, found = seen.stdout.splitlines()
    assert entry.split()[:4] == ["photos", "audit", "36", "pictures"]
    assert "of at most 2,000.0 MB" in total
    assert str(tmp_path / "cache") in total
    assert "near duplicates" in found
    assert (
        "Removed 0 entries"
        in linnaeus(tmp_path / "cache", "cache", "clear", "--older-than", "1h").stdout
    )
    assert "Removed 1 entry" in linnaeus(tmp_path / "cache", "cache", "clear").stdout
    assert len(linnaeus(tmp_path / "cache", "cache").stdout.splitlines()) == 1


def test_without_the_cache_nothing_is_kept(photo_folder: Path, tmp_path: Path) -> None:
    done = linnaeus(tmp_path / "cache", "audit", photo_folder, "--no-cache")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "cache").exists()


def test_an_age_that_is_none_is_told(tmp_path: Path) -> None:
    done = linnaeus(tmp_path / "cache", "cache", "clear", "--older-than", "long")
    assert done.returncode == 2
    assert done.stderr == 'linnaeus: --older-than: "long" is not a time. Write it as 12h or 30d.\n'
