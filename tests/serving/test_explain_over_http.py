"""`POST /explain`: the maps of the library, over HTTP, and what it refuses."""

from __future__ import annotations

import base64
import io
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import Answer, Running, running

import linnaeus
from linnaeus.images.preprocess import Preprocessing
from linnaeus.training.run import Run

pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned digit, enlarged."""
    scan = pytest.importorskip("sklearn.datasets").load_digits().images[5]
    file = tmp_path_factory.mktemp("pictures") / "five.png"
    Image.fromarray((scan / 16 * 255).astype(np.uint8)).resize((40, 40)).save(file)
    return file


@pytest.fixture(scope="module")
def server(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("explaining")
    root = shutil.copytree(digits_run.bundle, folder / "models" / "run").parent
    options = ("--workers", "1", "--models-root", root)
    with running(folder, f"digits={digits_run.folder}", *options) as one:
        yield one


def explain(server: Running, content: bytes, query: str = "", **headers: str) -> Answer:
    kind = {"content-type": "application/octet-stream", "x-deadline-ms": "60000"}
    return server.call("POST", f"/explain{query}", content, kind | headers)


@pytest.mark.parametrize("method", ["occlusion", "superpixels", "kernel-shap"])
def test_the_map_is_that_of_the_library(
    server: Running, digits_run: Run, picture: Path, method: str
) -> None:
    told = explain(server, picture.read_bytes(), f"?method={method}")
    assert told.status == 200, told
    said = told.json["explanation"]
    library = linnaeus.explain(digits_run.folder, picture, method=method).explanations[0]
    assert (said["label"], said["explained"]) == (library.label, library.explained)
    assert said["confidence"] == pytest.approx(library.confidence, abs=1e-6)
    (known,) = library.maps.values()
    grey = np.asarray(Image.open(io.BytesIO(base64.b64decode(said["map"]["png"]))))
    assert grey.shape == known.shape
    levels = grey / 255 * said["map"]["largest"]
    wanted = np.clip(known, 0, said["map"]["largest"])
    assert levels == pytest.approx(wanted, abs=said["map"]["largest"] / 255)
    assert said["map"]["box"] == [0, 0, 1, 1]


def test_another_class_can_be_explained_and_one_that_is_none_is_refused(
    server: Running, picture: Path
) -> None:
    told = explain(server, picture.read_bytes(), "?method=superpixels&class=8")
    assert told.json["explanation"]["explained"] == "8"
    refused = explain(server, picture.read_bytes(), "?class=ten")
    assert (refused.status, refused.kind) == (422, "not-valid")
    assert 'There is no class "ten"' in refused.json["detail"]


def test_what_cannot_be_explained_is_refused_in_a_sentence(server: Running, picture: Path) -> None:
    content = picture.read_bytes()
    for sent, query, headers, status, kind in (
        (b"no picture", "", {}, 422, "unreadable-image"),
        (b"", "", {}, 400, "no-image"),
        (content, "?method=grad-cam", {}, 422, "not-valid"),
        (content, "?model=absent", {}, 404, "not-found"),
        (content, "", {"x-deadline-ms": "1"}, 504, "too-late"),
    ):
        told = explain(server, sent, query, **headers)
        assert (told.status, told.kind) == (status, kind), told
    # It goes on, once a worker has seen that nobody waits for the last of these.
    server.wait_until(lambda: explain(server, content, "?method=superpixels").status == 200)


def test_explanations_leave_room_for_answers(server: Running, picture: Path) -> None:
    content = picture.read_bytes()
    with ThreadPoolExecutor(1) as caller, server.standing_still():
        first = caller.submit(explain, server, content, "?method=superpixels")
        server.wait_until(lambda: server.metric("linnaeus_in_hand") == 1)
        second = explain(server, content, "?method=superpixels")
        assert (second.status, second.kind) == (503, "busy")
        assert int(second.headers["retry-after"]) > 0
    assert first.result().status == 200
    assert explain(server, content, "?method=superpixels").status == 200


def test_what_nobody_waits_for_any_more_keeps_its_place_until_it_is_through(
    server: Running, picture: Path
) -> None:
    content = picture.read_bytes()
    gone = server.metric("linnaeus_callers_gone_total")
    with server.standing_still():
        head = f"POST /explain HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(content)}"
        with socket.create_connection(server.address) as connection:
            connection.sendall(f"{head}\r\ncontent-type: image/png\r\n\r\n".encode() + content)
            server.wait_until(lambda: server.metric("linnaeus_in_hand") == 1)
        server.wait_until(lambda: server.metric("linnaeus_callers_gone_total") > gone)
        assert explain(server, content).kind == "busy"
    server.wait_until(lambda: explain(server, content, "?method=superpixels").status == 200)


def test_the_models_that_can_be_asked_are_told(server: Running, digits_run: Run) -> None:
    (told,) = server.get("/models").json["models"]
    assert told["name"] == "digits"
    assert told["classes"] == list(linnaeus.load(digits_run.bundle).classes)
    assert (told["task"], told["version"], told["promises"]) == ("single", "1", True)


def test_an_explanation_keeps_its_place_when_other_workers_take_over(
    server: Running, picture: Path
) -> None:
    """They do where a model is added. (The server has two models from here on.)"""
    content = picture.read_bytes()
    gone = server.metric("linnaeus_callers_gone_total")
    with server.standing_still():
        head = f"POST /explain HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(content)}"
        with socket.create_connection(server.address) as connection:
            kind = "content-type: image/png\r\nx-deadline-ms: 600000"
            connection.sendall(f"{head}\r\n{kind}\r\n\r\n".encode() + content)
            server.wait_until(lambda: server.metric("linnaeus_in_hand") == 1)
            added = server.send_json("PUT", "/admin/models/more", {"path": "run", "new": True})
            assert (added.status, added.json["name"], added.json["serving"]) == (200, "more", "1")
        server.wait_until(lambda: server.metric("linnaeus_callers_gone_total") > gone)
        assert server.metric("linnaeus_in_hand") == 1
        assert explain(server, content, "?model=digits&method=superpixels").kind == "busy"
    asked = "?model=more&method=superpixels"
    server.wait_until(lambda: explain(server, content, asked).status == 200)


@pytest.mark.parametrize(
    ("fit", "box"),
    [
        ("stretch", (0, 0, 1, 1)),
        ("crop", (0.25, 0, 0.75, 1)),
        ("pad", (0, -0.5, 1, 1.5)),
    ],
)
def test_where_the_map_lies_on_a_picture_twice_as_wide_as_high(
    fit: str, box: tuple[float, ...]
) -> None:
    preprocessing = Preprocessing(height_px=10, width_px=10, fit=fit)
    assert preprocessing.place((200, 100)) == pytest.approx(box)
