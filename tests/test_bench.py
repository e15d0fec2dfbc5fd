"""`make bench`: every script runs, whatever came of those before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ALL = Path(__file__).parents[1] / "benchmarks" / "_all.py"


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
