"""The whole job in one minute, on the hand-written digits that scikit-learn carries.

    python examples/demo.py

Trains and reports, writes ten digits that training never saw as PNG files, has the finished bundle
predict them, and ends with where the report is and what it says. All of it lands in a new folder
under runs/.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import sysconfig
from datetime import datetime
from pathlib import Path

from PIL import Image

import linnaeus


def main() -> None:
    """Train, predict, tell."""
    run = Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S-%f}"
    _linnaeus("train", "digits", "--model", "small_cnn", "--out", str(run))
    unseen = _write_unseen_digits(run)
    _linnaeus("predict", str(run / "bundle"), str(unseen))
    report = run / "report"
    said = json.loads((report / "metrics.json").read_text("utf-8"))["plain_words"]
    print(f"\nThe report is {report / 'index.html'}. It says:")
    for sentence in said[:3]:
        print(f"  {sentence}")


def _linnaeus(*arguments: str) -> None:
    """Show a command and run it, as it would be typed."""
    print(f"\n$ linnaeus {' '.join(arguments)}", flush=True)
    command = [str(Path(sysconfig.get_path("scripts")) / "linnaeus"), *arguments]
    ended = subprocess.run(command, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def _write_unseen_digits(run: Path) -> Path:
    """One test picture of each digit as a PNG file, 0.png to 9.png; returns their folder."""
    digits = linnaeus.load_dataset("digits")
    folder = run / "unseen"
    folder.mkdir()
    with (run / "split.csv").open(encoding="utf-8", newline="") as file:
        test = [row for row in csv.DictReader(file) if row["split"] == "test"]
    first_of = {row["label"]: row["image"] for row in reversed(test)}
    for label, path in sorted(first_of.items()):
        Image.open(io.BytesIO(digits.source.read(path))).save(folder / f"{label}.png")
    return folder


if __name__ == "__main__":
    main()
