"""Fixtures that many tests use: the real pictures beside the project, and small sets made of them.

Real archives are read where they lie; a test that needs an absent one is skipped and says so.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED_DATA = Path(__file__).parents[1] / "../shared/data"

settings.register_profile("linnaeus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("linnaeus")


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
