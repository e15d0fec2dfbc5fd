"""Downloads over real HTTP from a server of our own: resumed, checked, told, never in parts."""

from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from file_server import FileServer, serving
from hypothesis import given, settings
from hypothesis import strategies as st
from told import Told

from linnaeus.data.fetching import download as downloading
from linnaeus.data.fetching.download import download
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.errors import MissingError
from linnaeus.progress import Quiet

CONTENT = np.random.default_rng(5).bytes(700_001)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(downloading, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving({"set.bin": CONTENT}) as told:
        yield told


def remote(*urls: str, digest: str = MD5) -> Remote:
    return Remote("set.bin", Digest.pinned(digest), urls)


def parts_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.name != "set.bin")


def command(server: FileServer, folder: Path, *, first: str = "") -> list[str]:
    """A process that runs `first`, and downloads."""
    code = (
        "import sys; from pathlib import Path\n"
        "from linnaeus.data.fetching.download import download\n"
        "from linnaeus.data.fetching.remote import Digest, Remote\n"
        "from linnaeus.progress import Quiet\n"
        "remote = Remote('set.bin', Digest.pinned(sys.argv[1]), (sys.argv[2],))\n"
        f"{first}download(remote, Path(sys.argv[3]), Quiet())\n"
    )
    return [sys.executable, "-c", code, MD5, server.url("set.bin"), str(folder)]


def test_a_file_arrives_whole_under_its_name_and_is_not_asked_for_again(
    server: FileServer, tmp_path: Path
) -> None:
    for _ in range(2):
        place = download(remote(server.url("set.bin")), tmp_path, Quiet())
        assert place.read_bytes() == CONTENT
    assert server.requests == ["GET /set.bin"]
    assert parts_in(tmp_path) == []


def test_a_sha256_is_as_good_a_digest(server: FileServer, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    place = download(remote(server.url("set.bin"), digest=digest), tmp_path, Quiet())
    assert place.read_bytes() == CONTENT


def test_a_connection_that_breaks_is_told_and_taken_up_where_it_broke(
    server: FileServer, tmp_path: Path
) -> None:
    server.cut_after = [300_000, 200_000]
    told = Told()
    download(remote(server.url("set.bin")), tmp_path, told)
    assert (tmp_path / "set.bin").read_bytes() == CONTENT
    assert server.requests[1:] == ["GET /set.bin bytes=300000-", "GET /set.bin bytes=500000-"]
    assert "the connection broke off after 0.3 of 0.7 MB" in told
    assert "Going on after the 0.5 MB that are here" in told


def test_more_breaks_than_attempts_do_not_matter_while_something_comes(
    server: FileServer, tmp_path: Path
) -> None:
    server.cut_after = [100_000] * 6
    download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_a_run_that_failed_is_continued_by_the_next(server: FileServer, tmp_path: Path) -> None:
    server.cut_after = [400_000, 0, 0]
    with pytest.raises(MissingError, match=r"the 0\.4 MB that arrived are kept"):
        download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert not (tmp_path / "set.bin").exists()
    server.requests.clear()
    download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert server.requests == ["GET /set.bin bytes=400000-"]
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_a_file_that_changed_on_the_server_is_fetched_from_its_beginning(
    server: FileServer, tmp_path: Path
) -> None:
    server.files = {"set.bin": b"old" * 100_000}
    server.cut_after = [200_000, 0, 0]
    with pytest.raises(MissingError):
        download(remote(server.url("set.bin")), tmp_path, Quiet())
    server.files = {"set.bin": CONTENT}
    told = Told()
    download(remote(server.url("set.bin")), tmp_path, told)
    assert (tmp_path / "set.bin").read_bytes() == CONTENT
    assert "beginning anew" in told


def test_a_part_of_another_file_is_found_out_by_the_digest_where_nothing_else_tells(
    server: FileServer, tmp_path: Path
) -> None:
    server.validators = False
    (tmp_path / "set.bin.part").write_bytes(b"something else" * 1000)
    told = Told()
    download(remote(server.url("set.bin")), tmp_path, told)
    assert (tmp_path / "set.bin").read_bytes() == CONTENT
    assert "did not fit; beginning anew" in told


def test_a_server_without_ranges_begins_anew_and_says_so(
    server: FileServer, tmp_path: Path
) -> None:
    server.ranges = False
    server.cut_after = [300_000]
    told = Told()
    download(remote(server.url("set.bin")), tmp_path, told)
    assert (tmp_path / "set.bin").read_bytes() == CONTENT
    assert "gives it whole only" in told


def test_a_part_that_is_whole_already_needs_no_more_bytes(
    server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "set.bin.part").write_bytes(CONTENT)
    download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert server.requests == [f"GET /set.bin bytes={len(CONTENT)}-"]
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_dropped(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set.bin.part").write_bytes(CONTENT + b"more")
    download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_and_that_is_told(server: FileServer, tmp_path: Path) -> None:
    server.failures = [503]
    told = Told()
    download(remote(server.url("set.bin")), tmp_path, told)
    assert "HTTP 503" in told
    assert len(server.requests) == 2


def test_a_server_that_stays_busy_is_left_after_three_attempts(
    server: FileServer, tmp_path: Path
) -> None:
    server.failures = [500] * 9
    with pytest.raises(MissingError, match="HTTP 500") as caught:
        download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert len(server.requests) == 3
    assert str(caught.value).count("\n") == 0


def test_a_missing_file_is_asked_for_once_and_the_next_mirror_is_tried(
    server: FileServer, tmp_path: Path
) -> None:
    told = Told()
    urls = server.url("gone.bin"), server.url("set.bin")
    download(remote(*urls), tmp_path, told)
    assert server.requests == ["GET /gone.bin", "GET /set.bin"]
    assert "HTTP 404 Not Found" in told
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_a_mirror_goes_on_with_what_another_gave(server: FileServer, tmp_path: Path) -> None:
    with serving({"set.bin": CONTENT}) as dead:
        dead.cut_after = [250_000, 0, 0]
        download(remote(dead.url("set.bin"), server.url("set.bin")), tmp_path, Quiet())
    assert server.requests == ["GET /set.bin bytes=250000-"]
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_what_is_not_the_file_is_refused_and_nothing_of_it_is_kept(
    server: FileServer, tmp_path: Path
) -> None:
    server.files = {"set.bin": b"<html>Please log in</html>"}
    with pytest.raises(MissingError, match="what came is not that file") as caught:
        download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert MD5[:12] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_connection_is_one_sentence_that_names_the_host(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(MissingError, match=f"127.0.0.1:{port} .*refuses connections") as caught:
        download(remote(f"http://127.0.0.1:{port}/set.bin"), tmp_path, Quiet(), wanted_by="mine")
    assert str(caught.value).startswith("mine: ")


def test_a_proxy_that_refuses_connections_is_thought_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(MissingError, match="it, or the proxy on the way, refuses connections"):
        download(remote("http://data.example/set.bin"), tmp_path, Quiet())


def test_a_silent_server_is_given_up(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from linnaeus.data.fetching import transfer

    monkeypatch.setattr(transfer, "TIMEOUT_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/set.bin"
        with pytest.raises(MissingError, match="nothing came for"):
            download(remote(url), tmp_path, Quiet())


def test_a_proxy_of_the_environment_is_used(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    server.files = {"http://data.example/set.bin": CONTENT}
    download(remote("http://data.example/set.bin"), tmp_path, Quiet())
    assert server.requests == ["GET http://data.example/set.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
def test_a_disk_that_takes_no_more_is_one_sentence(server: FileServer, tmp_path: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
    done = subprocess.run(
        command(server, tmp_path, first=limited), capture_output=True, text=True, check=False
    )
    assert "linnaeus.errors.WriteError" in done.stderr
    assert "what arrived is kept" in done.stderr
    assert (tmp_path / "set.bin.part").stat().st_size == 300_000


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_killed_download_goes_on(server: FileServer, tmp_path: Path) -> None:
    server.pace_s = 0.2
    process = subprocess.Popen(command(server, tmp_path))
    part = tmp_path / "set.bin.part"
    for _ in range(600):
        if part.exists() and part.stat().st_size:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    have = part.stat().st_size
    assert 0 < have < len(CONTENT)
    server.pace_s = 0.0
    download(remote(server.url("set.bin")), tmp_path, Quiet())
    assert server.requests[-1] == f"GET /set.bin bytes={have}-"
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


@settings(max_examples=25)
@given(cuts=st.lists(st.one_of(st.none(), st.integers(1, 400_000)), max_size=4))
def test_whatever_breaks_the_bytes_are_the_same(
    cuts: list[int | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    before, downloading.PAUSES_S = downloading.PAUSES_S, (0.0, 0.0)
    try:
        with serving({"set.bin": CONTENT}) as server:
            server.cut_after = list(cuts)
            place = download(remote(server.url("set.bin")), folder, Quiet())
    finally:
        downloading.PAUSES_S = before
    assert place.read_bytes() == CONTENT
