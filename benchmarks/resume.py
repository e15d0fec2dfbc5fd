"""Whether a run can be lost, and what it costs that it cannot.

    python benchmarks/resume.py [kills] [sigterms] [overhead] [--kills 50] [--sigterms 30]

`kills`: runs are ended by `kill -9` at a random moment, a quarter of them inside a write, flush or
rename, and gone on with; learnt from scratch, a probe, and a probe with two stages of fine-tuning,
with no, one and two `--workers`. Weights, graph, recipe, history and the answers to the test
pictures have to be those of a run that nothing ended, bit for bit. `sigterms`: the same with
SIGTERM, which has to leave a checkpoint and end the run with 143 within 30 s. Processes are
forked from one that has loaded PyTorch, and are of their own nevertheless. `overhead`: what share
of the time of `linnaeus train cifar10.tar.xz --epochs 3` goes into saving it, as is the default.
Ends with 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from _measuring import DATA, WEIGHTS, machine, needed

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "acceptance"))

from forked import Forked, Forks

STAGES = "[{learns: probe}, {learns: upper, epochs: 2}, {learns: whole, epochs: 2}]"
OFTEN = ("--checkpoint-every", "0.01")
WORKERS: tuple[tuple[object, ...], ...] = ((), ("--workers", 1), ("--workers", 2))
LONGEST_S = 30.0
MOST_OVERHEAD = 0.02
CALLS = 250  # of the disk, about so many in a run


class Course(NamedTuple):
    """A training, the run that nothing ended, and how long it took."""

    name: str
    asked: tuple[object, ...]
    whole: Path
    took_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["kills", "sigterms", "overhead"])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--sigterms", type=int, default=30)
    asked = parser.parse_args()
    print(machine())
    good = True
    with tempfile.TemporaryDirectory() as folder, kept_in(Path(folder)) as forks:
        courses = whole_runs(forks, Path(folder)) if {"kills", "sigterms"} & {*asked.parts} else []
        if "kills" in asked.parts:
            good &= kills(forks, courses, Path(folder), asked.kills)
        if "sigterms" in asked.parts:
            good &= sigterms(forks, courses, Path(folder), asked.sigterms)
    if "overhead" in asked.parts:
        good &= overhead()
    sys.exit(0 if good else 1)


def kept_in(folder: Path) -> Forks:
    """Processes that keep what they compute in `folder`, and so leave nothing behind."""
    os.environ["LINNAEUS_CACHE"] = str(folder / "cache")
    return Forks(folder)


def whole_runs(forks: Forks, folder: Path) -> list[Course]:
    """A run of each kind that nothing ends."""
    photographs = (needed(DATA / "trashnet192.zip"), "--weights", needed(WEIGHTS))
    small = (*photographs, "--image-size", 32, "--val", 0.2)
    courses = {
        "scratch": ("digits", "--model", "cnn-tiny", "--epochs", 3),
        "probe": (*small, "--preset", "quick", "--no-cache"),
        "tuned": (few(folder), *small[1:], "--set", f"transfer.stages={STAGES}"),
    }
    return [whole_run(forks, folder / name, name, asked) for name, asked in courses.items()]


def few(folder: Path) -> Path:
    """A folder with a tenth of the photographs."""
    import zipfile

    with zipfile.ZipFile(DATA / "trashnet192.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")][::10]
        archive.extractall(folder / "few", names)
    return folder / "few"


def whole_run(forks: Forks, run: Path, name: str, asked: tuple[object, ...]) -> Course:
    took: list[float] = []
    for attempt in range(2):  # the second finds what the first kept
        ended = forks.start("train", *asked, "--out", run.with_name(f"{name}-{attempt}")).end()
        if ended.code:
            sys.exit(ended.told)
        took.append(ended.seconds)
    print(f"{name}: {took[-1]:.1f} s when nothing ends it", flush=True)
    return Course(name, asked, run.with_name(f"{name}-1"), took[-1])


def kills(forks: Forks, courses: list[Course], folder: Path, count: int) -> bool:
    chance, same = random.Random(0), 0
    for number in range(count):
        course, workers = courses[number % 3], WORKERS[number // 3 % 3]
        run = folder / f"killed-{number}"
        call = chance.randrange(5, CALLS) if number % 4 == 3 else None
        process = forks.start("train", *course.asked, "--out", run, *OFTEN, *workers, kill_at=call)
        moment_s = chance.uniform(0, course.took_s)
        if call is None:
            process_after(process, moment_s, signal.SIGKILL)
        code = process.end().code
        where = f"in its write {call}" if call else f"after {moment_s:.1f} s"
        told = go_on(forks, course, run, workers)
        fine = not told and outcome(run) == outcome(course.whole)
        same += fine
        ended = "killed" if code == -signal.SIGKILL else f"had ended with {code}"
        verdict = "same bits" if fine else told or "OTHER BITS"
        print(f"{number}: {course.name} {ended} {where}: {verdict}", flush=True)
    print(f"{same} of {count} bit-identical (must reach: all)")
    return same == count


def sigterms(forks: Forks, courses: list[Course], folder: Path, count: int) -> bool:
    chance, good, longest_s = random.Random(1), 0, 0.0
    for number in range(count):
        course, workers = courses[number % 3], WORKERS[number // 3 % 3]
        run = folder / f"ended-{number}"
        process = forks.start("train", *course.asked, "--out", run, *workers)
        while not list(run.glob("checkpoints/*/manifest.json")) and not (run / "bundle").exists():
            time.sleep(0.01)
        process_after(process, chance.uniform(0, 0.9 * course.took_s), signal.SIGTERM)
        began_s = time.monotonic()
        ended = process.end()
        took_s = time.monotonic() - began_s
        saved = bool(list(run.glob("checkpoints/*/manifest.json")))
        finished = ended.code == 0
        told = "" if finished else go_on(forks, course, run, workers)
        fine = not told and outcome(run) == outcome(course.whole)
        fine &= finished or (ended.code == 143 and saved and took_s <= LONGEST_S)
        good += fine
        longest_s = max(longest_s, 0.0 if finished else took_s)
        verdict = "fine" if fine else told or "NOT FINE"
        print(
            f"{number}: {course.name} ended with {ended.code} {took_s:.1f} s later: {verdict}",
            flush=True,
        )
    print(f"{good} of {count} saved, ended with 143 and gone on with; at most {longest_s:.1f} s")
    return good == count


def process_after(process: Forked, seconds: float, number: int) -> None:
    time.sleep(seconds)
    process.send(number)


def go_on(forks: Forks, course: Course, run: Path, workers: tuple[object, ...]) -> str:
    """Go on with `run`, or begin it again where nothing had begun; what went wrong, if anything."""
    if (run / "bundle").exists():
        return ""
    begun = (run / "begun.json").exists()
    asked = ("--resume", run) if begun else (*course.asked, "--out", run)
    ended = forks.start("train", *asked, *workers).end()
    return "" if ended.code == 0 else ended.told


def outcome(run: Path) -> dict[str, object]:
    """All that has to be the same: what was learnt, how it went, and what it answers."""
    history = json.loads((run / "report" / "metrics.json").read_text())["training"]["history"]
    files = ("bundle/weights.safetensors", "bundle/model.onnx", "predictions.csv", "recipe.json")
    return {"history": history} | {name: (run / name).read_bytes() for name in files}


def overhead() -> bool:
    import linnaeus
    from linnaeus.training.checkpoint import Checkpoints

    took: list[float] = []
    save = Checkpoints.save

    def timed(self: Checkpoints, parts: object) -> None:
        began_s = time.perf_counter()
        save(self, parts)  # type: ignore[arg-type]
        took.append(time.perf_counter() - began_s)

    Checkpoints.save = timed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        run = linnaeus.train(
            needed(DATA / "cifar10.tar.xz"), model="small_cnn", epochs=3, out=Path(folder) / "run"
        )
        all_s = time.perf_counter() - began_s
    share = sum(took) / all_s
    print(
        f"CIFAR-10, 3 epochs, {all_s:.0f} s: {len(took)} checkpoints, {sum(took):.2f} s in all,"
        f" {100 * share:.2f} % of the time (must reach: at most {100 * MOST_OVERHEAD:.0f} %);"
        f" test accuracy {100 * run.metrics.accuracy.value:.1f} %"
    )
    return share <= MOST_OVERHEAD


if __name__ == "__main__":
    main()
