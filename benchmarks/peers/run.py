"""Trains peers on the same pictures, each in an environment of its own, and logs their curves.

    python benchmarks/peers/run.py [fastai] [ultralytics] [keras] [--epochs N ...] [--archive FILE]
                                   [--small]

An environment is made once under `--cache` from requirements/PEER.txt. Where the versions of torch
and torchvision that it names are those of this Python, they are lent rather than installed again
(5 GB each), so that all compare on the same build. Every peer is trained once for each of
`--epochs`: their schedules end with the last epoch, so a curve's last point is what counts. Lines
go to CACHE/curves/PEER.jsonl; compare.py puts ours beside them. Nothing else should run meanwhile.
`--small` teaches each for one pass over 300 of the pictures, apart from the others (CACHE/small),
which shows that the scripts run and is no figure.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
ARCHIVE = HERE / "../../../shared/data/cifar10.tar.xz"
CACHE = Path.home() / ".cache" / "linnaeus-benchmarks"
EPOCHS = {"fastai": (1, 3), "ultralytics": (1, 2), "keras": (16,)}
FEW = {"train": 30, "test": 10}  # pictures of a class, for a small run


def main() -> None:
    """Train every peer that was asked for."""
    asked = _arguments()
    pictures = _unpacked(asked.archive, asked.cache / "pictures")
    work = asked.cache
    if asked.small:
        work, pictures = small(asked.cache), _few_of(pictures, small(asked.cache) / "pictures")
    (work / "curves").mkdir(exist_ok=True)
    for peer in asked.peers or EPOCHS:
        python = _environment(peer, asked.cache / peer)
        log = work / "curves" / f"{peer}.jsonl"
        for epochs in asked.epochs or ((1,) if asked.small else EPOCHS[peer]):
            print(f"{peer}, {epochs} epochs", flush=True)
            script = HERE / f"with_{peer}.py"
            command = [python, script, pictures, "--epochs", str(epochs), "--log", log]
            subprocess.run([*map(str, command)], check=True, cwd=work)


def small(cache: Path) -> Path:
    """The folder in `cache` of what belongs to a small run."""
    return cache / "small"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("peers", nargs="*", choices=[*EPOCHS, []], help="all by default")
    parser.add_argument("--epochs", type=int, nargs="+", help="of fastai 1 and 3; 1 and 2; 16")
    parser.add_argument("--archive", type=Path, default=ARCHIVE)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    asked.archive, asked.cache = asked.archive.resolve(), asked.cache.resolve()
    return asked


def _unpacked(archive: Path, folder: Path) -> Path:
    """The folder of `archive` that holds train/ and test/."""
    if not folder.exists():
        aside = folder.with_name(folder.name + ".part")
        with tarfile.open(archive) as tar:
            tar.extractall(aside, filter="data")
        aside.rename(folder)
    return next(folder.rglob("train")).parent


def _few_of(pictures: Path, folder: Path) -> Path:
    """`folder` with the first few pictures of every class in train/ and test/ of `pictures`."""
    for side, count in FEW.items():
        for kind in sorted((pictures / side).iterdir()):
            there = folder / side / kind.name
            there.mkdir(parents=True, exist_ok=True)
            for file in sorted(kind.iterdir())[:count]:
                shutil.copy(file, there)
    return folder


def _environment(peer: str, folder: Path) -> Path:
    """The Python of the environment for `peer`, which is made if it is not there."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    requirements = HERE / "requirements" / f"{peer}.txt"
    if ready.exists() and ready.read_text() == requirements.read_text():
        return python
    print(f"Setting up {folder}, once.", flush=True)
    venv.create(folder, with_pip=True)
    if _same_torch(requirements):
        ours = sysconfig.get_path("purelib")
        target = next(folder.rglob("site-packages"))
        (target / "ours.pth").write_text(ours + "\n")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    ready.write_text(requirements.read_text())
    return python


def _same_torch(requirements: Path) -> bool:
    """Whether the torch that `requirements` asks for is this Python's own."""
    lines = requirements.read_text().splitlines()
    pins = dict(line.split("==") for line in lines)
    try:
        lent = {name: version(name).partition("+")[0] for name in ("torch", "torchvision")}
    except PackageNotFoundError:
        return False
    return all(pins.get(name) == found for name, found in lent.items())


if __name__ == "__main__":
    main()
