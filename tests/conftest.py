"""Fixtures that many tests use: the real pictures beside the project, and small sets made of them.

Real archives are read where they lie; a test that needs an absent one is skipped and says so.
"""

from __future__ import annotations

import functools
import io
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from PIL import Image

from linnaeus import compress, ensemble, load_dataset, train

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.compression.compressed import Compressed
    from linnaeus.ensembling.made import Ensembled
    from linnaeus.training.run import Run

SHARED_DATA = Path(__file__).parents[1] / "../shared/data"

settings.register_profile("linnaeus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("linnaeus")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let commands that tests start be interrupted, though the tests run in a shell's background,
    where Ctrl-C is ignored by them and all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of decoded pictures for the tests alone, in this process and those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINNAEUS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def operators_read_once() -> Iterator[None]:
    """Of the exporter's half a second for a small network most goes into reading its translations
    of all operators anew; the tests export hundreds."""
    try:
        from torch.onnx._internal.exporter._registration import ONNXRegistry
    except ImportError:  # without torch, or with another exporter
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(ONNXRegistry.from_torchlib)
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(once))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """A function from the name of a real data set to its path; skips where it is absent."""

    def path_of(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"{name} is not in ../shared/data")
        return path.resolve()

    return path_of


@pytest.fixture(scope="session")
def photographs(shared_data: Callable[[str], Path]) -> dict[str, dict[str, bytes]]:
    """{class: {file name: JPEG bytes}}: twelve photographs of each of six classes."""
    taken: dict[str, dict[str, bytes]] = {}
    with zipfile.ZipFile(shared_data("trashnet192.zip")) as archive:
        for name in sorted(archive.namelist()):
            *_, folder, file = name.split("/")
            if file.endswith(".jpg") and len(taken.setdefault(folder, {})) < 12:
                taken[folder][file] = archive.read(name)
    return {folder: files for folder, files in taken.items() if files}


@pytest.fixture
def photo_folder(tmp_path: Path, photographs: dict[str, dict[str, bytes]]) -> Path:
    """A folder of three class folders, twelve photographs each."""
    folder = tmp_path / "photos"
    for name in ("glass", "metal", "paper"):
        (folder / name).mkdir(parents=True)
        for file, content in photographs[name].items():
            (folder / name / file).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """The folder of pretrained networks; skips where it is absent."""
    folder = SHARED_DATA.parent / "weights"
    if not folder.is_dir():
        pytest.skip("no pretrained networks are in ../shared/weights")
    return folder.resolve()


@pytest.fixture(scope="session")
def some_digits() -> Dataset:
    """Every third of scikit-learn's digits: 599 grey pictures of 8 × 8 pixels, ten classes."""
    pytest.importorskip("sklearn")
    digits = load_dataset("digits")
    return digits.subset(range(0, len(digits), 3))


@pytest.fixture
def strange_names(tmp_path: Path, some_digits: Dataset) -> Path:
    """Ten pictures each of two digits, under names that do not come back from a table."""
    folder = tmp_path / "digits"
    for digit in (0, 1):
        (folder / str(digit)).mkdir(parents=True)
        for at, row in enumerate(np.flatnonzero(some_digits.labels == digit)[:10].tolist()):
            name = os.fsdecode((f" of\\{at} ".encode(), b"\xe4%d" % at)[at % 2]) + ".png"
            content = some_digits.source.read(some_digits.paths[row])
            (folder / str(digit) / name).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    """Digits learnt in a hurry: two passes, right nine times in ten. Leave its folder alone."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("digits") / "run"
    return train(some_digits, out=folder, model="small_cnn", epochs=2, precision="float32")


@pytest.fixture(scope="session")
def in_int8(
    tmp_path_factory: pytest.TempPathFactory, digits_run: Run, some_digits: Dataset
) -> Compressed:
    """`digits_run` in whole numbers. Leave its folder alone."""
    out = tmp_path_factory.mktemp("int8") / "smaller"
    return compress(digits_run.folder, some_digits, out=out, max_drop=5)


@pytest.fixture(scope="session")
def mlp_run(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    """The split of `digits_run`, learnt by another network from pictures of another size."""
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("mlp") / "run"
    return train(some_digits, out=out, model="mlp", epochs=6, image_size=12, precision="float32")


@pytest.fixture(scope="session")
def averaged(
    tmp_path_factory: pytest.TempPathFactory, digits_run: Run, mlp_run: Run, some_digits: Dataset
) -> Ensembled:
    """The two of them, averaged."""
    out = tmp_path_factory.mktemp("averaged") / "e"
    return ensemble([digits_run.folder, mlp_run.bundle], some_digits, out=out)


@pytest.fixture(scope="session")
def stacked(
    tmp_path_factory: pytest.TempPathFactory, digits_run: Run, mlp_run: Run, some_digits: Dataset
) -> Ensembled:
    """The two of them, stacked."""
    out = tmp_path_factory.mktemp("stacked") / "e"
    members = [digits_run.folder, mlp_run.folder]
    return ensemble(members, some_digits, out=out, method="stack")


@pytest.fixture(scope="session")
def photo_set(
    tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, dict[str, bytes]]
) -> Path:
    """A folder of six class folders, twelve photographs each. Leave it alone."""
    folder = tmp_path_factory.mktemp("photographs") / "waste"
    for name, files in photographs.items():
        (folder / name).mkdir(parents=True)
        for file, content in files.items():
            (folder / name / file).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def photo_run(tmp_path_factory: pytest.TempPathFactory, photo_set: Path) -> Run:
    """Photographs learnt from scratch in two passes: a bad classifier, but a whole one."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("photo run") / "run"
    return train(photo_set, out=folder, model="small_cnn", epochs=2)


@pytest.fixture(scope="session")
def photo_pixels(photographs: dict[str, dict[str, bytes]]) -> NDArray[np.uint8]:
    """Two photographs of each of six classes: (12, 144, 192, 3) uint8. Leave them alone."""
    files = [file for of_class in photographs.values() for file in list(of_class.values())[:2]]
    return np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])


@pytest.fixture(scope="session")
def pairs_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 pictures of two scanned digits side by side, and labels.csv: "0" to "3" count as labels.

    A picture has two of them, one, or none, parted by "|". Leave it alone.
    """
    sklearn = pytest.importorskip("sklearn.datasets")
    digits = sklearn.load_digits()
    folder = tmp_path_factory.mktemp("pairs")
    random = np.random.default_rng(0)
    scans = random.permutation(len(digits.images))[:600].reshape(300, 2)
    lines = ["image,labels"]
    for place, both in enumerate(scans):
        pixels = np.concatenate([digits.images[one] for one in both], axis=1) / 16 * 255
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{place:03}.png")
        shown = sorted({int(digits.target[one]) for one in both} & {0, 1, 2, 3})
        lines.append(f"{place:03}.png,{'|'.join(map(str, shown))}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "labels.csv"


@pytest.fixture(scope="session")
def pairs_run(tmp_path_factory: pytest.TempPathFactory, pairs_table: Path) -> Run:
    """The labels of two digits learnt from scratch in a hurry. Leave its folder alone."""
    pytest.importorskip("torch")
    return train(
        pairs_table,
        out=tmp_path_factory.mktemp("pairs run") / "run",
        model="small_cnn",
        epochs=8,
        val=0.2,
        precision="float32",
        label_separator="|",
    )
