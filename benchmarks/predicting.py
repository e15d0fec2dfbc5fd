"""How fast a bundle answers: a folder from start to finish, and the network against eager PyTorch.

    python benchmarks/predicting.py [folder] [runtime] [--bundle RUN] [--runs 3] [--seconds 3]

`folder`: `linnaeus predict RUN FOLDER --out answers.csv` as a whole process, start, loading and
writing included, on the 2,527 JPEG files of trashnet192, beside two things that it cannot be faster
than: all files decoded and brought to the network's size and nothing else, and all of them, decoded
already, through the network alone. Both use all processors, as well as is known here: the network
answers one picture on each processor. Must reach 70 % of the slower of the two. Without `--bundle`
one is trained first, a linear head on the frozen MobileNetV2 of ../shared/weights.

`runtime`: mobilenetv2_100 at 224 × 224 with random weights, uint8 pictures in and 1,000 numbers
out, normalising included: pictures a second by eager float32 PyTorch in batches of 16 and of 1, and
by the bundle's runtime, which takes one picture at a time: one on each processor where there are
16, and one on all processors where there is 1. Must reach 5 times with OpenVINO, in bfloat16 where
the processor has it, else in INT8 as `linnaeus compress` makes it; and 2.8 times with ONNX Runtime
alone. Told beside them: what the network would give in float32 at the rate of a large matrix
product, which is the multiply-adds a second of that over those of one picture.

Each figure is the median of `--runs`, measured in turns so that other work on the machine meets all
alike. Ends with 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run
from linnaeus.bundle.runtime import Session, best_engine, bfloat16_pays
from linnaeus.compression.int8 import in_whole_numbers
from linnaeus.data.in_threads import processors

PARTS = ("folder", "runtime")
LEAST_SHARE = 0.7
LEAST_TIMES = {"openvino": 5.0, "onnxruntime": 2.8}
POOL = ThreadPoolExecutor(processors())
NETWORK, SIDE_PX, BATCH = "mobilenetv2_100", 224, 16
MATRIX = 2_048


def main() -> int:
    """Print the tables; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="both by default")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each figure of runtime")
    asked = parser.parse_args()
    print(machine())
    reached = []
    if "folder" in (asked.parts or PARTS):
        with tempfile.TemporaryDirectory() as place:
            reached.append(_folder(Path(place), asked.bundle, asked.runs))
    if "runtime" in (asked.parts or PARTS):
        reached.append(_runtime(asked.runs, asked.seconds))
    return int(not all(reached))


def _folder(place: Path, bundle: Path | None, runs: int) -> bool:
    from linnaeus.bundle.load import bundle_folder, load

    archive = needed(DATA / "trashnet192.zip")
    bundle = bundle or _trained(archive, place / "run")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place / "photos")
    files = sorted((place / "photos").rglob("*.jpg"))
    classifier = load(bundle)
    record, engine = classifier.record, classifier.engine
    decoded = _in_threads(record.preprocessing.read, files)
    pixels = [np.ascontiguousarray(one[0]) for one in decoded]
    graph = bundle_folder(bundle) / "model.onnx"
    alone = Session(graph, engine, classifier.precision, callers=processors())  # type: ignore[arg-type]
    _in_threads(alone.run_one, pixels[:200])
    command = [linnaeus(), "predict", bundle, place / "photos", "--out", place / "answers.csv"]
    seconds = _in_turns(
        {
            "decode only": lambda: _in_threads(record.preprocessing.read, files),
            "infer only": lambda: _in_threads(alone.run_one, pixels),
            "predict FOLDER, start to finish": lambda: run(command),
            "in one process that is loaded": lambda: list(
                classifier.stream((file, file) for file in files)
            ),
        },
        runs,
    )
    slower = max(seconds["decode only"].clock, seconds["infer only"].clock)
    print(
        f"\n{len(files):,} JPEG files, {record.model['name']}, {engine} in {classifier.precision}\n"
    )
    print("| what | seconds | pictures a second | of the slower of the first two | processor |")
    print("|---|---|---|---|---|")
    for what, took in seconds.items():
        rate, share = len(files) / took.clock, slower / took.clock
        each_ms = 1e3 * took.processor / len(files)
        print(f"| {what} | {took.clock:.2f} | {rate:,.0f} | {share:.0%} | {each_ms:.2f} ms each |")
    return slower / seconds["predict FOLDER, start to finish"].clock >= LEAST_SHARE


def _trained(archive: Path, out: Path) -> Path:
    stages = ("--set", "transfer.stages=[probe]")
    run([linnaeus(), "train", archive, "--weights", needed(WEIGHTS), *stages, "--out", out])
    return out


def _runtime(runs: int, seconds: float) -> bool:
    import torch

    module, graph = _network()
    given = np.random.default_rng(0).integers(0, 256, (BATCH, SIDE_PX, SIDE_PX, 3), np.uint8)
    pictures, tensor = list(given), torch.from_numpy(given)

    def eager(batch: int) -> Callable[[], int]:
        def ask() -> int:
            with torch.inference_mode():
                module(tensor[:batch])
            return batch

        return ask

    asked: dict[str, Callable[[], int]] = {f"eager, batch {n}": eager(n) for n in (BATCH, 1)}
    best = best_engine()
    sessions = [
        (engine, "bfloat16" if bfloat16_pays(engine) else "float32", graph)
        for engine in dict.fromkeys((best, "onnxruntime"))
    ]
    if not bfloat16_pays(best):
        sessions.append((best, "int8", in_whole_numbers(graph, pictures, seed=0)))
    for engine, precision, content in sessions:
        one = Session(content, engine, "bfloat16" if precision == "bfloat16" else "float32")
        each = one.side_by_side(processors())
        asked[f"{engine} {precision}, {BATCH}"] = lambda each=each: len(  # type: ignore[misc]
            _in_threads(each.run_one, pictures)
        )
        asked[f"{engine} {precision}, 1"] = lambda one=one: len([one.run_one(given[0])])  # type: ignore[misc]
    rates = _rates(asked, runs, seconds)
    print(f"\n{NETWORK} at {SIDE_PX} px, torch on {torch.get_num_threads()} threads\n")
    rate_told = f"{_at_matrix_rate():,.0f} pictures a second"
    print(f"At the rate of a large float32 matrix product: {rate_told}\n")
    print("| what | pictures a second | times eager | must be |")
    print("|---|---|---|---|")
    reached = True
    for what, rate in rates.items():
        size = what.rpartition(" ")[2]
        times = rate / rates[f"eager, batch {size}"]
        least = _least_times(what)
        reached &= times >= least
        told = f"≥ {least:g}" if least else ""
        print(f"| {what} | {rate:,.1f} | {times:.2f} | {told} |")
    return reached


def _least_times(what: str) -> float:
    """How many times as fast as eager PyTorch it must be; 0 where nothing is asked."""
    engine, precision, _ = [*what.split(), ""][:3]
    if engine == "openvino" and precision.startswith("float32"):
        return 0.0  # asked of bfloat16 or INT8: see `_at_matrix_rate`
    return LEAST_TIMES.get(engine, 0.0)


def _at_matrix_rate() -> float:
    """Pictures a second in float32, were all of the network a large matrix product."""
    import timm
    import torch

    from linnaeus.models.counting import count

    matrix = torch.randn(MATRIX, MATRIX)
    took = []
    for _ in range(10):
        began = time.perf_counter()
        matrix @ matrix
        took.append(time.perf_counter() - began)
    network = count(lambda: timm.create_model(NETWORK), (3, SIDE_PX, SIDE_PX))
    return MATRIX**3 / min(took) / network.multiply_adds


def _network() -> tuple[Callable[..., object], bytes]:
    import timm
    import torch

    from linnaeus.models.export import FeatureGraph, export_features

    class Normalise(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return (pixels.permute(0, 3, 1, 2).float() / 255 - 0.45) / 0.225

    torch.manual_seed(0)
    network = timm.create_model(NETWORK, pretrained=False)
    for one in network.modules():
        if isinstance(one, torch.nn.BatchNorm2d):  # as learning leaves them: else none has a shift
            torch.nn.init.normal_(one.bias, std=0.1)
    module = FeatureGraph(Normalise(), network).eval()
    return module, export_features(module, SIDE_PX, SIDE_PX)


def _rates(asked: dict[str, Callable[[], int]], runs: int, seconds: float) -> dict[str, float]:
    """Pictures a second of each, by the median of `runs` in turns."""
    rates: dict[str, list[float]] = {what: [] for what in asked}
    for _ in range(runs):
        for what, ask in asked.items():
            ask()
            done, began = 0, time.perf_counter()
            while (took := time.perf_counter() - began) < seconds:
                done += ask()
            rates[what].append(done / took)
    return {what: statistics.median(found) for what, found in rates.items()}


class Took(NamedTuple):
    """Seconds by the clock, and of all processors, those of processes started among them."""

    clock: float
    processor: float


def _in_turns(jobs: dict[str, Callable[[], object]], runs: int) -> dict[str, Took]:
    """What each job takes, by the median of `runs` in turns."""
    took: dict[str, list[Took]] = {what: [] for what in jobs}
    for _ in range(runs):
        for what, job in jobs.items():
            began, spent = time.perf_counter(), sum(os.times()[:4])
            job()
            took[what].append(Took(time.perf_counter() - began, sum(os.times()[:4]) - spent))
    return {
        what: Took(*map(statistics.median, zip(*all_, strict=True))) for what, all_ in took.items()
    }


def _in_threads(work: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    """`work` of each of `items`, on all processors."""
    return list(POOL.map(work, items))


if __name__ == "__main__":
    sys.exit(main())
