"""Three thousand hostile files among good pictures: every verb ends well and names each bad one."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import LONGEST_S, Done, environment
from linnaeus.errors import UnreadableImage
from linnaeus.images.decode import IMAGE_SUFFIXES, decode

STATUS = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(
    not STATUS.exists(), reason="this system does not tell a process's own peak"
)

GROWTH_KB = 600 * 1024
CLASSES = ("glass", "metal", "paper")
QUICKLY = ("--model", "small_cnn", "--epochs", 1, "--allow-tiny")
UNREAD_BY_PREDICT = 7

MEASURED = """
import sys
from linnaeus.cli.main import main
try:
    main()
finally:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print("PEAK", status["VmHWM"].split()[0], file=sys.stderr)
"""


def measured(*arguments: object) -> tuple[Done, int]:
    """`linnaeus ARGUMENTS` in a process of its own, and the peak of that process in kB.

    What `getrusage` calls the peak begins at that of the process which started it: of the tests.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, arguments)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=LONGEST_S,
    )
    err = done.stderr.decode()
    assert "Traceback" not in err, err
    peak = int(err.rpartition("PEAK ")[2])
    return Done(done.returncode, done.stdout.decode(), err), peak


@pytest.fixture(scope="module")
def hostile(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all the hostile files."""
    folder = tmp_path_factory.mktemp("hostile")
    with tarfile.open(shared_data("hostile_files.tar.xz")) as archive:
        archive.extractall(folder, filter="data")
    return folder / "hostile"


@pytest.fixture(scope="module")
def good(
    photographs: dict[str, dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of three classes of photographs."""
    folder = tmp_path_factory.mktemp("good") / "photos"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for file, content in photographs[name].items():
            (folder / name / file).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def dealt(hostile: Path) -> dict[str, Path]:
    """The hostile files by where they lie among the photographs."""
    files = sorted(file for file in hostile.rglob("*") if file.is_file())
    return {
        f"{CLASSES[place % 3]}/{place:04d} {file.name}": file for place, file in enumerate(files)
    }


@pytest.fixture(scope="module")
def mixed(good: Path, dealt: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photographs with the hostile files dealt out among the classes."""
    folder = shutil.copytree(good, tmp_path_factory.mktemp("mixed") / "photos")
    for name, file in dealt.items():
        shutil.copy(file, folder / name)
    return folder


@pytest.fixture(scope="module")
def refused(hostile: Path, dealt: dict[str, Path]) -> set[Path]:
    """The hostile files that cannot be decoded, of those that somewhere pass for pictures."""
    bad = set()
    for name, file in dealt.items():
        if is_called_a_picture(name) or is_called_a_picture(file):
            try:
                decode(file)
            except UnreadableImage:
                bad.add(file)
    return bad


@pytest.fixture(scope="module")
def refused_in_mixed(dealt: dict[str, Path], refused: set[Path]) -> set[str]:
    """What has to be named of the photographs and the hostile files together."""
    return {name for name, file in dealt.items() if file in refused and is_called_a_picture(name)}


@pytest.fixture(scope="module")
def usual(good: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A run on the photographs alone, and the peak in kB of the process that made it."""
    run = tmp_path_factory.mktemp("usual") / "run"
    done, peak = measured("train", good, *QUICKLY, "--out", run)
    assert done.code == 0, done.err
    return run, peak


def is_called_a_picture(file: Path | str) -> bool:
    return Path(file).suffix.lower() in IMAGE_SUFFIXES


def reasons(audit: Path) -> dict[str, str]:
    """{path: why} of all findings in an audit.json."""
    found = json.loads(audit.read_text(encoding="utf-8"))["findings"]
    return {path: why for finding in found for path, why in finding["reasons"].items()}


def test_audit_names_each_of_them(
    mixed: Path, dealt: dict[str, Path], refused_in_mixed: set[str], tmp_path: Path
) -> None:
    done, peak = measured("audit", mixed, "--out", tmp_path / "audit")
    assert done.code == 0, done.err
    assert peak < GROWTH_KB
    named = reasons(tmp_path / "audit/audit.json")
    assert refused_in_mixed - set(named) == set()
    others = {name for name in dealt if not is_called_a_picture(name)}
    assert others - set(named) == set()


def test_train_learns_from_the_others(
    usual: tuple[Path, int], mixed: Path, refused_in_mixed: set[str], tmp_path: Path
) -> None:
    done, peak = measured("train", mixed, *QUICKLY, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert peak - usual[1] < GROWTH_KB
    assert refused_in_mixed - set(reasons(tmp_path / "run/audit.json")) == set()
    with (tmp_path / "run/split.csv").open(encoding="utf-8", newline="") as table:
        rows = {row["image"]: row for row in csv.DictReader(table)}
    for path in refused_in_mixed:
        assert rows[path]["split"] == "left out"
        assert rows[path]["reason"]


def test_predict_answers_for_the_others(
    usual: tuple[Path, int], hostile: Path, refused: set[Path], tmp_path: Path
) -> None:
    table_file = tmp_path / "answers.csv"
    done, peak = measured("predict", usual[0] / "bundle", hostile, "--out", table_file)
    assert done.code == UNREAD_BY_PREDICT, done.err
    assert peak < GROWTH_KB
    with table_file.open(encoding="utf-8", newline="") as table:
        answers = {row["image"]: row for row in csv.DictReader(table)}
    bad = {str(file) for file in refused if is_called_a_picture(file)}
    assert bad == {image for image, row in answers.items() if not row["prediction"]}
    for image in bad:
        assert f"Could not be read: {image}: " in done.err
    assert "other files left alone, for their names do not end like a picture's" in done.err
