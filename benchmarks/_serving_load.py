"""Parts of serving.py that ask how much and how soon: throughput, peers, steady load, overload."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from _http_load import Address, Caller, Heard, Load, closed_loop, open_loop, post
from _measuring import DATA, linnaeus, run
from _served import served, started
from _serving_asked import CALLERS, Asked, asked_of, capacity_of, row, table
from linnaeus.bundle.load import load as open_bundle

HERE = Path(__file__).parent


def throughput(asked: Asked) -> bool:
    """In turns, so that what else the machine does meets both."""
    table("Throughput")
    seconds = asked.size(10, 3)
    alone, over_http = [], []
    with served(asked.bundle) as server:
        for _ in range(3):
            alone.append(_in_process(asked, seconds))
            over_http.append(capacity_of(server, asked, seconds).rate(200))
    share = max(over_http) / max(alone)
    row("in one process", f"{max(alone):.1f} images/s", "–", True)
    row("over HTTP", f"{max(over_http):.1f} images/s", "–", True)
    return row("share", f"{share:.0%}", "≥ 80 %", share >= 0.8)


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


def same(asked: Asked) -> bool:
    """Every photograph of TrashNet, or every twelfth, by library, command line and server."""
    table("The same picture, whoever is asked")
    folder = asked.folder / "same"
    folder.mkdir()
    with zipfile.ZipFile(DATA / "trashnet192.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        pictures = [archive.read(name) for name in names[:: int(asked.size(1, 12))]]
    for number, picture in enumerate(pictures):
        (folder / f"{number:05}.jpg").write_bytes(picture)
    by_library = open_bundle(asked.bundle).predict(pictures).probabilities
    answers_file = folder / "answers.csv"
    run([linnaeus(), "predict", asked.bundle, folder, "--out", answers_file])
    with answers_file.open(encoding="utf-8", newline="") as file:
        rows = [
            [row[name] for name in row if name.startswith("p:")] for row in csv.DictReader(file)
        ]
    with served(asked.bundle) as server:
        requests = asked_of(server.address, pictures)
        heard = uvloop.run(_in_order(server.address, requests))
    answers = [json.loads(one.body)["predictions"][0] for one in heard]
    by_server = np.array([list(one["probabilities"].values()) for one in answers], np.float64)
    count, reached = len(pictures), True
    for name, given in (("command line", np.array(rows, np.float32)), ("server", by_server)):
        equal = int((given == by_library).all(axis=1).sum())
        what = f"bits of the {name} are the library's"
        reached &= row(what, f"{equal:,} of {count:,}", "all", equal == count)
    return reached


async def _in_order(address: Address, requests: Sequence[bytes]) -> list[Heard]:
    """The answers to `requests`, eight at a time."""
    heard: list[Heard] = []
    callers = [Caller(address) for _ in range(8)]
    for start in range(0, len(requests), len(callers)):
        some = zip(callers, requests[start : start + len(callers)], strict=False)
        heard += await asyncio.gather(*(caller.ask(request) for caller, request in some))
    return heard


PEERS = {"LitServe": "litserve", "BentoML": "bentoml", "a FastAPI handler": "fastapi"}


def peers(asked: Asked) -> bool:
    """Each alone on the machine: the best capacity of three, and the slowest hundredth at half of
    the least of these."""
    table("Peers, same model and client")
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
                load = capacity_of(server, asked, seconds)
            if name not in capacity or load.rate(200) > capacity[name].rate(200):
                capacity[name] = load
    each_s = 0.5 * min(load.rate(200) for load in capacity.values())
    at_load: dict[str, Load] = {}
    for name, start in servers.items():
        with start() as server:
            requests = asked_of(server.address, asked.photographs)
            uvloop.run(closed_loop(server.address, requests, CALLERS, seconds / 4))
            at_load[name] = uvloop.run(open_loop(server.address, requests, each_s, seconds))
    ours_first = sorted(servers, key=lambda one: one != "Linnaeus")
    rows = [_peer_row(name, capacity, at_load, each_s) for name in ours_first]
    return all(rows)


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
        return row(name, said, "–", True)
    return row(name, said, "slower, and later", ours > rate and ours_p99 < p99)


def _peer(package: str, asked: Asked) -> Any:
    port = 18_080
    script = HERE / "peers" / f"serve_with_{package}.py"
    command = [sys.executable, script, asked.bundle.resolve(), str(port)]
    address = ("127.0.0.1", port)
    request = post(address, "/predict", asked.photographs[0])
    return started(command, address, request, asked.aside)


def steady(asked: Asked) -> bool:
    seconds = asked.size(300, 10)
    table(f"70 % of capacity for {seconds:.0f} s")
    with served(asked.bundle) as server:
        each_s = 0.7 * capacity_of(server, asked, asked.size(20, 4)).rate(200)
        requests = asked_of(server.address, asked.photographs)
        load = uvloop.run(open_loop(server.address, requests, each_s, seconds))
    errors = len(load.heard) - load.count(200)
    p99 = load.percentile_ms(99, 200)
    row("load", f"{each_s:.1f} requests/s, {len(load.heard):,} in all", "–", True)
    row("median", f"{load.percentile_ms(50, 200):.1f} ms", "–", True)
    return all(
        (
            row("errors", f"{errors} {load.statuses()}", "0", errors == 0),
            row("p99", f"{p99:.1f} ms", "≤ 250 ms", p99 <= 250),
        )
    )


def overload(asked: Asked) -> bool:
    seconds = asked.size(120, 10)
    table(f"Three times capacity for {seconds:.0f} s")
    memory: list[float] = []
    with served(asked.bundle) as server:
        capacity = capacity_of(server, asked, asked.size(20, 4)).rate(200)
        requests = asked_of(server.address, asked.photographs)
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
    row("capacity", f"{capacity:.1f} images/s", "–", True)
    row("requests", f"{len(load.heard):,}: {load.statuses()}", "–", True)
    return all(
        (
            row("goodput", f"{goodput:.0%} of capacity", "≥ 80 %", goodput >= 0.8),
            row("refusals, p99", f"{refusals:.1f} ms", "≤ 100 ms", refusals <= 100),
            row("neither answered nor refused", f"{unanswered}", "0", unanswered == 0),
            row("memory", f"{memory[0]:.0f} MB, then {growth:+.1%}", "< 10 %", growth < 0.1),
        )
    )
