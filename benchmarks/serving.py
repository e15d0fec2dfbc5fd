"""What `linnaeus serve` holds: throughput, load, hostile pictures, swaps and killed workers.

    python benchmarks/serving.py [PART …] [--bundle BUNDLE] [--small]

Parts, all by default:

`throughput`  answers a second against the same pictures decoded and answered in one process
`same`        every photograph by library, command line and server: the same bits
`peers`       LitServe, BentoML and a plain FastAPI handler, with the same model and client
`steady`      70 % of capacity at random times: errors, and the slowest hundredth
`overload`    three times capacity: what is still answered, how soon the rest is refused, memory
`mutated`     hostile files, and 20,000 files with bytes changed, cut or doubled: faults and hangs
`fuzz`        schemathesis on every operation
`swaps`       200 changes of the model under load, every fifth to a broken bundle
`kills`       50 workers killed under load

The bundle is of TrashNet at 144 × 192 pixels with a pretrained MobileNetV2, trained here unless one
is given; callers and server share this machine's processors. Peers and schemathesis are looked for
in `--aside`, a folder made by `pip install --target FOLDER litserve bentoml schemathesis`; without
them their parts say so and are left out. `--small` does a little of everything, to see that it
runs. Ends with 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import random
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from _http_load import Address, Caller, Heard, Load, closed_loop, open_loop, post
from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run
from _served import Served, environment_with, served, started
from linnaeus.bundle.classifier import bundle_folder, load
from linnaeus.files import copy_listed, write_manifest

HERE = Path(__file__).parent
CALLERS = 16
"""Who ask at once where capacity is measured: enough that a worker never waits for one."""

HANG_S = 5.0
SEED = 0


@dataclass(frozen=True)
class Asked:
    """What is measured with, and how much of it."""

    bundle: Path
    photographs: list[bytes]
    aside: Path | None
    folder: Path
    small: bool

    def size(self, whole: float, small: float) -> float:
        return small if self.small else whole


def main() -> int:
    """Print a table for each part; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all by default")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--aside", type=Path)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        bundle = given.bundle or _trained(Path(folder) / "run")
        asked = Asked(bundle, _photographs(), given.aside, Path(folder), given.small)
        reached = [PARTS[part](asked) for part in given.parts or PARTS]
    return int(not all(reached))


def _trained(out: Path) -> Path:
    archive = needed(DATA / "trashnet192.zip")
    run([linnaeus(), "train", archive, "--weights", needed(WEIGHTS), "--out", out])
    return out


def _photographs() -> list[bytes]:
    """Every twelfth of TrashNet."""
    with zipfile.ZipFile(needed(DATA / "trashnet192.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        return [archive.read(name) for name in names[::12]]


def _row(what: str, value: str, must: str, reached: bool) -> bool:
    print(f"| {what} | {value} | {must} | {'yes' if reached else 'NO'} |", flush=True)
    return reached


def _table(title: str) -> None:
    print(f"\n### {title}\n\n| what | measured | must be | reached |\n|---|---|---|---|")


def _asked_of(address: Address, pictures: Sequence[bytes]) -> list[bytes]:
    return [post(address, "/predict", picture) for picture in pictures]


def _capacity(server: Served, asked: Asked, seconds: float) -> Load:
    """What the server answers when more is always waiting, after a warm-up."""
    requests = _asked_of(server.address, asked.photographs)
    uvloop.run(closed_loop(server.address, requests, CALLERS, seconds / 4))
    return uvloop.run(closed_loop(server.address, requests, CALLERS, seconds))


# throughput


def _throughput(asked: Asked) -> bool:
    """In turns, so that what else the machine does meets both."""
    _table("Throughput")
    seconds = asked.size(10, 3)
    alone, over_http = [], []
    with served(asked.bundle) as server:
        for _ in range(3):
            alone.append(_in_process(asked, seconds))
            over_http.append(_capacity(server, asked, seconds).rate(200))
    share = max(over_http) / max(alone)
    _row("in one process", f"{max(alone):.1f} images/s", "–", True)
    _row("over HTTP", f"{max(over_http):.1f} images/s", "–", True)
    return _row("share", f"{share:.0%}", "≥ 80 %", share >= 0.8)


def _in_process(asked: Asked, seconds: float) -> float:
    """Images a second that a process of its own decodes and answers."""
    script = (
        "import sys, time, zipfile, linnaeus\n"
        "archive = zipfile.ZipFile(sys.argv[2])\n"
        "names = sorted(n for n in archive.namelist() if n.endswith('.jpg'))[::12]\n"
        "pictures = [archive.read(name) for name in names]\n"
        "classifier = linnaeus.load(sys.argv[1])\n"
        "classifier.predict(pictures)\n"
        "began, done = time.perf_counter(), 0\n"
        "while time.perf_counter() - began < float(sys.argv[3]):\n"
        "    done += len(classifier.predict(pictures))\n"
        "print(done / (time.perf_counter() - began))\n"
    )
    command = [sys.executable, "-c", script, asked.bundle, DATA / "trashnet192.zip", seconds]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    return float(done.stdout)


# same


def _same(asked: Asked) -> bool:
    """Every photograph of TrashNet, or every twelfth, by library, command line and server."""
    _table("The same picture, whoever is asked")
    folder = asked.folder / "same"
    folder.mkdir()
    with zipfile.ZipFile(DATA / "trashnet192.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        pictures = [archive.read(name) for name in names[:: int(asked.size(1, 12))]]
    for number, picture in enumerate(pictures):
        (folder / f"{number:05}.jpg").write_bytes(picture)
    by_library = load(asked.bundle).predict(pictures).probabilities
    table = folder / "table.csv"
    run([linnaeus(), "predict", asked.bundle, folder, "--csv", table])
    with table.open(encoding="utf-8", newline="") as file:
        rows = [
            [row[name] for name in row if name.startswith("p:")] for row in csv.DictReader(file)
        ]
    with served(asked.bundle) as server:
        requests = _asked_of(server.address, pictures)
        heard = uvloop.run(_in_order(server.address, requests))
    answers = [json.loads(one.body)["predictions"][0] for one in heard]
    by_server = np.array([list(one["probabilities"].values()) for one in answers], np.float64)
    count, reached = len(pictures), True
    for name, given in (("command line", np.array(rows, np.float32)), ("server", by_server)):
        equal = int((given == by_library).all(axis=1).sum())
        what = f"bits of the {name} are the library's"
        reached &= _row(what, f"{equal:,} of {count:,}", "all", equal == count)
    return reached


async def _in_order(address: Address, requests: Sequence[bytes]) -> list[Heard]:
    """The answers to `requests`, eight at a time."""
    heard: list[Heard] = []
    callers = [Caller(address) for _ in range(8)]
    for start in range(0, len(requests), len(callers)):
        some = zip(callers, requests[start : start + len(callers)], strict=False)
        heard += await asyncio.gather(*(caller.ask(request) for caller, request in some))
    return heard


# peers

PEERS = {"LitServe": "litserve", "BentoML": "bentoml", "a FastAPI handler": "fastapi"}


def _peers(asked: Asked) -> bool:
    """Each alone on the machine: the best capacity of three, and the slowest hundredth at half of
    the least of these."""
    _table("Peers, same model and client")
    seconds = asked.size(20, 4)
    servers = {"Linnaeus": lambda: served(asked.bundle)}
    for name, package in PEERS.items():
        if package != "fastapi" and not (asked.aside and (asked.aside / package).is_dir()):
            print(f"{name} is left out: give --aside FOLDER that holds {package}.")
            continue
        servers[name] = lambda package=package: _peer(package, asked)
    capacity: dict[str, Load] = {}
    for _ in range(int(asked.size(3, 1))):  # in turns, so that what else runs meets all
        for name, start in servers.items():
            with start() as server:
                load = _capacity(server, asked, seconds)
            if name not in capacity or load.rate(200) > capacity[name].rate(200):
                capacity[name] = load
    each_s = 0.5 * min(load.rate(200) for load in capacity.values())
    at_load: dict[str, Load] = {}
    for name, start in servers.items():
        with start() as server:
            requests = _asked_of(server.address, asked.photographs)
            uvloop.run(closed_loop(server.address, requests, CALLERS, seconds / 4))
            at_load[name] = uvloop.run(open_loop(server.address, requests, each_s, seconds))
    return all(
        _peer_row(name, capacity, at_load, each_s)
        for name in sorted(servers, key=lambda one: one != "Linnaeus")
    )


def _peer_row(
    name: str, capacity: dict[str, Load], at_load: dict[str, Load], each_s: float
) -> bool:
    ours, ours_p99 = capacity["Linnaeus"].rate(200), at_load["Linnaeus"].percentile_ms(99, 200)
    rate, p99 = capacity[name].rate(200), at_load[name].percentile_ms(99, 200)
    saturated = capacity[name].percentile_ms(99, 200)
    said = (
        f"{rate:.1f} images/s at a p99 of {saturated:.0f} ms; p99 at {each_s:.0f}/s: {p99:.0f} ms,"
        f" {at_load[name].statuses()}"
    )
    if name == "Linnaeus":
        return _row(name, said, "–", True)
    return _row(name, said, "slower, and later", ours > rate and ours_p99 < p99)


def _peer(package: str, asked: Asked) -> Any:
    port = 18_080
    script = HERE / "peers" / f"serve_with_{package}.py"
    command = [sys.executable, script, asked.bundle.resolve(), str(port)]
    address = ("127.0.0.1", port)
    request = post(address, "/predict", asked.photographs[0])
    return started(command, address, request, asked.aside)


# steady


def _steady(asked: Asked) -> bool:
    seconds = asked.size(300, 10)
    _table(f"70 % of capacity for {seconds:.0f} s")
    with served(asked.bundle) as server:
        each_s = 0.7 * _capacity(server, asked, asked.size(20, 4)).rate(200)
        requests = _asked_of(server.address, asked.photographs)
        load = uvloop.run(open_loop(server.address, requests, each_s, seconds))
    errors = len(load.heard) - load.count(200)
    p99 = load.percentile_ms(99, 200)
    _row("load", f"{each_s:.1f} requests/s, {len(load.heard):,} in all", "–", True)
    _row("median", f"{load.percentile_ms(50, 200):.1f} ms", "–", True)
    return all(
        (
            _row("errors", f"{errors} {load.statuses()}", "0", errors == 0),
            _row("p99", f"{p99:.1f} ms", "≤ 250 ms", p99 <= 250),
        )
    )


# overload


def _overload(asked: Asked) -> bool:
    seconds = asked.size(120, 10)
    _table(f"Three times capacity for {seconds:.0f} s")
    memory: list[float] = []
    with served(asked.bundle) as server:
        capacity = _capacity(server, asked, asked.size(20, 4)).rate(200)
        requests = _asked_of(server.address, asked.photographs)
        load = uvloop.run(
            open_loop(
                server.address,
                requests,
                3 * capacity,
                seconds,
                lambda: memory.append(server.memory_mb()),
            )
        )
    in_time = sum(one.status == 200 for one in load.heard) / seconds
    goodput, refusals = in_time / capacity, load.percentile_ms(99, 503)
    unanswered = len(load.heard) - load.count(200, 503)
    # What a first request makes (caches of the decoders, say) is there after the first tenth.
    growth = max(memory) / memory[len(memory) // 10] - 1
    _row("capacity", f"{capacity:.1f} images/s", "–", True)
    _row("requests", f"{len(load.heard):,}: {load.statuses()}", "–", True)
    return all(
        (
            _row("goodput", f"{goodput:.0%} of capacity", "≥ 80 %", goodput >= 0.8),
            _row("refusals, p99", f"{refusals:.1f} ms", "≤ 100 ms", refusals <= 100),
            _row("neither answered nor refused", f"{unanswered}", "0", unanswered == 0),
            _row("memory", f"{memory[0]:.0f} MB, then {growth:+.1%}", "< 10 %", growth < 0.1),
        )
    )


# mutated


def _mutated(asked: Asked) -> bool:
    most = int(asked.size(20_000, 400))
    _table(f"Hostile files, and {most:,} mutated ones")
    hostile = list(_hostile())[:: int(asked.size(1, 30))]
    changed = [_changed(hostile + asked.photographs, number) for number in range(most)]
    reached = True
    with served(asked.bundle) as server:
        for what, files in (("hostile files", hostile), ("mutated files", changed)):
            requests = [
                post(server.address, "/predict", file, "Content-Type: application/octet-stream")
                for file in files
            ]
            load = uvloop.run(_each_once(server.address, requests))
            faults = sum(one.status >= 500 or one.status == 0 for one in load.heard)
            slowest = max(one.took_s for one in load.heard)
            lost = server.metric('linnaeus_workers_lost_total{reason="SIGKILL"}')
            statuses = f"{len(load.heard):,}: {load.statuses()}"
            reached &= _row(f"{what}: 5xx", f"{faults} of {statuses}", "0", faults == 0)
            reached &= _row(f"{what}: slowest", f"{slowest:.2f} s", "≤ 5 s", slowest <= HANG_S)
        alive = server.process.poll() is None
        reached &= _row("the server lives", f"{alive}, {lost:.0f} workers killed", "True", alive)
    return reached


async def _each_once(address: Address, requests: Sequence[bytes]) -> Load:
    """Four callers who share `requests`: as many as keep two workers busy."""
    load, left = Load(), iter(requests)
    began = time.perf_counter()

    async def ask_on() -> None:
        caller = Caller(address)
        for request in left:
            load.heard.append(await caller.ask(request))
        caller.close()

    await asyncio.gather(*(ask_on() for _ in range(4)))
    load.wall_s = time.perf_counter() - began
    return load


def _hostile() -> Iterator[bytes]:
    with tarfile.open(needed(DATA / "hostile_files.tar.xz")) as archive:
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)) is not None:
                yield file.read()


def _changed(files: Sequence[bytes], number: int) -> bytes:
    """One of `files` with some bytes changed, a part cut out, or a part doubled."""
    chance = random.Random(f"{SEED} {number}")
    content = bytearray(chance.choice(files))
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if not content:
            break
        at = chance.randrange(min(len(content), chance.choice((64, 1024, len(content)))))
        kind = chance.randrange(4)
        if kind == 0:
            content[at] = chance.randrange(256)
        elif kind == 1:
            content[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del content[at : at + chance.randrange(1, 64)]
        else:
            content[at:at] = content[at : at + chance.randrange(1, 64)]
    return bytes(content)


# fuzz


def _fuzz(asked: Asked) -> bool:
    if asked.aside is None or not (asked.aside / "schemathesis").is_dir():
        print("\nfuzz is left out: give --aside FOLDER that holds schemathesis.")
        return True
    root = _bundles(asked.folder / "root", asked.bundle)
    with served(f"m={root / 'a'}", "--models-root", root) as server:
        examples = max(1, int(asked.size(10_000, 200)) // 14)
        checks = (
            "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_headers_conformance,response_schema_conformance"
        )
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
        options = ["--checks", checks, "--max-examples", str(examples), "--seed", str(SEED)]
        done = subprocess.run(
            [*command, *options],
            env=environment_with(asked.aside),
            cwd=asked.folder,
            text=True,
            capture_output=True,
            check=False,
        )
        alive = server.process.poll() is None
    _table("schemathesis")
    print(done.stdout[-6000:], done.stderr[-2000:], file=sys.stderr)
    return _row(
        "schemathesis on every operation",
        f"ended with {done.returncode}, server lives: {alive}",
        "0, True",
        done.returncode == 0 and alive,
    )


# swaps


def _swaps(asked: Asked) -> bool:
    count = int(asked.size(200, 10))
    root = _bundles(asked.folder / "swapped", asked.bundle)
    with served(f"m={root / 'a'}", "--models-root", root) as server:
        changes, load = uvloop.run(_swapped_under_load(server, asked, count))
    wrong = _mis_versioned(load.heard, changes)
    broken = [one for one in changes if one.path.startswith("broken")]
    refused = sum(one.status in (409, 422) for one in broken)
    made = sum(one.status == 200 for one in changes if not one.path.startswith("broken"))
    failed = len(load.heard) - load.count(200)
    _table(f"{count} swaps under load, {len(broken)} of them to broken bundles")
    slowest = max(one.to_s - one.from_s for one in changes)
    _row("swaps", f"{made} made, the slowest in {slowest:.1f} s", f"{count - len(broken)}", True)
    return all(
        (
            _row("broken ones refused", f"{refused}", f"{len(broken)}", refused == len(broken)),
            _row("made", f"{made}", f"{count - len(broken)}", made == count - len(broken)),
            _row("failed answers", f"{failed} of {len(load.heard):,}", "0", failed == 0),
            _row("mis-versioned answers", f"{wrong}", "0", wrong == 0),
        )
    )


@dataclass(frozen=True)
class Change:
    """A swap that was asked for: when, and what came of it."""

    path: str
    from_s: float
    to_s: float
    status: int
    version: str


async def _swapped_under_load(
    server: Served, asked: Asked, count: int
) -> tuple[list[Change], Load]:
    requests = _asked_of(server.address, asked.photographs)
    load, changes, over = Load(), list[Change](), False

    async def ask_on(place: int) -> None:
        caller = Caller(server.address)
        number = place
        while not over:
            load.heard.append(await caller.ask(requests[number % len(requests)]))
            number += 4
        caller.close()

    asking = [asyncio.create_task(ask_on(place)) for place in range(4)]
    for number in range(count):
        broken = number % 5 == 4
        path = f"broken-{number // 5 % len(BROKEN)}" if broken else "ab"[(number + 1) % 2]
        began = time.perf_counter()
        status, told = await server.send_json("PUT", "/admin/models/m", {"path": path})
        version = told["serving"] if status == 200 else ""
        changes.append(Change(path, began, time.perf_counter(), status, version))
    over = True
    await asyncio.gather(*asking)
    return changes, load


def _mis_versioned(heard: Sequence[Heard], changes: Sequence[Change]) -> int:
    """Answers whose classes are not those of their version, or older than a finished swap."""
    made = [one for one in changes if one.status == 200]
    letter = {"1": "a", **{one.version: one.path for one in made}}
    wrong = 0
    for one in heard:
        if one.status != 200:
            continue
        told = json.loads(one.body)
        version = told["model"]["version"]
        renamed = next(iter(told["predictions"][0]["probabilities"])).startswith("b ")
        oldest = max((int(c.version) for c in made if c.to_s < one.due_s), default=1)
        latest = one.due_s + one.took_s
        newest = max((int(c.version) for c in made if c.from_s < latest), default=1)
        fits = oldest <= int(version) <= newest
        wrong += not fits or renamed != (letter[version] == "b")
    return wrong


BROKEN: tuple[Callable[[Path], object], ...] = (
    lambda folder: (folder / "model.onnx").write_bytes(b"no graph"),
    lambda folder: (folder / "bundle.json").write_text("{"),
    lambda folder: (folder / "golden.safetensors").unlink(),
    lambda folder: (folder / "added.txt").write_text("added later"),
)
"""What is done to a bundle; to the first two the manifest is written anew."""


def _bundles(root: Path, bundle: Path) -> Path:
    """A folder of bundles: a, b with other names of classes, and broken ones."""
    source = bundle_folder(bundle)
    for name in ("a", "b", *(f"broken-{number}" for number in range(len(BROKEN)))):
        copy_listed(source, root / name)
    record = json.loads((root / "b" / "bundle.json").read_text("utf-8"))
    record["classes"] = [f"b {name}" for name in record["classes"]]
    (root / "b" / "bundle.json").write_text(json.dumps(record), "utf-8")
    write_manifest(root / "b")
    for number, breaks in enumerate(BROKEN):
        breaks(root / f"broken-{number}")
        if number < 2:
            write_manifest(root / f"broken-{number}")
    return root


# kills


def _kills(asked: Asked) -> bool:
    count = int(asked.size(50, 4))
    with served(asked.bundle) as server:
        back_s, load = uvloop.run(_killed_under_load(server, asked, count))
    lost, other = load.count(503), len(load.heard) - load.count(200, 503)
    most = count * 8
    _table(f"{count} workers killed under load")
    return all(
        (
            _row("refused with 503", f"{lost} of {len(load.heard):,}", f"≤ {most}", lost <= most),
            _row("answered otherwise", f"{other} {load.statuses()}", "0", other == 0),
            _row("all workers there again", f"{max(back_s):.1f} s", "≤ 5 s", max(back_s) <= 5),
        )
    )


async def _killed_under_load(server: Served, asked: Asked, count: int) -> tuple[list[float], Load]:
    requests = _asked_of(server.address, asked.photographs)
    load, back_s, over = Load(), list[float](), False

    async def ask_on(place: int) -> None:
        caller, number = Caller(server.address), place
        while not over:
            load.heard.append(await caller.ask(requests[number % len(requests)]))
            number += CALLERS
        caller.close()

    async def ready() -> float:
        return await asyncio.to_thread(server.metric, "linnaeus_workers_ready")

    asking = [asyncio.create_task(ask_on(place)) for place in range(CALLERS)]
    wanted = await ready()
    chance = random.Random(SEED)
    for _ in range(count):
        await asyncio.sleep(chance.uniform(0.2, 1))
        chance.choice(server.workers()).kill()
        began = time.perf_counter()
        await asyncio.sleep(0.05)
        while await ready() < wanted:
            await asyncio.sleep(0.05)
        back_s.append(time.perf_counter() - began)
    over = True
    await asyncio.gather(*asking)
    return back_s, load


PARTS: dict[str, Callable[[Asked], bool]] = {
    "throughput": _throughput,
    "same": _same,
    "peers": _peers,
    "steady": _steady,
    "overload": _overload,
    "mutated": _mutated,
    "fuzz": _fuzz,
    "swaps": _swaps,
    "kills": _kills,
}

if __name__ == "__main__":
    sys.exit(main())
