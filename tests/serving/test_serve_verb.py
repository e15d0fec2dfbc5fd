"""How a server starts, whom it lets in, and how it ends."""

from __future__ import annotations

import inspect
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import Answer, Running, running
from typer.testing import CliRunner

import linnaeus
from linnaeus.cli.app import app
from linnaeus.errors import BundleError, LinnaeusError, MissingError, UsageError
from linnaeus.serving.callers import Rate
from linnaeus.serving.keys import KeyRing, read_keys
from linnaeus.training.run import Run

pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A file of keys, and the keys by their scope."""
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    made = {
        scope: linnaeus.add_key(f"of-{scope}", scopes=[scope], keys=file)
        for scope in ("predict", "admin", "metrics")
    }
    return file, made


@pytest.fixture(scope="module")
def server(
    digits_run: Run,
    keys: tuple[Path, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """One that others could reach, so that it wants keys. The last test here ends it."""
    folder = tmp_path_factory.mktemp("guarded")
    options = ("--host", "0.0.0.0", "--keys", keys[0], "--workers", "1", "--rate", "40")
    with running(folder, digits_run.folder, *options) as one:
        yield Running(one.process, one.url.replace("0.0.0.0", "127.0.0.1"), one.log)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("picture") / "grey.png"
    Image.fromarray(np.full((9, 9), 90, np.uint8)).save(file)
    return file.read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, "no keys are asked for"),
        ({"host": "192.0.2.1", "keys": "KEYS"}, "no address of this machine"),
        ({"queue": 0}, "--queue"),
        ({"deadline": float("nan")}, "--deadline"),
        ({"keys": "nowhere.json"}, "no such file of keys"),
        ({"models_root": "nowhere"}, "no such folder"),
    ],
)
def test_a_server_that_cannot_be_meant_does_not_start(
    digits_run: Run,
    keys: tuple[Path, dict[str, str]],
    options: dict[str, object],
    said: str,
) -> None:
    given = {name: keys[0] if value == "KEYS" else value for name, value in options.items()}
    with pytest.raises(UsageError, match=said):
        linnaeus.serve(digits_run.folder, **given)  # type: ignore[arg-type]


def test_an_address_that_is_taken_is_told(digits_run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match="another program listens there") as refused:
            linnaeus.serve(digits_run.folder, port=port)
    assert refused.value.exit_code == 2


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle here"):
        linnaeus.serve(tmp_path, port=0)


@pytest.mark.parametrize(
    ("bundles", "said"),
    [(["a b=x"], "cannot be the name"), (["x/leaf", "y/leaf"], '"leaf" would be the name')],
)
def test_bundles_have_names_of_their_own(bundles: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        linnaeus.serve(*bundles)


def test_windows_is_told_before_what_it_lacks_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    for lacking in ("linnaeus.serving.server", "uvloop", "fcntl", "resource"):
        monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(MissingError, match="as Windows cannot"):
        linnaeus.serve("leaves")


def test_keys_are_kept_as_digests_and_can_be_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = linnaeus.add_key("ann", scopes=["predict", "metrics"], keys=file)
    other = linnaeus.add_key("bob", keys=file)
    assert key not in file.read_text() and other not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    told = [(one.name, one.scopes) for one in linnaeus.list_keys(file)]
    assert told == [("ann", ("predict", "metrics")), ("bob", ("predict",))]
    linnaeus.remove_key("ann", keys=file)
    assert [one.name for one in linnaeus.list_keys(file)] == ["bob"]
    for wrong in (("bob", ["predict"]), ("eve", ["everything"]), ("no name", ["predict"])):
        with pytest.raises(UsageError):
            linnaeus.add_key(wrong[0], scopes=wrong[1], keys=file)
    with pytest.raises(LinnaeusError, match="no key called"):
        linnaeus.remove_key("ann", keys=file)


def test_a_rate_lets_a_second_s_worth_through_and_then_makes_wait() -> None:
    rate = Rate(5)
    assert [rate.wait_s("ann") for _ in range(5)] == [0.0] * 5
    assert 0 < rate.wait_s("ann") <= 0.2
    assert rate.wait_s("bob") == 0


def test_only_who_may_gets_an_answer(
    server: Running, keys: tuple[Path, dict[str, str]], picture: bytes
) -> None:
    file, made = keys

    def ask(path: str, key: str | None, method: str = "GET") -> tuple[int, str | None]:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        answer = server.call(method, path, picture if method == "POST" else None, headers)
        return answer.status, answer.json.get("type", "").rpartition(":")[2] or None

    assert ask("/v2/health/ready", None) == (200, None)
    assert ask("/predict", None, "POST") == (401, "key-needed")
    assert ask("/predict", "lin_guessed", "POST") == (401, "key-needed")
    assert ask("/predict", made["metrics"], "POST") == (403, "not-allowed")
    assert ask("/predict", made["predict"], "POST") == (200, None)
    assert ask("/admin/models", made["predict"]) == (403, "not-allowed")
    assert ask("/admin/models", made["admin"]) == (200, None)
    assert server.get("/metrics").status == 401
    bare = server.get("/metrics", **{"x-api-key": made["metrics"]})
    assert bare.status == 200 and b"linnaeus_ready" in bare.body
    for path in ("/v2/health/live", "/v2/health/ready", "/metrics"):  # as load balancers ask
        head = server.call("HEAD", path, headers={"x-api-key": made["metrics"]})
        same = server.get(path, **{"x-api-key": made["metrics"]})
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-type"] == same.headers["content-type"]
    assert server.call("HEAD", "/metrics").status == 401
    linnaeus.remove_key("of-admin", keys=file)
    server.wait_until(lambda: ask("/admin/models", made["admin"])[0] == 401)
    assert not any(key in server.log.read_text() for key in made.values())


def test_a_header_that_names_no_host_is_no_fault(server: Running) -> None:
    for host in ("[::1", "a b", ":x", "ÿ"):
        answer = server.get("/nothing", Host=host)
        assert (answer.status, answer.kind) == (404, "not-found")


def test_who_asks_too_often_waits(server: Running, keys: tuple[Path, dict[str, str]]) -> None:
    header = {"authorization": f"Bearer {keys[1]['predict']}"}
    with ThreadPoolExecutor(8) as callers:
        asked = [callers.submit(server.get, "/v2", **header) for _ in range(200)]
        answers = [one.result() for one in asked]
    refused = [one for one in answers if one.status != 200]
    assert refused and {one.kind for one in refused} == {"too-many-requests"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
    assert server.get("/v2/health/live").status == 200


def test_sigterm_drains_before_it_ends(
    server: Running, keys: tuple[Path, dict[str, str]], picture: bytes
) -> None:
    header = {"authorization": f"Bearer {keys[1]['predict']}"}

    def ask() -> Answer:
        return server.call("POST", "/predict", picture, header)

    time.sleep(0.5)  # until the rate allows as much again
    with server.standing_still(), ThreadPoolExecutor(3) as callers:
        asked = [callers.submit(ask) for _ in range(3)]
        server.wait_until(lambda: _in_hand_and_waiting(server, keys[1]["metrics"]) == 3)
        server.process.send_signal(signal.SIGTERM)
        server.wait_until(lambda: server.get("/v2/health/ready").status == 503)
        late = ask()
        assert (late.status, late.kind) == (503, "going-down")
        for worker in server.workers():
            worker.resume()
        assert [one.result().status for one in asked] == [200] * 3
    assert server.process.wait(60) == 143


def test_what_is_not_answered_when_it_has_to_end_is_refused(
    digits_run: Run, picture: bytes, tmp_path: Path
) -> None:
    limits = ("--workers", "1", "--drain-timeout", "0.2")
    with running(tmp_path, digits_run.folder, *limits) as server, ThreadPoolExecutor(3) as callers:
        with server.standing_still():
            asked = [callers.submit(server.call, "POST", "/predict", picture) for _ in range(3)]
            server.wait_until(lambda: _in_hand_and_waiting(server, "") == 3)
            server.process.send_signal(signal.SIGINT)
            assert [one.result().status for one in asked] == [503] * 3
        assert server.process.wait(60) == 130
        assert server.log.read_text().splitlines()[-1] == "linnaeus: the server has stopped."


def _in_hand_and_waiting(server: Running, key: str) -> float:
    text = server.get("/metrics", **{"x-api-key": key}).body.decode()
    told = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return sum(float(told.get(f"linnaeus_{name}", 0)) for name in ("in_hand", "queue_images"))


# The command line


def test_the_verb_has_the_defaults_of_the_function() -> None:
    from linnaeus.cli.serve import serve as verb

    function = inspect.signature(linnaeus.serve).parameters
    options = inspect.signature(verb).parameters
    assert set(options) - {"bundles"} == set(function) - {"bundles", "say"}
    for name in set(options) - {"bundles"}:
        assert options[name].default == function[name].default, name


def test_keys_are_made_listed_and_taken_back_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["serve-keys", *arguments, "--keys", str(file)])
        assert done.exit_code == 0, done.output
        return done.stdout

    key = said("add", "belt", "--scope", "predict", "--scope", "metrics").strip()
    assert KeyRing(read_keys(file)).holder(key).scopes == ("predict", "metrics")  # type: ignore[union-attr]
    assert said("list").startswith("belt\tpredict, metrics\t")
    said("remove", "belt")
    assert read_keys(file) == ()
