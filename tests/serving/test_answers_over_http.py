"""A server at work: what it answers, what it refuses, and what becomes of those who wait."""

from __future__ import annotations

import base64
import csv
import http.client
import json
import shutil
import signal
import socket
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import Answer, Running, form, running

import linnaeus
from command_line import linnaeus as command
from linnaeus.training.run import Run

pytest.importorskip("fastapi")

HANG_S = 5.0

NAMED_OFTEN = json.dumps(
    {
        "inputs": [
            {"name": "pixels", "datatype": "UINT8", "shape": [1, 1, 1, 3], "data": [0, 0, 0]}
        ],
        "outputs": [{"name": "probabilities"}] * 200_000,
    }
).encode()
"""A request whose answer would be larger than any that a worker may give."""


GREEN = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGOI6rEBAAJmASNey/6AAAAAAElFTkSuQmCC"
)
"""A picture of one pixel."""


def of_pictures(count: int) -> dict[str, object]:
    """A request of so many pictures as tensors."""
    images = {"name": "images", "datatype": "BYTES", "shape": [count], "data": [GREEN] * count}
    return {"inputs": [images]}


ADDED = b'{"path": "run", "new": true}'
ONE = json.dumps(of_pictures(1)).encode()
MANY = json.dumps(of_pictures(21)).encode()
HIDDEN = json.dumps(of_pictures(2)).encode().replace(b"shape", rb"\u0073hape")
SHAPELY = json.dumps({**of_pictures(1), "parameters": [{"shape": [1]}] * 8}).encode()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six scanned digits, enlarged, each a file of its own."""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    folder = tmp_path_factory.mktemp("pictures")
    for place, scan in enumerate(digits.images[:6]):
        grey = Image.fromarray((scan / 16 * 255).astype(np.uint8))
        grey.resize((40, 40)).save(folder / f"{place}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def models_root(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which callers may name bundles to serve; it holds one, called run."""
    root = tmp_path_factory.mktemp("models")
    shutil.copytree(digits_run.bundle, root / "run")
    return root


@pytest.fixture(scope="module")
def server(
    digits_run: Run, pairs_run: Run, models_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Two models, two workers, room for six pictures, and folders to put in a model's place."""
    folder = tmp_path_factory.mktemp("serving")
    models = (f"digits={digits_run.folder}", f"pairs={pairs_run.folder}")
    limits = ("--workers", "2", "--queue", "6", "--body-timeout", "0.5")
    with running(folder, *models, *limits, "--models-root", models_root) as one:
        yield one


@pytest.fixture(scope="module")
def classifier(digits_run: Run) -> linnaeus.Classifier:
    return linnaeus.load(digits_run.bundle)


def of_digits(server: Running, *pictures: bytes, query: str = "", **headers: str) -> Answer:
    return server.predict(*pictures, query=f"?model=digits{query}", **headers)


def probabilities(answer: Answer) -> list[list[float]]:
    assert answer.status == 200, answer
    return [list(one["probabilities"].values()) for one in answer.json["predictions"]]


# One answer, whoever asks


def test_library_command_line_and_server_give_the_same_bits(
    server: Running,
    classifier: linnaeus.Classifier,
    digits_run: Run,
    pictures: list[Path],
    tmp_path: Path,
) -> None:
    done = command("predict", digits_run.folder, *pictures, "--out", tmp_path / "t.csv")
    assert done.code == 0, done.err
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    answer = of_digits(server, *[file.read_bytes() for file in pictures])
    served = np.array(probabilities(answer), np.float64)
    library = classifier.predict(pictures)
    table = [[row[f"p:{name}"] for name in library.classes] for row in rows]
    assert np.array_equal(served, library.probabilities.astype(np.float64))
    assert np.array_equal(np.array(table, np.float32), library.probabilities)
    assert [one["label"] for one in answer.json["predictions"]] == [one.label for one in library]


def test_a_form_raw_bytes_and_tensors_give_the_same_bits(
    server: Running, pictures: list[Path]
) -> None:
    content = pictures[0].read_bytes()
    expected = probabilities(of_digits(server, content))
    raw = server.call("POST", "/predict?model=digits", content, {"content-type": "image/png"})
    bare = server.call("POST", "/predict?model=digits", content)
    files, kind = form([("files", None, content)])
    other_field = server.call("POST", "/predict?model=digits", files, {"content-type": kind})
    for answer in (raw, bare, other_field):
        assert probabilities(answer) == expected
    encoded = base64.b64encode(content).decode()
    pixels = np.asarray(Image.open(pictures[0]).convert("RGB"))[None]
    images = {"name": "images", "shape": [1], "datatype": "BYTES", "data": [encoded]}
    flat = {"name": "pixels", "datatype": "UINT8", "shape": list(pixels.shape)}
    for tensor in (
        images,
        {**flat, "data": pixels.ravel().tolist()},
        {**flat, "data": pixels.tolist()},
    ):
        told = server.send_json("POST", "/v2/models/digits/infer", {"inputs": [tensor]}).json
        outputs = {one["name"]: one for one in told["outputs"]}
        assert outputs["probabilities"]["data"] == expected[0]
        assert outputs["probabilities"]["shape"] == [1, 10]
        assert (told["model_name"], told["model_version"]) == ("digits", "1")


def test_what_is_asked_for_is_what_the_library_says(
    server: Running, classifier: linnaeus.Classifier, pictures: list[Path]
) -> None:
    contents = [file.read_bytes() for file in pictures]
    query = "&sets=0.9&sets_method=aps&max_error=0.3&unknown_rate=0.1&top=2"
    answer = of_digits(server, *contents, query=query).json
    predictions = classifier.predict(contents, unknown_rate=0.1)
    promised = classifier.promise(predictions, coverage=0.9, method="aps", max_error=0.3)
    for place, (said, one) in enumerate(zip(answer["predictions"], predictions, strict=True)):
        likeliest = np.argsort(-predictions.probabilities[place], kind="stable")[:2]
        assert list(said["probabilities"]) == [predictions.classes[at] for at in likeliest]
        assert said["label"] == one.label
        assert said["unknown"] == one.unknown
        assert said["familiarity"] == one.familiarity
        assert said["set"] == promised.labels(place, predictions.classes)
        assert said["withheld"] == (promised.withheld(place) and not one.unknown)
    assert answer["remarks"] == [*classifier.remarks(predictions), *promised.remarks]
    assert answer["model"]["digest"] == server.get("/v2/models/digits").json["parameters"]["digest"]


def test_a_picture_has_the_same_set_wherever_it_stands_in_a_request(
    server: Running, pictures: list[Path]
) -> None:
    contents = [file.read_bytes() for file in pictures]
    query = "&sets=0.5&sets_method=aps&unknown_rate=0"
    together = of_digits(server, *contents, query=query).json["predictions"]
    alone = [of_digits(server, one, query=query).json["predictions"][0] for one in contents]
    assert [one["set"] for one in together] == [one["set"] for one in alone]
    assert len({str(one["set"]) for one in alone}) > 1


def test_the_smallest_share_is_a_share_like_any_other(
    server: Running, pictures: list[Path]
) -> None:
    query = "&max_error=5e-324&sets=5e-324&unknown_rate=5e-324"
    (one,) = of_digits(server, pictures[0].read_bytes(), query=query).json["predictions"]
    assert one["withheld"] and not one["unknown"]


def test_a_picture_with_several_labels_has_them_all(server: Running, pairs_table: Path) -> None:
    pairs = linnaeus.load_dataset(pairs_table, label_separator="|")
    contents = [pairs.source.read(path) for path in pairs.paths[:6]]
    answer = server.predict(*contents, query="?model=pairs").json
    named = [one["labels"] for one in answer["predictions"]]
    assert any(len(labels) > 1 for labels in named)
    assert [one["label"] for one in answer["predictions"]] == ["|".join(one) for one in named]
    refused = server.predict(*contents, query="?model=pairs&sets=0.9")
    assert (refused.status, refused.kind) == (422, "not-valid")


# What is refused, and how


@pytest.mark.parametrize(
    ("path", "method", "body", "kind", "status", "problem"),
    [
        ("/predict", "POST", b"x", "image/png", 422, "not-valid"),
        ("/predict?model=cats", "POST", b"x", "image/png", 404, "not-found"),
        ("/predict?model=digits&version=7", "POST", b"x", "image/png", 404, "not-found"),
        ("/predict?model=digits&tpo=2", "POST", b"x", "image/png", 422, "not-valid"),
        ("/predict?model=digits&sets=nan", "POST", b"x", "image/png", 422, "not-valid"),
        ("/predict?model=digits&sets=0_0.5", "POST", b"x", "image/png", 422, "not-valid"),
        ("/predict?model=digits&sets=%EF%BC%90.5", "POST", b"x", "image/png", 422, "not-valid"),
        ("/predict?model=digits&top=1_0", "POST", b"x", "image/png", 422, "not-valid"),
        ("/v2/models/digits/infer?sets=0.9", "POST", ONE, "application/json", 422, "not-valid"),
        ("/predict?model=digits", "POST", b"", "image/png", 400, "no-image"),
        ("/predict?model=digits", "POST", b"x", "image/png", 422, "unreadable-image"),
        ("/predict?model=digits", "POST", b"{}", "application/json", 415, "unsupported-type"),
        ("/predict?model=digits", "POST", b"x", "multipart/form-data", 400, "malformed"),
        ("/predict?model=digits", "PUT", b"x", "image/png", 405, "wrong-method"),
        ("/nothing", "GET", None, "", 404, "not-found"),
        ("/v2/models/digits/infer", "POST", b"{", "application/json", 400, "malformed"),
        ("/v2/models/digits/infer", "POST", b"[" * 9999, "application/json", 400, "malformed"),
        ("/v2/models/digits/infer", "POST", b"{}", "application/json", 422, "not-valid"),
        ("/v2/models/digits/infer", "POST", NAMED_OFTEN, "application/json", 422, "not-valid"),
        ("/v2/models/digits/infer", "POST", MANY, "application/json", 413, "too-many-images"),
        ("/v2/models/digits/infer", "POST", HIDDEN, "application/json", 422, "not-valid"),
        ("/v2/models/digits/infer", "POST", SHAPELY, "application/json", 422, "not-valid"),
        ("/v2/models/digits/infer", "POST", b"x", "image/png", 415, "unsupported-type"),
        ("/v2/models/cats", "GET", None, "", 404, "not-found"),
        ("/admin/models/cats/rollback", "POST", None, "", 404, "not-found"),
        ("/admin/models/digits", "PUT", b"{", "application/json", 400, "malformed"),
        ("/admin/models/digits", "PUT", b"[" * 99999, "application/json", 400, "malformed"),
        ("/admin/models/digits", "PUT", b"{}", "application/json", 422, "not-valid"),
        ("/admin/models/digit", "PUT", b'{"path": "run"}', "application/json", 404, "not-found"),
        ("/admin/models/digits", "PUT", ADDED, "application/json", 409, "conflict"),
        ("/admin/models/a%20b", "PUT", ADDED, "application/json", 422, "not-valid"),
        ("/admin/models/digits", "PUT", b'{"path": ".."}', "application/json", 403, "not-allowed"),
        ("/admin/models/digits", "PUT", b'{"path": "no"}', "application/json", 404, "not-found"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(
    server: Running,
    path: str,
    method: str,
    body: bytes | None,
    kind: str,
    status: int,
    problem: str,
) -> None:
    answer = server.call(method, path, body, {"content-type": kind} if kind else None)
    assert (answer.status, answer.kind) == (status, problem)
    assert answer.json["detail"].rstrip(")").endswith((".", "?"))
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_a_way_to_make_sets_that_are_not_asked_for_is_refused(
    server: Running, pictures: list[Path]
) -> None:
    asked = of_digits(server, pictures[0].read_bytes(), query="&sets_method=aps")
    body = {**of_pictures(1), "parameters": {"sets_method": "aps"}}
    tensors = server.send_json("POST", "/v2/models/digits/infer", body)
    for answer, place in ((asked, "sets_method"), (tensors, "parameters.sets_method")):
        assert (answer.status, answer.kind) == (422, "not-valid")
        assert answer.json["detail"].startswith(f"{place}: there are no label sets that could be")
    none = {**of_pictures(1), "parameters": {"sets_method": None, "max_error": 0.3}}
    assert server.send_json("POST", "/v2/models/digits/infer", none).status == 200


@pytest.mark.parametrize("said", ["0", "-1", "600001", "1e3", "٣", "000000001" + "9" * 5000])
def test_a_deadline_that_is_no_time_is_refused(
    server: Running, pictures: list[Path], said: str
) -> None:
    headers = {"X-Deadline-Ms": said.encode("utf-8").decode("latin-1")}
    for path in ("/predict?model=digits", "/explain?model=digits"):
        answer = server.call("POST", path, pictures[0].read_bytes(), headers)
        assert (answer.status, answer.kind) == (422, "not-valid")


def test_no_link_leads_out_of_the_models_root(
    server: Running, digits_run: Run, models_root: Path, tmp_path: Path
) -> None:
    shutil.copytree(digits_run.bundle, tmp_path / "bundle")
    linked = models_root / "linked"
    linked.mkdir()
    (linked / "bundle").symlink_to(tmp_path / "bundle")
    (linked / "elsewhere").symlink_to(tmp_path)
    for path in ("linked", "linked/bundle", "linked/elsewhere"):
        answer = server.send_json("PUT", "/admin/models/digits", {"path": path})
        assert (answer.status, answer.kind) == (403, "not-allowed")


def test_a_form_with_a_broken_picture_names_it_or_keeps_its_place(
    server: Running, pictures: list[Path]
) -> None:
    good, half = pictures[0].read_bytes(), pictures[1].read_bytes()[:100]
    refused = of_digits(server, good, half, b"")
    assert (refused.status, refused.kind) == (422, "unreadable-image")
    assert [one["image"] for one in refused.json["images"]] == [1, 2]
    kept = of_digits(server, good, half, query="&unreadable=keep").json["predictions"]
    assert kept[0]["label"] and "truncated" in kept[1]["error"]


def test_more_than_is_allowed_is_refused(
    server: Running, pictures: list[Path], tmp_path: Path
) -> None:
    many = of_digits(server, *[pictures[0].read_bytes()] * 21)
    assert (many.status, many.kind) == (413, "too-many-images")
    large = server.call("POST", "/predict?model=digits", b"\0" * 10_000_001)
    assert (large.status, large.kind) == (413, "body-too-large")
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    bomb = server.call("POST", "/predict?model=digits", (tmp_path / "bomb.png").read_bytes())
    assert (bomb.status, bomb.kind) == (413, "too-many-pixels")


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        (b"GET http://127.0.0.1 HTTP/1.1", b"", 400),
        (b"GET http://[::1 HTTP/1.1", b"", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"", 431),
        (b"GET /v2 HTTP/9.9", b"", 400),
        (b"BREW /v2 HTTP/1.1", b"", 400),
        (b"TRACE /v2 HTTP/1.1", b"", 405),
        (b"OPTIONS * HTTP/1.1", b"", 404),
        (b"GET /v2/models/%00%ff HTTP/1.1", b"", 404),
        (b"POST /predict?model=%00 HTTP/1.1", b"", 422),
        (b"GET /v2 HTTP/1.1", b"Host: elsewhere.example\r\n", 400),
        (b"POST /predict HTTP/1.1", b"Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        (b"POST /predict HTTP/1.1", b"Content-Type: a/b\r\nContent-Type: c/d\r\n", 400),
        (b"POST /predict HTTP/1.1", b"Transfer-Encoding: gzip, chunked\r\n", 415),
        (b"POST /predict HTTP/1.1", b"Folded: a\r\n b\r\n", 400),
        (b"POST /predict HTTP/1.1", b"A: \0\r\n", 400),
    ],
)
def test_odd_requests_are_refused_in_a_sentence_as_well(
    server: Running, line: bytes, headers: bytes, status: int
) -> None:
    with socket.create_connection(server.address, timeout=30) as caller:
        caller.sendall(line + b"\r\nHost: 127.0.0.1\r\n" + headers + b"\r\n")
        answer = http.client.HTTPResponse(caller)
        answer.begin()
        told = json.loads(answer.read())
    assert (answer.status, told["status"]) == (status, status), told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail"].endswith(".")


def test_a_request_of_http_1_1_has_to_name_its_host(server: Running) -> None:
    for version, status, kind in (("1.1", 400, "malformed"), ("1.0", 200, None)):
        with socket.create_connection(server.address, timeout=30) as caller:
            caller.sendall(f"GET /v2/models/digits HTTP/{version}\r\n\r\n".encode())
            answer = http.client.HTTPResponse(caller)
            answer.begin()
            told = json.loads(answer.read())
        assert answer.status == status
        assert told.get("type", "").removeprefix("urn:linnaeus:problem:") == (kind or "")


@pytest.mark.parametrize(
    ("head", "then", "status"),
    [
        (b"Content-Length: 100", b"a few bytes", b"408"),
        (b"Transfer-Encoding: chunked", b"F00000\r\n" + b"\0" * 10_100_000, b"413"),
        (b"X-Long: " + b"x" * 100_000, b"", b"431"),
        (b"Transfer-Encoding: chunked", b"1\r\na\r\n0\r\n" + b"X: y\r\n" * 200_000, b"431"),
        (b"Content-Length: many", b"", b"400"),
        (b"Content-Encoding: gzip\r\nContent-Length: 4", b"abcd", b"415"),
    ],
)
def test_bodies_and_heads_are_held_to_limits_as_they_come(
    server: Running, head: bytes, then: bytes, status: bytes
) -> None:
    with socket.create_connection(server.address, timeout=30) as caller:
        start = b"POST /predict?model=digits HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        with suppress(ConnectionError):  # it may be refused before all is sent
            caller.sendall(start + head + b"\r\n\r\n" + then)
        assert caller.recv(1000).split(b" ")[1] == status


def test_an_offer_of_http_2_is_passed_over(server: Running, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    head = b"POST /predict?model=digits HTTP/1.1\r\nHost: 127.0.0.1\r\n" + offer
    whole = head + b"Content-Length: %d\r\n\r\n" % len(content) + content
    for parts in ([whole], [whole[:150], whole[150:]], [whole[:-9], whole[-9:]]):
        with socket.create_connection(server.address, timeout=30) as caller:
            for _ in range(2):  # the connection is kept
                for part in parts:
                    caller.sendall(part)
                    time.sleep(0.05)
                answer = http.client.HTTPResponse(caller)
                answer.begin()
                assert answer.status == 200
                assert len(json.loads(answer.read())["predictions"]) == 1


@pytest.mark.slow
def test_who_does_not_take_an_answer_is_cut_off_and_who_is_slow_to_begin_is_not(
    server: Running,
) -> None:
    """Answers of some 20 MB, which is more than the system holds for a connection."""
    one = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    size = len(server.get("/openapi.json").body)
    times = 20_000_000 // size
    with (
        socket.create_connection(server.address, timeout=60) as idle,
        socket.create_connection(server.address, timeout=60) as slow,
    ):
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for caller in (idle, slow):
            caller.sendall(one * times)
        time.sleep(3)
        taken = bytearray()
        while len(taken) < size * times:
            taken += slow.recv(1 << 20)
        assert taken.count(b"HTTP/1.1 200 OK") == times
        server.wait_until(lambda: "is cut off" in server.log.read_text())
        with pytest.raises(ConnectionResetError):
            while idle.recv(1 << 20):
                pass


@pytest.mark.slow
def test_empty_lines_do_not_keep_a_connection(server: Running) -> None:
    with socket.create_connection(server.address, timeout=25) as caller:
        caller.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert caller.recv(1000)
        caller.sendall(b"\r\n")
        assert caller.recv(1000) == b""


@pytest.mark.parametrize("host", ["localhost:80", "127.0.0.1", "127.0.0.2:8000", "[::1]:8000"])
def test_this_machine_is_answered_by_all_its_own_names(server: Running, host: str) -> None:
    assert server.get("/v2/models/digits", Host=host).status == 200


def test_pages_of_other_hosts_are_kept_out(server: Running) -> None:
    elsewhere = server.get("/v2/models/digits", Host="rebound.example")
    foreign = server.call(
        "POST", "/admin/models/digits/rollback", headers={"Origin": "http://evil.example"}
    )
    for answer in (elsewhere, foreign):
        assert (answer.status, answer.kind) == (403, "not-allowed")


def test_hostile_files_are_answered_or_refused_and_never_a_fault(
    server: Running, shared_data: Callable[[str], Path]
) -> None:
    with tarfile.open(shared_data("hostile_files.tar.xz")) as archive:
        members = [one for one in archive if one.isfile()][::60]
        contents = [archive.extractfile(one).read() for one in members]  # type: ignore[union-attr]
    for member, content in zip(members, contents, strict=True):
        began = time.monotonic()
        answer = server.call("POST", "/predict?model=digits", content)
        assert answer.status in (200, 400, 413, 422), (member.name, answer)
        assert time.monotonic() - began < HANG_S, member.name
    assert server.get("/v2/health/ready").status == 200


# Those who wait


def test_nobody_waits_longer_than_was_said_and_no_more_than_there_is_room_for(
    server: Running, pictures: list[Path]
) -> None:
    content = pictures[0].read_bytes()
    with server.standing_still(), ThreadPoolExecutor(16) as callers:
        busy = [callers.submit(of_digits, server, content) for _ in range(4)]
        server.wait_until(lambda: server.metric("linnaeus_in_hand") == 4)
        late = callers.submit(of_digits, server, content, **{"x-deadline-ms": "300"})
        answer = late.result()
        assert (answer.status, answer.kind) == (504, "too-late")
        waiting = [callers.submit(of_digits, server, content) for _ in range(6)]
        server.wait_until(lambda: server.metric("linnaeus_queue_images") == 6)
        refused = of_digits(server, content)
        assert (refused.status, refused.kind) == (503, "busy")
        assert int(refused.headers["retry-after"]) >= 1
        large = server.call("POST", "/predict?model=digits", b"\0" * 9_000_000)
        assert (large.status, large.kind) == (503, "busy")
        for worker in server.workers():
            worker.resume()
        assert {one.result().status for one in (*busy, *waiting)} == {200}
    answered = 'linnaeus_images_total{model="digits",version="1"}'
    before = server.metric(answered)
    assert of_digits(server, content).status == 200
    assert server.metric(answered) == before + 1  # the late one was never run


def test_pictures_that_come_as_tensors_count_each(server: Running, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    path, counted = "/v2/models/digits/infer", 'linnaeus_images_total{model="digits",version="1"}'
    with server.standing_still(), ThreadPoolExecutor(5) as callers:
        busy = [callers.submit(of_digits, server, content) for _ in range(4)]
        server.wait_until(lambda: server.metric("linnaeus_in_hand") == 4)
        before = server.metric(counted)
        waiting = callers.submit(server.send_json, "POST", path, of_pictures(5))
        server.wait_until(lambda: server.metric("linnaeus_queue_images") == 5)
        refused = server.send_json("POST", path, of_pictures(2))
        assert (refused.status, refused.kind) == (503, "busy")
        for worker in server.workers():
            worker.resume()
        assert {one.result().status for one in (*busy, waiting)} == {200}
    assert server.metric(counted) == before + 5


def test_who_hangs_up_is_not_answered(server: Running, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    gone = server.metric("linnaeus_callers_gone_total")
    with server.standing_still(), ThreadPoolExecutor(4) as callers:
        busy = [callers.submit(of_digits, server, content) for _ in range(4)]
        server.wait_until(lambda: server.metric("linnaeus_in_hand") == 4)
        with socket.create_connection(server.address) as caller:
            head = b"POST /predict?model=digits HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
            caller.sendall(head + f"{len(content)}\r\n\r\n".encode() + content)
            server.wait_until(lambda: server.metric("linnaeus_queue_images") == 1)
        server.wait_until(lambda: server.metric("linnaeus_callers_gone_total") == gone + 1)
        assert server.metric("linnaeus_queue_images") == 0
        for worker in server.workers():
            worker.resume()
        assert {one.result().status for one in busy} == {200}


def test_a_killed_worker_costs_what_it_had_in_hand_and_is_replaced(
    server: Running, pictures: list[Path]
) -> None:
    content = pictures[0].read_bytes()
    with server.standing_still() as workers, ThreadPoolExecutor(4) as callers:
        asked = [callers.submit(of_digits, server, content) for _ in range(2)]
        server.wait_until(lambda: server.metric("linnaeus_in_hand") == 2)
        workers[0].kill()
        workers[1].resume()
        answers = sorted((one.result() for one in asked), key=lambda one: one.status)
        assert [one.status for one in answers] == [200, 503]
        assert answers[1].kind == "worker-lost"
        assert of_digits(server, content).status == 200
    server.wait_until(lambda: server.metric("linnaeus_workers_ready") == 2)


@pytest.mark.parametrize(
    ("died_of", "problem"),
    [(signal.SIGPROF, "image-too-slow"), (signal.SIGSEGV, "image-breaks-decoder")],
)
def test_a_picture_that_its_worker_dies_of_is_refused_as_such(
    server: Running, pictures: list[Path], died_of: int, problem: str
) -> None:
    with server.standing_still() as workers, ThreadPoolExecutor(1) as callers:
        asked = callers.submit(of_digits, server, pictures[0].read_bytes())
        server.wait_until(lambda: server.metric("linnaeus_in_hand") == 1)
        for worker in workers:
            worker.send_signal(died_of)
            worker.resume()
        assert (asked.result().status, asked.result().kind) == (422, problem)
    server.wait_until(lambda: server.metric("linnaeus_workers_ready") == 2)


# One model in another's place


def test_models_are_swapped_and_rolled_back_without_a_lost_or_wrong_answer(
    server: Running, digits_run: Run, models_root: Path, pictures: list[Path]
) -> None:
    """The new version is of other classes, so an answer with another's version would show."""
    content = pictures[0].read_bytes()
    _renamed_copy(digits_run.bundle, models_root / "renamed")
    broken = models_root / "broken"
    _renamed_copy(digits_run.bundle, broken)
    (broken / "model.onnx").write_bytes(b"no graph")
    ended = False

    def asked_once() -> tuple[str, str]:
        answer = of_digits(server, content)
        assert answer.status == 200, answer
        (one,) = answer.json["predictions"]
        return answer.json["model"]["version"], next(iter(one["probabilities"]))

    def ask() -> set[tuple[str, str]]:
        answers = set()
        while not ended:
            answers.add(asked_once())
        return answers

    def change(method: str, path: str, value: object) -> tuple[Answer, tuple[str, str]]:
        """What came of a change, and the first answer after it."""
        return server.send_json(method, f"/admin/models/digits{path}", value), asked_once()

    with ThreadPoolExecutor(3) as callers:
        asking = [callers.submit(ask) for _ in range(3)]
        try:
            refused, as_before = change("PUT", "", {"path": "broken"})
            swapped, by_the_new = change("PUT", "", {"path": "renamed"})
            _, rolled_back = change("POST", "/rollback", None)
            _, forth_again = change("POST", "/rollback", None)
            change("POST", "/rollback", None)
        finally:
            ended = True
        seen = set.union(*(one.result() for one in asking))
    assert (refused.status, refused.kind) == (422, "broken-bundle")
    assert "model.onnx" in refused.json["detail"]
    assert (swapped.status, swapped.json["serving"], swapped.json["before"]) == (200, "2", "1")
    old, new = ("1", "0"), ("2", "class 0")
    assert [as_before, by_the_new, rolled_back, forth_again] == [old, new, old, new]
    assert seen <= {old, new}
    pinned = server.predict(content, query="?model=digits&version=2").json
    assert pinned["model"]["version"] == "2"
    listed = {one["name"]: one for one in server.get("/admin/models").json["models"]}
    assert listed["digits"]["serving"] == "1"


def _renamed_copy(bundle: Path, place: Path) -> None:
    """A bundle that answers with other names."""
    from linnaeus.manifest import copy_listed, write_manifest

    copy_listed(bundle, place)
    record = json.loads((place / "bundle.json").read_text())
    record["classes"] = [f"class {name}" for name in record["classes"]]
    (place / "bundle.json").write_text(json.dumps(record))
    write_manifest(place)


# What it tells of itself


def test_it_describes_itself_and_loads_nothing_from_elsewhere(server: Running) -> None:
    told = server.get("/openapi.json").json
    assert set(told["paths"]["/predict"]["post"]["responses"]) >= {
        "200",
        "413",
        "422",
        "503",
        "504",
    }
    form_told = told["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert set(form_told) >= {"multipart/form-data", "application/octet-stream"}
    assert server.get("/v2").json["name"] == "linnaeus"
    assert server.get("/v2/models/digits/versions/1/ready").json == {
        "name": "digits",
        "ready": True,
    }


def test_the_log_holds_a_line_for_each_request_and_nothing_of_its_pictures(
    server: Running, pictures: list[Path]
) -> None:
    body, kind = form([("images", "a-private-name.png", pictures[0].read_bytes())])
    headers = {"content-type": kind, "x-request-id": "mine-1"}
    server.call("POST", "/predict?model=digits", body, headers)
    server.wait_until(lambda: "mine-1" in server.log.read_text())
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    (line,) = [one for one in lines if one.get("request_id") == "mine-1"]
    assert (line["method"], line["path"], line["status"], line["images"]) == (
        "POST",
        "/predict",
        200,
        1,
    )
    assert "a-private-name" not in server.log.read_text()
