"""Puts Linnaeus beside the peers at equal times: a budget of what each of their runs took.

    python benchmarks/peers/compare.py [--cache DIR] [--archive FILE]

Reads the curves that run.py logged. For every finished run of a peer, `linnaeus train` gets the
seconds that the peer's training took as its budget (ours includes validation, theirs does not
include the judging), and the accuracy on the same 10,000 test pictures stands beside theirs. Ends
with 1 where a peer is as good. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from run import ARCHIVE, CACHE  # noqa: E402

from _measuring import linnaeus, machine, run  # noqa: E402


def main() -> int:
    """Print a row a run of a peer; 1 where a peer is as good."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--archive", type=Path, default=ARCHIVE)
    asked = parser.parse_args()
    print(machine())
    print("| peer | epochs | seconds | its test accuracy | ours in that time | our network |")
    print("|---|---|---|---|---|---|")
    beaten = True
    for row in _finished(asked.cache / "curves"):
        accuracy, network = _ours(asked.archive, row["seconds"])
        beaten = beaten and accuracy > row["accuracy"]
        print(
            f"| {row['peer']} | {row['epochs']} | {row['seconds']:.0f} s | {row['accuracy']:.2%}"
            f" | {accuracy:.2%} | {network} |",
            flush=True,
        )
    return 0 if beaten else 1


def _finished(curves: Path) -> list[dict[str, Any]]:
    """The last line of every run that ended, the newest where a run was repeated."""
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for file in sorted(curves.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["epoch"] == row["epochs"]:
                rows[row["peer"], row["epochs"]] = row
    return list(rows.values())


def _ours(archive: Path, seconds: float) -> tuple[float, str]:
    """Our test accuracy and network for a budget of `seconds`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        run([linnaeus(), "train", archive, "--budget", f"{seconds:.0f}s", "--out", out])
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
        recipe = json.loads((out / "recipe.json").read_text("utf-8"))
    return metrics["test"]["accuracy"]["value"], recipe["model"]


if __name__ == "__main__":
    sys.exit(main())
