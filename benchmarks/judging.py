"""What a full evaluation costs: 10,000 predictions of ten classes, to the finished report.

    python benchmarks/judging.py [--predictions 10000] [--classes 10]

Writes a table of made-up answers with pictures beside it, and runs `linnaeus evaluate` on it as a
user would, as a whole process: every figure with its interval, the page with its pictures, and
metrics.json. Prints seconds, peak memory and the size of the page. Must reach: 30 s and 3 MB on
two cores; ends with 1 where it does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from _measuring import linnaeus, machine, run
from linnaeus.randomness import generator

MOST_SECONDS, MOST_MB = 30.0, 3.0


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--predictions", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=10)
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        table = _answers(Path(folder), asked.predictions, asked.classes)
        out = Path(folder) / "judged"
        cost = run([linnaeus(), "evaluate", "--predictions", table, "--out", out])
        page_mb = (out / "report/index.html").stat().st_size / 1e6
    print("| predictions | classes | time | peak memory | page |")
    print("|---|---|---|---|---|")
    print(
        f"| {asked.predictions:,} | {asked.classes} | {cost.seconds:.1f} s"
        f" | {cost.peak_mb:.0f} MB | {page_mb:.2f} MB |"
    )
    return int(cost.seconds > MOST_SECONDS or page_mb > MOST_MB)


def _answers(folder: Path, pictures: int, classes: int) -> Path:
    """A table of answers, right about 85 times in 100, and a noisy photograph for each name."""
    random = generator(0, "answers")
    labels = random.integers(0, classes, pictures)
    evidence = random.normal(size=(pictures, classes))
    evidence[np.arange(pictures), labels] += 2.5
    powers = np.exp(2 * evidence)
    p = powers / powers.sum(axis=1, keepdims=True)
    noise = random.integers(0, 256, (240, 320, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "noise.jpg", quality=90)
    rows = ["image,label," + ",".join(f"p:class {at}" for at in range(classes))]
    for at in range(pictures):
        (folder / f"{at}.jpg").symlink_to("noise.jpg")
        values = ",".join(f"{value:.8f}" for value in p[at])
        rows.append(f"{at}.jpg,class {labels[at]},{values}")
    table = folder / "answers.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


if __name__ == "__main__":
    sys.exit(main())
