"""Parts of serving.py that ask what it survives: hostile files, fuzzing, swaps, killed workers."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import uvloop

from _http_load import Address, Caller, Heard, Load, post
from _measuring import DATA, needed
from _served import Served, environment_with, served
from _serving_asked import CALLERS, SEED, Asked, asked_of, row, table
from linnaeus.bundle.load import bundle_folder
from linnaeus.manifest import copy_listed, write_manifest

HANG_S = 5.0

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)

EVERYTHING, ANSWERS = 100, 16
"""Of so many requests one is an example of each operation: for a schemathesis that asks everything,
and for one beside it that leaves out what a request takes a second of (a model is exchanged) and
what may be asked once at a time (explanations). Of each example several requests are made."""


def mutated(asked: Asked) -> bool:
    most = int(asked.size(20_000, 400))
    table(f"Hostile files, and {most:,} mutated ones")
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
            reached &= row(f"{what}: 5xx", f"{faults} of {statuses}", "0", faults == 0)
            reached &= row(f"{what}: slowest", f"{slowest:.2f} s", "≤ 5 s", slowest <= HANG_S)
        alive = server.process.poll() is None
        reached &= row("the server lives", f"{alive}, {lost:.0f} workers killed", "True", alive)
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


def fuzz(asked: Asked) -> bool:
    if asked.aside is None or not (asked.aside / "schemathesis").is_dir():
        print("\nfuzz is left out: give --aside FOLDER that holds schemathesis.")
        return True
    least = int(asked.size(10_000, 300))
    root = _bundles(asked.folder / "root", asked.quick_bundle)
    with served(f"m={root / 'a'}", "--models-root", root) as server:
        fuzzed = _fuzzed(asked, server.url, least)
        alive = server.process.poll() is None
        statuses = server.answered() if alive else {}
    table("schemathesis on every operation")
    for code, told in fuzzed:
        if code != 0:
            print(told[-8000:], file=sys.stderr)
    codes = [code for code, _ in fuzzed]
    count, faults = sum(statuses.values()), sum(statuses[one] for one in statuses if one >= 500)
    return all(
        (
            row("requests", f"{count:,}: {statuses}", f"≥ {least:,}", count >= least),
            row("answered with 500 or more", f"{faults}", "0", faults == 0),
            row("schemathesis ended with", f"{codes}", "0 each", not any(codes)),
            row("the server lives", f"{alive}", "True", alive),
        )
    )


def _fuzzed(asked: Asked, url: str, least: int) -> list[tuple[int, str]]:
    """(exit code, output) of two processes of schemathesis: its own threads trip over a fault of
    CPython 3.11 (AST constructor recursion depth mismatch)."""
    dear = ["--exclude-path", "/explain", "--exclude-path", "/admin/models/{name}"]

    def one(seed: int, examples: int, *options: str) -> tuple[int, str]:
        folder = asked.folder / f"fuzz-{seed}"
        folder.mkdir()
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"]
        most = ["--max-examples", str(examples), "--seed", str(seed)]
        done = subprocess.run(
            [*command, "--checks", CHECKS, "--no-color", *most, *options],
            env=environment_with(asked.aside),
            cwd=folder,
            text=True,
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    with ThreadPoolExecutor(2) as threads:
        everything = threads.submit(one, SEED, least // EVERYTHING)
        answers = threads.submit(one, SEED + 1, least // ANSWERS, *dear)
        return [everything.result(), answers.result()]


def swaps(asked: Asked) -> bool:
    count = int(asked.size(200, 10))
    root = _bundles(asked.folder / "swapped", asked.quick_bundle)
    with served(f"m={root / 'a'}", "--models-root", root) as server:
        changes, load = uvloop.run(_swapped_under_load(server, asked, count))
    wrong = _mis_versioned(load.heard, changes)
    broken = [one for one in changes if one.path.startswith("broken")]
    refused = sum(one.status in (409, 422) for one in broken)
    made = sum(one.status == 200 for one in changes if not one.path.startswith("broken"))
    failed = len(load.heard) - load.count(200)
    table(f"{count} swaps under load, {len(broken)} of them to broken bundles")
    slowest = max(one.to_s - one.from_s for one in changes)
    row("swaps", f"{made} made, the slowest in {slowest:.1f} s", f"{count - len(broken)}", True)
    return all(
        (
            row("broken ones refused", f"{refused}", f"{len(broken)}", refused == len(broken)),
            row("made", f"{made}", f"{count - len(broken)}", made == count - len(broken)),
            row("failed answers", f"{failed} of {len(load.heard):,}", "0", failed == 0),
            row("mis-versioned answers", f"{wrong}", "0", wrong == 0),
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
    requests = asked_of(server.address, asked.photographs)
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


def kills(asked: Asked) -> bool:
    count = int(asked.size(50, 4))
    with served(asked.bundle) as server:
        back_s, load = uvloop.run(_killed_under_load(server, asked, count))
    lost, other = load.count(503), len(load.heard) - load.count(200, 503)
    most = count * 8
    table(f"{count} workers killed under load")
    return all(
        (
            row("refused with 503", f"{lost} of {len(load.heard):,}", f"≤ {most}", lost <= most),
            row("answered otherwise", f"{other} {load.statuses()}", "0", other == 0),
            row("all workers there again", f"{max(back_s):.1f} s", "≤ 5 s", max(back_s) <= 5),
        )
    )


async def _killed_under_load(server: Served, asked: Asked, count: int) -> tuple[list[float], Load]:
    requests = asked_of(server.address, asked.photographs)
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
