"""`make bench`: every script runs, whatever came of those before it; counts are gone on from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ALL = BENCHMARKS / "_all.py"


def test_all_scripts_run_and_those_that_missed_are_named_in_the_end(tmp_path: Path) -> None:
    scripts = []
    for name, code in (("first", 0), ("second", 1), ("third", 3), ("fourth", 0)):
        scripts.append(tmp_path / f"{name}.py")
        scripts[-1].write_text(f"import sys\nprint('{name} was here')\nsys.exit({code})\n")
    done = subprocess.run(
        [sys.executable, ALL, *scripts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.count("was here") == 4
    assert done.stdout.splitlines()[-3:] == [
        "second.py missed a figure, or failed: it ended with 1.",
        "third.py measured nothing: it says above what is not here.",
        "2 of 4 scripts reached all that they must.",
    ]


def test_counts_of_intervals_go_on_where_they_were_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line, from a run that was killed as it wrote, is as if it had not been counted."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from _interval_counts import Counts, Record

    path = tmp_path / "counts.jsonl"
    record = Record(path)
    record.add("two", 0, ["macro_f1", "top_2_accuracy"], {"macro_f1": Counts(8, 2, 0)})
    record.add("two", 10, [], {"macro_f1": Counts(9, 0, 1), "accuracy": Counts(10, 0, 0)})
    with path.open("a") as file:
        file.write('{"kind": "two", "part": 20, "cou')
    again = Record(path)
    again.add("two", 30, ["macro_f1"], {"macro_f1": Counts(10, 0, 0)})
    last = Record(path)
    assert last.totals("two", [0, 10, 30], ["macro_f1"]) == {"macro_f1": Counts(27, 2, 1)}
    assert last.totals("two", [0], []) == {"macro_f1": Counts(8, 2, 0)}
    done = [(part, last.has("two", part, ["top_2_accuracy"])) for part in (0, 10, 20, 30)]
    assert done == [(0, True), (10, True), (20, False), (30, False)]
    assert not last.has("two", 0, [])


def test_counts_of_other_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from _interval_counts import Record

    path = tmp_path / "counts.jsonl"
    path.write_text('{"code": "of another day"}\n')
    with pytest.raises(SystemExit, match="counted with other code"):
        Record(path)
