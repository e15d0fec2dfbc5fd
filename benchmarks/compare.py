"""A whole study in an hour, and the same study killed twice on the way.

    python benchmarks/compare.py [--budget 60m] [--small] [--out DIR [--again [SET ...]]]

Six models × five folds × five data sets by one command with a budget, as a whole process: the time
on the wall and the page. Then the same study, with its plan of passes kept and its records
gone, is begun again, killed with SIGKILL after a third and after two thirds of its trainings, and
finished by the same command. Held to: at most 60 minutes, one page, and the same answers, bit by
bit, and the same numbers but for the costs. `--small` shows that it runs, on digits with two
models and two folds; `--again` does only the second part, beside the whole study that stands in
DIR: where data sets are named, with the records of these alone gone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run

MOST_S = 3600
MODELS = "hog+svm,lbp+random-forest,mlp,cnn-tiny,cnn-small,mobilenetv2_100"
SETS = (
    "trashnet192.zip",
    "clothing160.tar",
    "deeppcb_crops.tar.xz",
    "sign_language_digits.tar.xz",
)
KILLED_AT = (1 / 3, 2 / 3)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--small", action="store_true")
    options.add_argument("--budget", default="60m")
    options.add_argument("--out", type=Path)
    options.add_argument("--again", nargs="*", metavar="SET")
    given = options.parse_args()
    command = _command(given.small, given.budget)
    with tempfile.TemporaryDirectory() as room:
        above = given.out or Path(room)
        whole = given.again is not None or _whole(command, above)
        return int(not (_killed_twice(command, above, given.again or ["*"]) and whole))


def _command(small: bool, budget: str) -> list[str | Path]:
    """The study, but for its folder."""
    if small:
        asked = ["digits", "--models", "mlp,hog+svm", "--folds", "2", "--budget", "2m"]
        return [linnaeus(), "compare", *asked]
    sets = [needed(DATA / name) for name in SETS]
    asked = ["--models", MODELS, "--weights", needed(WEIGHTS), "--folds", "5", "--budget", budget]
    groups = ["--group-column", "clothing160=sender_id"]
    return [linnaeus(), "compare", *sets, "digits", *asked, *groups]


def _whole(command: list[str | Path], above: Path) -> bool:
    """Make the study, and tell of it; whether it is as it has to be."""
    study = above / "whole"
    cost = run([*command, "--out", study])
    gaps = sum(len(one["gaps"]) for one in _told(study)["data_sets"])
    print(f"{machine()}; {_records(study)} trainings, {gaps} of them failed")
    print(f"{cost.seconds / 60:.1f} min all in; page of {_kb(study / 'index.html')} kB")
    print(f"Answer: {_told(study)['plain_words'][0]}", flush=True)
    return cost.seconds <= MOST_S and gaps == 0


def _killed_twice(command: list[str | Path], above: Path, sets: list[str]) -> bool:
    """Make it again but for records of other `sets`, killed twice on the way; whether its result is
    the same.
    """
    whole, killed = above / "whole", above / "killed"
    shutil.copytree(whole, killed, ignore=shutil.ignore_patterns("index.html"))
    for name in sets:
        for folder in killed.glob(f"records/{name}"):
            shutil.rmtree(folder)
    kept = _records(killed)
    gone = _records(whole) - kept
    for share in KILLED_AT:
        _kill_after(kept + round(share * gone), [*command, "--out", killed], killed)
    run([*command, "--out", killed])
    same = _but_costs(_told(whole)) == _but_costs(_told(killed)) and _same_answers(whole, killed)
    told = "the same result" if same else "ANOTHER RESULT"
    print(f"{gone} trainings made again, killed twice: {told}")
    return same


def _kill_after(records: int, command: list[str | Path], study: Path) -> None:
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    while _records(study) < records:
        if process.poll() is not None:
            sys.exit(f"the study ended with {process.returncode} before it could be killed")
        time.sleep(0.2)
    process.kill()
    process.wait()


def _records(study: Path) -> int:
    return len(list(study.glob("records/*/*/*.json")))


def _told(study: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((study / "comparison.json").read_text("utf-8"))
    return document


def _but_costs(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _but_costs(one) for key, one in value.items() if key != "costs"}
    return [_but_costs(one) for one in value] if isinstance(value, list) else value


def _same_answers(one: Path, other: Path) -> bool:
    files = sorted(file.relative_to(one) for file in one.glob("records/*/*/*.safetensors"))
    return bool(files) and all((one / f).read_bytes() == (other / f).read_bytes() for f in files)


def _kb(file: Path) -> int:
    return file.stat().st_size // 1000


if __name__ == "__main__":
    sys.exit(main())
