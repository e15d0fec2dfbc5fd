"""What is loaded when: torch and matplotlib only by those who train."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import linnaeus

if TYPE_CHECKING:
    from linnaeus.training.run import Run

HEAVY = ("torch", "torchvision", "timm", "sklearn", "matplotlib", "onnx", "openvino", "PIL")

TELL = """
import sys
{code}
print("LOADED", *(name for name in {names!r} if name in sys.modules))
"""


def loaded_by(code: str, names: tuple[str, ...] = HEAVY) -> list[str]:
    """Which of the modules `names` a fresh process has loaded after `code`."""
    script = TELL.format(code=code, names=names)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.rpartition("LOADED")[2].split()


def run_with(*arguments: str) -> str:
    return f"""
sys.argv = {["linnaeus", *arguments]!r}
from linnaeus.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def test_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import linnaeus; linnaeus.__version__; dir(linnaeus)") == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(run_with(*arguments)) == []


def test_loading_a_classifier_needs_no_torch() -> None:
    heavy = ("torch", "torchvision", "timm", "sklearn", "matplotlib", "onnx")
    assert loaded_by("import linnaeus; linnaeus.load, linnaeus.train, linnaeus.audit", heavy) == []


def test_a_recipe_and_an_audit_need_no_torch(photo_set: Path, tmp_path: Path) -> None:
    asked = f"linnaeus.audit({str(photo_set)!r}, out={str(tmp_path / 'audit')!r})"
    assert loaded_by(f"import linnaeus, linnaeus.training.recipe; {asked}", ("torch",)) == []


def test_openvino_answers_without_telling_its_makers(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    for name in ("HOME", "LOCALAPPDATA"):  # where it would keep a number for this user
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("CI", "JENKINS_URL", "TF_BUILD"):  # in which it would keep silent by itself
        monkeypatch.delenv(name, raising=False)
    code = f"import linnaeus; linnaeus.load({str(digits_run.bundle)!r})"
    names = ("openvino", "openvino_telemetry")
    assert loaded_by(code, names) == ["openvino"]
    assert list(tmp_path.iterdir()) == []


def test_what_serves_loads_little_else() -> None:
    web = ("fastapi", "starlette", "uvicorn")
    assert loaded_by("import linnaeus.serving.worker", web) == []
    refused = """
sys.argv = ["linnaeus", "serve", "nowhere", "--port", "0"]
from linnaeus.cli.main import main
try:
    main()
except SystemExit as end:
    assert end.code, end.code
"""
    names = ("linnaeus.serving.server", "linnaeus.api.predict", "linnaeus.training", "torch")
    assert loaded_by(refused, names) == ["linnaeus.serving.server"]


def test_every_public_name_is_there_and_no_other() -> None:
    for name in linnaeus.__all__:
        assert getattr(linnaeus, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        linnaeus.trian  # noqa: B018
