"""What watching a training costs: what is counted at each step, and what is written at each pass.

    python benchmarks/watching.py [--repeats 200]

A step counts how many of its views were right, on top of its loss: the time of both is set against
that of the loss alone, for batches of 64 and of 512 and for 10 and 1000 classes. A pass gives a
line of the log, event files for TensorBoard where that is installed, the curves on the terminal,
and a look at peak memory and energy. Prints the median of `--repeats` each, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F

from _measuring import machine
from linnaeus.cli.curves import Curves
from linnaeus.progress import Event, Quiet
from linnaeus.training.training_score import TrainingScore
from linnaeus.watching.energy import EnergyMeter
from linnaeus.watching.memory import peak_memory_bytes
from linnaeus.watching.run_log import RunLog
from linnaeus.watching.tensorboard import TensorBoard


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=200)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    print(machine())
    print("| what | median |\n|---|---|")
    for batch, classes in ((64, 10), (512, 10), (512, 1000)):
        print(
            f"| a step of {batch} views, {classes} classes | {_step_us(batch, classes, repeats)} |"
        )
    for name, work in _of_a_pass():
        print(f"| a pass: {name} | {1e3 * _median_s(work, repeats):.2f} ms |")


def _step_us(batch: int, classes: int, repeats: int) -> str:
    torch.manual_seed(0)
    logits, targets = torch.randn(batch, classes), torch.randint(classes, (batch,))
    score = TrainingScore(F.cross_entropy, several=False)
    with_it = _median_s(lambda: score(logits, targets), repeats)
    alone = _median_s(lambda: F.cross_entropy(logits, targets), repeats)
    return f"{1e6 * (with_it - alone):.0f} µs beside {1e6 * alone:.0f} µs of the loss"


def _of_a_pass() -> list[tuple[str, Callable[[], object]]]:
    folder = Path(tempfile.mkdtemp())
    figures = {"pass": 1.0, "step": 1, "learning_rate": 0.1, "train_loss": 1.0}
    figures |= {"train_accuracy": 0.5, "validation_loss": 1.0, "validation_accuracy": 0.5}
    event = Event("pass", "scratch", figures, {"pictures_a_second": 1.0})
    log, curves, meter = RunLog(folder / "log.jsonl", Quiet()), Curves(), EnergyMeter()
    for _ in range(20):
        curves.hear(event)
    found: list[tuple[str, Callable[[], object]]] = [
        ("a line of the log", lambda: log.hear(event)),
        ("peak memory", peak_memory_bytes),
        ("energy", meter.read),
        ("curves of 20 passes", lambda: Curves.hear(curves, event)),
    ]
    if find_spec("tensorboard"):
        board = TensorBoard(folder / "tensorboard", Quiet())
        found.append(("event files", lambda: board.hear(event)))
    return found


def _median_s(work: Callable[[], object], repeats: int) -> float:
    took = []
    for _ in range(repeats):
        began_s = time.perf_counter()
        work()
        took.append(time.perf_counter() - began_s)
    return statistics.median(took)


if __name__ == "__main__":
    main()
