"""Whether planted shortcuts are the first thing an audit says, and what auditing CIFAR-10 costs.

    python benchmarks/audit.py [--only shortcuts | cost]

Saves one class of trashnet192 anew, in a way that has nothing to do with what it shows, and audits
the result. Prints the first finding, the accuracy that it says a model would get from the property
alone, and how well it tells the class; the sets as they come stand below, where no shortcut may be
found. Then times `linnaeus audit cifar10.tar.xz --no-label-errors --no-cache --out DIR`, which is
60,000 pictures, as a whole process.

Ends with 1 where a planted shortcut is not found first, one is found in a set as it comes, or the
audit of CIFAR-10 takes more than 90 s or 1.5 GB.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from _measuring import DATA, linnaeus, machine, needed, run
from linnaeus import load_dataset
from linnaeus.data.audit import audit
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Finding
from linnaeus.data.scan import scan

PLANTED_IN = "metal"
MOST_SECONDS, MOST_MB = 90, 1500

Saved = tuple[Image.Image, str, dict[str, int]]

PLANTINGS: dict[str, Callable[[Image.Image], Saved]] = {
    "format": lambda image: (image, "PNG", {}),
    "mode": lambda image: (image.convert("L"), "JPEG", {"quality": 95}),
    "quality": lambda image: (image, "JPEG", {"quality": 75}),
    "size": lambda image: (image.resize((220, 165)), "PNG", {}),
}
CLEAN = (
    "trashnet192.zip",
    "clothing160.tar",
    "sign_language_digits.tar.xz",
    "deeppcb_crops.tar.xz",
)


def main() -> int:
    """Print the tables; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=("shortcuts", "cost"))
    asked = parser.parse_args()
    print(machine())
    good = True
    if asked.only != "cost":
        print("| planted | first finding | accuracy from it alone | chance | told |")
        print("|---|---|---|---|---|")
        planted = [_planted_is_first(kind) for kind in PLANTINGS]
        clean = [_none_in(name) for name in CLEAN]
        good = all(planted) and all(clean)
    if asked.only != "shortcuts":
        good = _cost_is_kept() and good
    return int(not good)


def _planted_is_first(kind: str) -> bool:
    """Print a planting's row; whether a shortcut is the first finding, and this one among them."""
    with tempfile.TemporaryDirectory() as folder:
        _plant(load_dataset(needed(DATA / "trashnet192.zip")), Path(folder), PLANTINGS[kind])
        found = _findings(load_dataset(folder))
    first, figures = found[0], found[0].figures
    print(f"| {kind} | {first.severity} {first.kind} | {figures.get('accuracy', 0):.1%}"
          f" ({figures.get('accuracy_low', 0):.1%} to {figures.get('accuracy_high', 0):.1%})"
          f" | {figures.get('chance', 0):.1%} | {figures.get('told', 0):.1%} |",
          flush=True)  # fmt: skip
    kinds = {one.kind for one in found}
    return first.kind.startswith("shortcut-") and f"shortcut-{kind}" in kinds


def _plant(dataset: Dataset, folder: Path, change: Callable[[Image.Image], Saved]) -> None:
    """Copy a set into class folders, one class saved anew."""
    for path, label in zip(dataset.paths, dataset.labels, strict=True):
        name = dataset.classes[label]
        content, file = dataset.source.read(path), folder / name / Path(path).name
        file.parent.mkdir(exist_ok=True)
        if name == PLANTED_IN:
            image, file_format, options = change(Image.open(io.BytesIO(content)))
            written = io.BytesIO()
            image.save(written, file_format, **options)
            content, file = written.getvalue(), file.with_suffix(f".{file_format.lower()}")
        file.write_bytes(content)


def _none_in(name: str) -> bool:
    found = [one.kind for one in _findings(load_dataset(needed(DATA / name)))]
    shortcuts = [kind for kind in found if kind.startswith("shortcut-")]
    print(f"| nothing ({name}) | {', '.join(shortcuts) or 'no shortcut'} | – | – | – |", flush=True)
    return not shortcuts


def _findings(dataset: Dataset) -> list[Finding]:
    return list(audit(dataset, scan(dataset)).findings)


def _cost_is_kept() -> bool:
    data = needed(DATA / "cifar10.tar.xz")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "audit"
        options = ("--no-label-errors", "--no-cache", "--out", out)
        cost = run([linnaeus(), "audit", data, *options])
    print("\n| audit of | time | peak memory |\n|---|---|---|")
    print(f"| cifar10 | {cost.seconds:.1f} s | {cost.peak_mb:,.0f} MB |")
    return cost.seconds <= MOST_SECONDS and cost.peak_mb <= MOST_MB


if __name__ == "__main__":
    sys.exit(main())
