"""What a newcomer waits for: the demo, the help, the import, and a first prediction.

    python benchmarks/first_use.py [--runs 5]

Each command is run as a whole process, once to warm the disk's cache and then as often as asked;
the table gives the median and the extremes in seconds. The demo is run once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _measuring import linnaeus, machine, run

MOST_SECONDS = {
    "linnaeus --help": 0.4,
    "import linnaeus": 0.1,
    "predict one.png, cold": 2.0,
    "train digits": 60.0,
}


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        trained = run([linnaeus(), "train", "digits", "--model", "small_cnn", "--out", out])
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
        picture = Path(folder) / "one.png"
        save_digit(picture)
        empty = statistics.median(_times([sys.executable, "-c", "pass"], runs))
        times = {
            "linnaeus --help": _times([linnaeus(), "--help"], runs),
            "import linnaeus": [
                seconds - empty
                for seconds in _times([sys.executable, "-c", "import linnaeus"], runs)
            ],
            "predict one.png, cold": _times([linnaeus(), "predict", out, picture], runs),
            "train digits": [trained.seconds],
        }
    print("| what | median | from … to | must be |")
    print("|---|---|---|---|")
    for what, seconds in times.items():
        median, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"| {what} | {median:.3f} s | {low:.3f} … {high:.3f} s | ≤ {MOST_SECONDS[what]} s |")
    right = 100 * metrics["test"]["accuracy"]["value"]
    print(f"\nDigits: {right:.1f} % right on held-out pictures.")
    late = any(statistics.median(s) > MOST_SECONDS[what] for what, s in times.items())
    return int(late or right < 96)


def _times(command: Sequence[str | Path], runs: int) -> list[float]:
    run(command)
    return [run(command).seconds for _ in range(runs)]


def save_digit(path: Path) -> None:
    """One of scikit-learn's digits, as a grey picture of 8 × 8 pixels."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    levels = load_digits().images[0]  # (8, 8) float64 from 0 to 16
    Image.fromarray(np.round(levels * (255 / 16)).astype(np.uint8)).save(path)


if __name__ == "__main__":
    sys.exit(main())
