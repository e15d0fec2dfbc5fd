"""`linnaeus cache`, as a user calls it: to see what is kept between runs, and to clear it."""

from __future__ import annotations

from pathlib import Path

from command_line import Done, linnaeus


def keeping(cache: Path, *arguments: object) -> Done:
    """`linnaeus ARGUMENTS`, which keeps in `cache` what it may."""
    return linnaeus(*arguments, LINNAEUS_CACHE=str(cache), LINNAEUS_CACHE_LIMIT="2GB")


def test_what_a_verb_keeps_is_seen_used_and_cleared(photo_folder: Path, tmp_path: Path) -> None:
    first = keeping(tmp_path / "cache", "audit", photo_folder)
    second = keeping(tmp_path / "cache", "audit", photo_folder)
    assert "nothing is decoded again" not in first.err
    assert "nothing is decoded again" in second.err
    assert first.out == second.out
    seen = keeping(tmp_path / "cache", "cache")
    assert seen.code == 0, seen.err
    entry, total, found = seen.out.splitlines()
    assert entry.split()[:4] == ["photos", "audit", "36", "pictures"]
    assert "of at most 2,000.0 MB" in total
    assert str(tmp_path / "cache") in total
    assert "near duplicates" in found
    assert (
        "Removed 0 entries"
        in keeping(tmp_path / "cache", "cache", "clear", "--older-than", "1h").out
    )
    assert "Removed 1 entry" in keeping(tmp_path / "cache", "cache", "clear").out
    assert len(keeping(tmp_path / "cache", "cache").out.splitlines()) == 1


def test_without_the_cache_nothing_is_kept(photo_folder: Path, tmp_path: Path) -> None:
    done = keeping(tmp_path / "cache", "audit", photo_folder, "--no-cache")
    assert done.code == 0, done.err
    assert not (tmp_path / "cache").exists()


def test_an_age_that_is_none_is_told(tmp_path: Path) -> None:
    done = keeping(tmp_path / "cache", "cache", "clear", "--older-than", "long")
    assert done.code == 2
    assert done.err == 'linnaeus: --older-than: "long" is not a time. Write it as 12h or 30d.\n'
