"""Data sets by name: listed, fetched from a server of our own, kept, checked, and read."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from file_server import FileServer, serving
from published import arrays, cifar10_files, mnist_files
from told import Told
from trees import tar_of, write_tree
from typer.testing import CliRunner

from command_line import Done
from command_line import linnaeus as run
from linnaeus import fetch_dataset, load_dataset, train
from linnaeus.cli.app import app
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.data.named import NAMED
from linnaeus.errors import DataError, MissingError, UsageError, WriteError

CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
DIGITS = mnist_files(arrays(40, 10, (28, 28)), arrays(20, 10, (28, 28), seed=1))


def remotes(server: FileServer) -> tuple[Remote, ...]:
    """What the server has, pinned."""
    return tuple(
        Remote(name, Digest.pinned(hashlib.sha256(content).hexdigest()), (server.url(name),))
        for name, content in server.files.items()
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for data of our own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LINNAEUS_DATA", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server with a small MNIST, which `mnist` stands for."""
    with serving(DIGITS) as told:
        monkeypatch.setitem(NAMED, "mnist", replace(NAMED["mnist"], files=remotes(told)))
        yield told


def linnaeus(*arguments: object) -> Done:
    """`linnaeus ARGUMENTS` with this test's home for data, and its proxies."""
    changed = ("LINNAEUS_DATA", "NO_PROXY", "https_proxy", "HTTPS_PROXY")
    return run(*arguments, **{name: os.environ.get(name) for name in changed})


def test_a_name_is_fetched_and_read(server: FileServer, home: Path) -> None:
    with pytest.raises(MissingError, match="linnaeus data fetch mnist"):
        load_dataset("mnist")
    assert server.requests == []
    assert fetch_dataset("mnist") == home / "mnist"
    assert str(load_dataset("mnist")) == "mnist: 60 pictures (40 train, 20 test) of 10 classes"
    assert sorted(entry.name for entry in home.iterdir()) == ["mnist"]


def test_what_is_here_is_not_fetched_again(server: FileServer) -> None:
    fetch_dataset("mnist")
    server.requests.clear()
    fetch_dataset("mnist")
    load_dataset("mnist")
    assert server.requests == []


def test_the_record_has_the_digest_of_every_file(server: FileServer, home: Path) -> None:
    fetch_dataset("mnist")
    record = json.loads((home / "mnist" / "fetched.json").read_text())
    assert record["name"] == "mnist"
    assert {name: facts["sha256"] for name, facts in record["files"].items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in DIGITS.items()
    }


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
def test_files_that_are_not_as_they_came_are_refused_by_name(
    damage: str, server: FileServer, home: Path
) -> None:
    file = fetch_dataset("mnist") / "files" / "t10k-labels-idx1-ubyte.gz"
    if damage == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"\1")
    elif damage == "missing":
        file.unlink()
    else:
        file = file.with_name("stranger.txt")
        file.write_text("hello")
    with pytest.raises(DataError, match=f"{file.name}: (was|is) {damage}") as caught:
        load_dataset("mnist")
    assert "fetch the data set again" in str(caught.value)


def test_a_fetch_that_broke_goes_on_with_the_files_it_has(
    server: FileServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from linnaeus.data.fetching import download

    monkeypatch.setattr(download, "PAUSES_S", (0.0, 0.0))
    server.cut_after = [None, None, 100, 0, 0]
    with pytest.raises(MissingError, match="t10k-images"):
        fetch_dataset("mnist")
    with pytest.raises(MissingError):
        load_dataset("mnist")
    server.requests.clear()
    fetch_dataset("mnist")
    assert [request.split("/")[-1] for request in server.requests] == [
        "t10k-images-idx3-ubyte.gz bytes=100-",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert len(load_dataset("mnist")) == 60


def test_nothing_is_left_where_nothing_came(server: FileServer, home: Path) -> None:
    server.failures = [404]
    with pytest.raises(MissingError, match="HTTP 404"):
        fetch_dataset("mnist")
    assert [entry.name for entry in home.iterdir() if entry.is_dir()] == []


def test_a_folder_that_was_fetched_to_is_a_data_set(server: FileServer, tmp_path: Path) -> None:
    folder = fetch_dataset("mnist", to=tmp_path / "there")
    assert folder == tmp_path / "there"
    assert len(load_dataset(folder)) == len(load_dataset(f"mnist:{folder}")) == 60
    assert fetch_dataset("mnist", to=folder) == folder
    with pytest.raises(WriteError, match="already exists and is not empty"):
        fetch_dataset("kmnist", to=folder)
    with pytest.raises(MissingError):
        load_dataset("mnist")


def test_compressed_tars_are_unpacked_when_they_come(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [arrays(20, 10, (32, 32, 3), seed=seed) for seed in range(5)]
    files = cifar10_files(batches, arrays(10, 10, (32, 32, 3)), CLASSES)
    archive = tar_of(write_tree(tmp_path / "tree", files), tmp_path / "cifar-10-binary.tar.gz")
    with serving({archive.name: archive.read_bytes()}) as server:
        monkeypatch.setitem(NAMED, "cifar10", replace(NAMED["cifar10"], files=remotes(server)))
        killed = home / "cifar10.part" / "files" / "cifar-10-binary.tar.unpacking"
        write_tree(killed.parent, {killed.name: b"the beginning", "../of-what.txt": b"cifar10"})
        folder = fetch_dataset("cifar10")
    assert [file.name for file in (folder / "files").iterdir()] == ["cifar-10-binary.tar"]
    dataset = load_dataset("cifar10")
    assert str(dataset) == "cifar10: 110 pictures (100 train, 10 test) of 10 classes"
    assert dataset.fingerprint == load_dataset(f"cifar10:{archive}").fingerprint


def test_a_tar_inside_a_zip_is_taken_out(
    tmp_path: Path, photographs: dict[str, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = {
        f"101_ObjectCategories/{kind}/image_{number:04}.jpg": jpeg
        for kind, of in (("ant", "glass"), ("wrench", "metal"))
        for number, jpeg in enumerate(photographs[of].values(), start=1)
    }
    packed = tar_of(write_tree(tmp_path / "tree", tree), tmp_path / "101_ObjectCategories.tar.gz")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(packed, f"caltech-101/{packed.name}")
        archive.writestr("caltech-101/show_annotation.m", "% a program")
    with serving({"caltech-101.zip": zipped.getvalue()}) as server:
        inner = NAMED["caltech101"].files[0].inner
        files = tuple(replace(remote, inner=inner) for remote in remotes(server))
        monkeypatch.setitem(NAMED, "caltech101", replace(NAMED["caltech101"], files=files))
        folder = fetch_dataset("caltech101")
    assert [file.name for file in (folder / "files").iterdir()] == ["101_ObjectCategories.tar"]
    assert load_dataset("caltech101").counts() == {"": {"ant": 12, "wrench": 12}}


def test_what_another_data_set_left_unfinished_is_not_mixed_in(
    server: FileServer, tmp_path: Path
) -> None:
    left = tmp_path / "there.part"
    write_tree(left, {"of-what.txt": b"cifar10", "files/cifar-10-binary.tar": b"something"})
    folder = fetch_dataset("mnist", to=tmp_path / "there")
    assert sorted(file.name for file in (folder / "files").iterdir()) == sorted(DIGITS)
    assert sorted(entry.name for entry in folder.iterdir()) == ["fetched.json", "files"]


def test_data_sets_that_share_a_download_fetch_it_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"emnist.zip": b"PK\x05\x06" + bytes(18)}) as server:
        letters = replace(NAMED["emnist-letters"], files=remotes(server))
        monkeypatch.setitem(NAMED, "emnist-letters", letters)
        assert fetch_dataset("emnist-balanced") == fetch_dataset("emnist-letters")
        assert len(server.requests) == 1
        there = str(tmp_path / "there")
        said = CliRunner().invoke(app, ["data", "fetch", "emnist-balanced", "--to", there]).stdout
        assert said.splitlines()[-1] == f"Use it: linnaeus train emnist-balanced:{there}"
    with pytest.raises(DataError, match="emnist-balanced: there is no file"):
        load_dataset("emnist-balanced")


def test_two_processes_that_fetch_the_same_at_once_do_it_once(
    server: FileServer, home: Path
) -> None:
    server.pace_s = 0.3
    code = (
        "import sys; from dataclasses import replace\n"
        "from linnaeus.data.fetching.remote import Digest, Remote\n"
        "from linnaeus.data.named import NAMED\n"
        "import linnaeus\n"
        "files = tuple(Remote(n, Digest.pinned(d), (u,)) for n, d, u in eval(sys.argv[1]))\n"
        "NAMED['mnist'] = replace(NAMED['mnist'], files=files)\n"
        "print(linnaeus.fetch_dataset('mnist'))\n"
    )
    pinned = repr([(r.name, r.digest.digits, *r.urls) for r in remotes(server)])
    command = [sys.executable, "-c", code, pinned]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].strip() for process in both]
    assert said == [str(home / "mnist")] * 2
    assert len(server.requests) == len(DIGITS)
    assert len(load_dataset("mnist")) == 60


def test_training_fetches_where_that_is_asked_for_or_agreed_to(
    server: FileServer, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(MissingError, match="linnaeus data fetch mnist"):
        train("mnist", out=tmp_path / "run", ask=agree)
    assert asked == ["The data are not on this machine. Download mnist, about 12 MB?"]
    assert server.requests == []
    run = train("mnist", out=tmp_path / "run", model="small_cnn", epochs=0.1, download=True)
    assert run.bundle.is_dir()


def test_a_folder_of_the_same_name_is_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cifar10").mkdir()
    with pytest.raises(MissingError, match=r"write \./cifar10 for what is called so here"):
        load_dataset("cifar10")


def test_a_folder_that_cannot_take_data_is_refused_before_anything_is_asked(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    with pytest.raises(WriteError, match="working directory"):
        fetch_dataset("mnist", to=".")
    with pytest.raises(WriteError, match="already exists and is not empty"):
        fetch_dataset("mnist", to=tmp_path / "a")
    assert server.requests == []
    assert [entry.name for entry in inside.parent.iterdir()] == ["b"]


def test_progress_tells_how_much_has_come(server: FileServer) -> None:
    class Counting(Told):
        came = 0.0

        def advance(self, amount: float = 1.0, note: str = "") -> None:
            self.came += amount
            if note:
                self.sentences.append(note)

    told = Counting()
    fetch_dataset("mnist", progress=told)
    assert told.came == sum(map(len, DIGITS.values()))
    assert " of 0.0 MB" in told


def test_names_that_cannot_be_fetched_are_refused() -> None:
    with pytest.raises(UsageError, match="needs no fetching"):
        fetch_dataset("digits")
    with pytest.raises(UsageError, match="there is no data set of this name"):
        fetch_dataset("mnits")


@pytest.mark.parametrize(
    "name",
    [
        "kaggle:owner",
        "kaggle:a/b/c",
        "kaggle:a/b@new",
        "hf:",
        "hf:a/b@main",
        "hf:../x",
        "kaggle:./..",
    ],
)
def test_a_bad_name_of_a_host_is_refused_before_anything_is_asked(name: str) -> None:
    for verb in (fetch_dataset, load_dataset):
        with pytest.raises(UsageError, match="this names no data set"):
            verb(name)


def test_the_list_names_everything_and_what_is_here(home: Path) -> None:
    done = linnaeus("data")
    assert done.code == 0, done.err
    for name in NAMED:
        assert f"\n{name}: {NAMED[name].what}\n" in f"\n{done.out}"
    assert "    here; 1,797 pictures, 10 classes; licence: CC BY 4.0" in done.out
    assert "    to fetch, about 31 MB; 70,000 pictures, 10 classes; licence: MIT" in done.out
    assert not home.exists()


@pytest.mark.parametrize("name", ["cifar10", "sipakmed", "kaggle:owner/name@3", "hf:owner/name"])
def test_a_verb_says_in_one_sentence_how_to_fetch_what_is_not_here(name: str) -> None:
    for verb in ("audit", "train"):
        done = linnaeus(verb, name)
        assert done.code == 5
        assert len(done.err.strip().splitlines()) == 1
        assert done.err.strip().endswith(f"linnaeus data fetch {name}")


def test_a_fetch_without_a_connection_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    done = linnaeus("data", "fetch", "cifar10")
    assert done.code == 5
    assert done.err.splitlines()[-1].startswith("linnaeus: cifar10: cifar-10-binary.tar.gz: ")
    assert "Traceback" not in done.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that is closed")
def test_a_home_that_may_not_be_written_to_is_one_sentence(server: FileServer, home: Path) -> None:
    home.mkdir()
    home.chmod(0o500)
    with pytest.raises(WriteError, match="nothing can be written here"):
        fetch_dataset("mnist")


def test_the_reference_lists_every_name_with_its_figures() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/data-sets.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("| `")}
    for name, known in NAMED.items():
        row = rows[f"`{name}`"]
        assert f"| {known.what} | {known.pictures:,} | {known.classes} |" in row
        assert known.licence in row
