"""Puts Linnaeus beside the peers at equal times: a budget of what each of their runs took.

    python benchmarks/peers/compare.py [fastai] [ultralytics] [keras] [--cache DIR] [--archive FILE]
                                       [--small]

Reads the curves that run.py logged. For every finished run of a peer, `linnaeus train` gets the
seconds that the peer's training took as its budget (ours includes validation, theirs does not
include the judging), and the accuracy on the same 10,000 test pictures stands beside theirs. Ends
with 1 where a peer is as good. Nothing else should run meanwhile. `--small` puts a few seconds of
ours beside what `run.py --small` logged, which shows that the script runs and is no figure.
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

from run import ARCHIVE, CACHE, EPOCHS, small  # noqa: E402

from _measuring import linnaeus, machine, run  # noqa: E402

LEAST_S = 5.0  # of ours in a small run, whose peers are done sooner than a network is chosen


def main() -> int:
    """Print a row a run of a peer; 1 where a peer is as good."""
    asked = _arguments()
    work = small(asked.cache) if asked.small else asked.cache
    data = work / "pictures" if asked.small else asked.archive
    rows = _finished(work / "curves", asked.peers or list(EPOCHS))
    print(machine())
    print("| peer | epochs | seconds | its test accuracy | ours in that time | our network |")
    print("|---|---|---|---|---|---|")
    beaten = True
    for row in rows:
        seconds = max(LEAST_S, row["seconds"]) if asked.small else row["seconds"]
        accuracy, network = _ours(data, seconds)
        beaten = beaten and accuracy > row["accuracy"]
        print(
            f"| {row['peer']} | {row['epochs']} | {row['seconds']:.0f} s | {row['accuracy']:.2%}"
            f" | {accuracy:.2%} | {network} |",
            flush=True,
        )
    return 0 if beaten or asked.small else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("peers", nargs="*", choices=[*EPOCHS, []], help="all that were run")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--archive", type=Path, default=ARCHIVE)
    parser.add_argument("--small", action="store_true")
    return parser.parse_args()


def _finished(curves: Path, peers: list[str]) -> list[dict[str, Any]]:
    """The last line of every run that ended, the newest where a run was repeated.

    Ends the benchmark where there is none.
    """
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for file in (curves / f"{peer}.jsonl" for peer in peers):
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            row = json.loads(line)
            if row["epoch"] == row["epochs"]:
                rows[row["peer"], row["epochs"]] = row
    if not rows:
        sys.exit(f"No curve of {', '.join(peers)} is in {curves}: run run.py first.")
    return list(rows.values())


def _ours(data: Path, seconds: float) -> tuple[float, str]:
    """Our test accuracy and network on `data` for a budget of `seconds`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        run([linnaeus(), "train", data, "--budget", f"{seconds:.0f}s", "--out", out])
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
        recipe = json.loads((out / "recipe.json").read_text("utf-8"))
    return metrics["test"]["accuracy"]["value"], recipe["model"]


if __name__ == "__main__":
    sys.exit(main())
