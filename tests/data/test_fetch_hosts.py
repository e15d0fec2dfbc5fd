"""Data sets of Kaggle and Hugging Face: their real clients, in processes of their own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts import COMMITS, Host, hosting
from published import natural_images

from command_line import Done
from command_line import linnaeus as run
from linnaeus import load_dataset
from linnaeus.errors import DataError

OWN = "somebody/waste"


@pytest.fixture
def waste(photographs: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    """Class folders and what repositories have beside them."""
    files = {
        f"{kind}/{file}": content
        for kind in ("glass", "paper")
        for file, content in list(photographs[kind].items())[:4]
    }
    return {"README.md": b"# Waste\n", **files}


@pytest.fixture
def kaggle(waste: dict[str, bytes]) -> Iterator[Host]:
    pytest.importorskip("kagglehub")
    with hosting({OWN: waste}, "kaggle") as host:
        yield host


@pytest.fixture
def hub(waste: dict[str, bytes]) -> Iterator[Host]:
    pytest.importorskip("huggingface_hub")
    with hosting({OWN: waste}, "hf") as host:
        yield host


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where data are kept, for this process too."""
    folder = tmp_path / "home" / "datasets"
    monkeypatch.setenv("LINNAEUS_DATA", str(folder))
    return folder


def linnaeus(host: Host, home: Path, *arguments: object, without: str = "") -> Done:
    """`linnaeus ARGUMENTS` that meets no other host, and lacks the package `without`."""
    theirs = host.environment(home)
    if not without:
        return run(*arguments, **{**dict.fromkeys(os.environ), **theirs})
    code = (
        f"import sys; sys.modules[{without!r}] = None; from linnaeus.cli.main import main; main()"
    )
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=theirs)
    return Done(done.returncode, done.stdout, done.stderr)


def one_sentence(done: Done, code: int) -> str:
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("linnaeus: ")
    return last


def test_a_pinned_kaggle_data_set_is_fetched_and_read(kaggle: Host, home: Path) -> None:
    name = f"kaggle:{OWN}@2"
    done = linnaeus(kaggle, home, "data", "fetch", name)
    assert done.code == 0, done.err
    assert "GET /somebody/waste/2.zip" in kaggle.requests
    assert not any("GetDataset" in request for request in kaggle.requests)
    dataset = load_dataset(name)
    assert dataset.counts() == {"": {"glass": 4, "paper": 4}}
    assert dataset.name == "waste"
    assert done.out.splitlines()[0] == f"Fetched: {home / 'kaggle' / 'somebody' / 'waste@2'}"


def test_an_unpinned_kaggle_data_set_tells_and_keeps_its_version(kaggle: Host, home: Path) -> None:
    done = linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}")
    assert f"kaggle:{OWN} is kaggle:{OWN}@3." in done.err
    folder = home / "kaggle" / "somebody" / "waste@3"
    record = json.loads((folder / "fetched.json").read_text())
    assert record["name"] == f"kaggle:{OWN}@3"
    assert len(record["files"]) == 9
    dataset = load_dataset(f"kaggle:{OWN}")
    assert dataset.notes[0] == f"This is kaggle:{OWN}@3."
    assert dataset.fingerprint == load_dataset(f"kaggle:{OWN}@3").fingerprint
    assert sorted(entry.name for entry in folder.iterdir()) == ["fetched.json", "files"]


def test_a_pinned_version_that_is_here_asks_nobody(kaggle: Host, home: Path) -> None:
    linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}@2")
    kaggle.requests.clear()
    assert linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}@2").code == 0
    assert kaggle.requests == []


def test_a_broken_kaggle_download_goes_on(kaggle: Host, home: Path) -> None:
    kaggle.sets = {OWN: {**kaggle.sets[OWN], "large.bin": bytes(3 << 20)}}
    kaggle.cut_after = [3 << 19]  # its client keeps whole pieces of 1 MiB
    said = one_sentence(linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}@2"), 5)
    assert "it goes on where it broke off" in said
    kaggle.requests.clear()
    assert linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}@2").code == 0
    assert f"GET /somebody/waste/2.zip bytes={1 << 20}-" in kaggle.requests
    assert len(load_dataset(f"kaggle:{OWN}@2")) == 8


def test_a_forged_kaggle_download_is_refused(kaggle: Host, home: Path) -> None:
    kaggle.forged = True
    said = one_sentence(linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}@2"), 5)
    assert "another MD5 digest than Kaggle gives" in said
    assert not (home / "kaggle" / "somebody" / "waste@2").exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "KAGGLE_API_TOKEN"), (401, "kaggle.json"), (404, "no such data set"), (500, "HTTP 500")],
)
def test_what_kaggle_refuses_is_one_sentence(
    status: int, said: str, kaggle: Host, home: Path
) -> None:
    kaggle.status = status
    assert said in one_sentence(linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}"), 5)


def test_a_data_set_of_a_host_that_means_nothing_is_named_by_its_folder(
    kaggle: Host, home: Path
) -> None:
    kaggle.sets = {OWN: {f"a/b/{path}": content for path, content in kaggle.sets[OWN].items()}}
    kaggle.sets[OWN]["c/d/glass/e.jpg"] = b""  # type: ignore[index]
    linnaeus(kaggle, home, "data", "fetch", f"kaggle:{OWN}@2")
    folder = home / "kaggle" / "somebody" / "waste@2" / "files"
    with pytest.raises(DataError, match="class folders hold folders") as caught:
        load_dataset(f"kaggle:{OWN}@2")
    assert caught.value.where == str(folder)
    assert len(load_dataset(folder / "a" / "b")) == 8


def test_a_ready_name_of_kaggle_knows_its_version_and_its_layout(
    home: Path, tmp_path: Path, photographs: dict[str, dict[str, bytes]]
) -> None:
    pytest.importorskip("kagglehub")
    tree = natural_images(tmp_path / "tree", photographs)
    files = {p.relative_to(tree).as_posix(): p.read_bytes() for p in tree.rglob("*.jpg")}
    with hosting({"prasunroy/natural-images": files}, "kaggle") as host:
        done = linnaeus(host, home, "data", "fetch", "natural-images")
        assert done.code == 0, done.err
        assert "GET /prasunroy/natural-images/1.zip" in host.requests
    dataset = load_dataset("natural-images")
    assert len(dataset) == 16
    assert len(load_dataset(home / "natural-images")) == 16


def test_a_hub_data_set_is_fetched_at_its_newest_commit(hub: Host, home: Path) -> None:
    done = linnaeus(hub, home, "data", "fetch", f"hf:{OWN}")
    assert done.code == 0, done.err
    assert f"hf:{OWN} is hf:{OWN}@{COMMITS[-1]}." in done.err
    dataset = load_dataset(f"hf:{OWN}")
    assert dataset.counts() == {"": {"glass": 4, "paper": 4}}
    assert len(load_dataset(f"hf:{OWN}@{COMMITS[-1]}")) == 8
    assert len(load_dataset(f"hf:{OWN}@2222222")) == 8
    folder = home / "hf" / "somebody" / f"waste@{COMMITS[-1]}"
    assert sorted(entry.name for entry in folder.iterdir()) == ["fetched.json", "files"]
    assert not (folder / "files" / ".cache").exists()


def test_a_hub_data_set_may_be_parquet_files_with_pictures(
    home: Path, photographs: dict[str, dict[str, bytes]]
) -> None:
    pytest.importorskip("huggingface_hub")
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    feature = {"labels": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    told = {"huggingface": json.dumps({"info": {"features": feature}})}
    pictures = list(photographs["glass"].values())[:4]
    columns = {
        "image": [{"bytes": jpeg, "path": f"{n}.jpg"} for n, jpeg in enumerate(pictures)],
        "labels": [0, 1, 0, 1],
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(told), file)
    files = {"README.md": b"---\n---\n", "data/train-00000-of-00001.parquet": file.getvalue()}
    with hosting({"microsoft/cats_vs_dogs": files}, "hf") as host:
        done = linnaeus(host, home, "data", "fetch", "hf:microsoft/cats_vs_dogs")
        assert done.code == 0, done.err
    dataset = load_dataset("hf:microsoft/cats_vs_dogs")
    assert dataset.counts() == {"train": {"cat": 2, "dog": 2}}
    assert dataset.source.read(dataset.paths[0]) == pictures[0]


def test_a_pinned_commit_is_the_one_that_is_fetched(hub: Host, home: Path) -> None:
    done = linnaeus(hub, home, "data", "fetch", f"hf:{OWN}@{COMMITS[0]}")
    assert done.code == 0, done.err
    assert any(COMMITS[0] in request for request in hub.requests)
    assert not any(COMMITS[1] in request for request in hub.requests)
    assert len(load_dataset(f"hf:{OWN}@{COMMITS[0]}")) == 8


def test_files_other_than_the_hub_lists_are_refused(hub: Host, home: Path) -> None:
    hub.forged = True
    said = one_sentence(linnaeus(hub, home, "data", "fetch", f"hf:{OWN}"), 5)
    assert "is not the one that the hub lists" in said
    assert not list(home.rglob("fetched.json"))


def test_a_broken_hub_download_goes_on_with_what_it_has(hub: Host, home: Path) -> None:
    hub.status = 500
    assert "HTTP 500" in one_sentence(linnaeus(hub, home, "data", "fetch", f"hf:{OWN}"), 5)
    hub.status = 0
    assert linnaeus(hub, home, "data", "fetch", f"hf:{OWN}").code == 0


def test_what_the_hub_does_not_have_is_one_sentence(hub: Host, home: Path) -> None:
    absent = linnaeus(hub, home, "data", "fetch", "hf:nobody/nothing")
    assert "HF_TOKEN" in one_sentence(absent, 5)
    other = linnaeus(hub, home, "data", "fetch", f"hf:{OWN}@{'3' * 40}")
    assert "not this version" in one_sentence(other, 5)


@pytest.mark.parametrize("host", ["kaggle", "hf"])
def test_no_connection_is_one_sentence(host: str, home: Path) -> None:
    pytest.importorskip("kagglehub")
    nobody = Host({}, address="http://127.0.0.1:9")
    said = one_sentence(linnaeus(nobody, home, "data", "fetch", f"{host}:{OWN}"), 5)
    assert "cannot be reached" in said
    assert "Check the connection" in said


@pytest.mark.parametrize(("host", "package"), [("kaggle", "kagglehub"), ("hf", "huggingface_hub")])
def test_a_missing_package_is_named_with_its_extra(host: str, package: str, home: Path) -> None:
    nobody = Host({}, address="http://127.0.0.1:9")
    done = linnaeus(nobody, home, "data", "fetch", f"{host}:{OWN}", without=package)
    said = one_sentence(done, 5)
    assert package in said
    assert 'pip install "linnaeus[data]"' in said


def test_data_of_a_host_are_held_to_what_came(hub: Host, home: Path) -> None:
    linnaeus(hub, home, "data", "fetch", f"hf:{OWN}")
    (picture,) = list((home / "hf").rglob("glass/*.jpg"))[:1]
    picture.write_bytes(picture.read_bytes() + b"\0")
    done = linnaeus(hub, home, "audit", f"hf:{OWN}")
    assert "was changed after it was fetched" in one_sentence(done, 3)
