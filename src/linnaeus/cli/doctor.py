"""`linnaeus doctor`: what this machine has for Linnaeus, and what is missing for what."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from linnaeus.errors import MissingError
from linnaeus.version import __version__

__all__ = ["doctor"]

GIB = 1 << 30
PACKAGES = {
    "to predict": ("numpy", "pillow", "onnxruntime", "safetensors"),
    "to predict faster": ("openvino",),
    "to train": ("torch", "torchvision", "timm", "onnx", "onnxscript", "scikit-learn"),
}
MENDS = {
    "to predict": "pip install linnaeus",
    "to predict faster": "pip install openvino",
    "to train": 'pip install "linnaeus[train]"',
}


def doctor() -> None:
    """Tell what this machine has for Linnaeus, and what is missing."""
    typer.echo(f"linnaeus {__version__}, Python {platform.python_version()}, {platform.platform()}")
    free = shutil.disk_usage(Path.cwd()).free / GIB
    typer.echo(f"{os.cpu_count()} processors, {_memory()}, {free:.0f} GiB free on this disk")
    for purpose, names in PACKAGES.items():
        _tell_packages(purpose, names)
    _tell_speed()
    _tell_weights()


def _tell_packages(purpose: str, names: tuple[str, ...]) -> None:
    versions = {name: _version(name) for name in names}
    have = ", ".join(f"{name} {number}" for name, number in versions.items() if number)
    missing = [name for name, number in versions.items() if not number]
    typer.echo(f"{purpose + ':':<19}{have or 'nothing'}")
    if missing:
        typer.echo(f"{'':<19}missing {', '.join(missing)}: {MENDS[purpose]}")


def _tell_speed() -> None:
    from linnaeus.bundle.runtime import best_engine, bfloat16_pays

    engine = best_engine()
    speed = "computes in bfloat16" if bfloat16_pays(engine) else "computes in float32"
    typer.echo(f"{'bundles run on:':<19}{engine}; the processor {speed}")
    typer.echo(f"{'training runs on:':<19}{_accelerator()}")


def _tell_weights() -> None:
    from linnaeus.models.weights import find_weights

    try:
        told = ", ".join(find_weights(())) or "none (see linnaeus models)"
    except MissingError as error:  # to say what is wrong is what it is for
        told = str(error)
    typer.echo(f"{'weights at hand:':<19}{told}")


def _accelerator() -> str:
    if not _version("torch"):
        return "nothing: torch is missing"
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name(0)}, and the processor with --device cpu"
    return "the processor (no GPU is seen by torch)"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _memory() -> str:
    if sys.platform == "win32" or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "memory unknown"
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / GIB:.0f} GiB of memory"
