"""Export: a bundle in another program's form, held to its own answers before it is called done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.exporting.compared import Answering, Held, held_to, pictures_to_compare
from linnaeus.exporting.docker_target import to_docker
from linnaeus.exporting.lambda_target import to_lambda
from linnaeus.exporting.needed import need
from linnaeus.exporting.onnx2tf_target import to_litert, to_tensorflow
from linnaeus.exporting.onnx_target import to_onnx
from linnaeus.exporting.openvino_target import to_openvino
from linnaeus.exporting.source import Source, opened
from linnaeus.exporting.wheel_target import to_wheel
from linnaeus.files import check_unused, whole_folder, write_json
from linnaeus.progress import Progress
from linnaeus.version import __version__

__all__ = ["TARGETS", "ExportedBundle", "Target", "export_bundle"]

Target = Literal["onnx", "openvino", "torch", "tensorflow", "litert", "docker", "lambda", "wheel"]
TARGETS: tuple[Target, ...] = get_args(Target)

OF_GRAPHS = ("onnx", "openvino", "torch", "tensorflow", "litert")
"""Forms that hold the network and not Linnaeus: others do what is done to a file before it."""

ONE_AT_A_TIME = ("tensorflow", "litert")

SERVED = ("docker", "wheel")
"""Forms that answer here by Linnaeus as it is installed: in bfloat16 where the bundle does."""

NEEDS: dict[Target, tuple[str, ...]] = {
    "onnx": ("onnx",),
    "openvino": ("onnx", "openvino"),
    "torch": ("torch", "timm"),
    "tensorflow": ("onnx",),
    "litert": ("onnx",),
}
"""Packages that Linnaeus does without otherwise, and that making a form takes."""

Made = tuple[Answering, dict[str, Any]]


@dataclass(frozen=True)
class ExportedBundle:
    """What was written to `folder`, and how it compared with the bundle."""

    folder: Path
    target: Target
    files: tuple[str, ...]
    held: Held
    facts: dict[str, Any]

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What is there now, in a few sentences."""
        outside = self.facts.get("outside", "")
        notices = self.facts.get("notices", ())
        return tuple(one for one in (self.held.in_words, *notices, outside) if one)

    def to_json(self) -> dict[str, Any]:
        """As export.json has it."""
        return {
            "to": self.target,
            "files": list(self.files),
            "compared": self.held.to_json(),
            **self.facts,
        }


def export_bundle(
    bundle: Path,
    target: Target,
    *,
    out: Path,
    dataset: Dataset | None,
    preprocessing: bool,
    name: str | None,
    seed: int,
    progress: Progress,
) -> ExportedBundle:
    """Write the bundle at `bundle` in the form of `target` to the new folder `out`, whole or not.

    What is made answers a hundred pictures, of `dataset`, the bundle's own and variations of them,
    before it is kept. Beside it stands export.json. `preprocessing`: whether an ONNX graph
    normalises pixels itself. `name`: of a wheel's package.

    Raises Shortfall where it answers otherwise than the bundle, UsageError for what cannot be
    meant, MissingError where a package is missing, and BundleError as `source.opened` does and for
    a bundle that the form cannot hold.
    """
    _check(target, preprocessing, name)
    check_unused(out)
    source = opened(bundle, served=target in SERVED)
    pictures = pictures_to_compare(source, dataset, seed)
    with whole_folder(out) as aside:
        with progress.stage(f"Making what {target} takes"):
            answering, facts = _made(source, target, aside, preprocessing, name)
        with progress.stage("Holding it to the bundle's answers"):
            held = held_to(source, pictures, answering, f"--to {target}")
        facts = {**_said(source, target), **facts}
        files = tuple(sorted(_files(aside)))
        exported = ExportedBundle(out, target, files, held, facts)
        write_json(aside / "export.json", exported.to_json())
    return exported


def _check(target: str, preprocessing: bool, name: str | None) -> None:
    if target not in TARGETS:
        raise UsageError(
            f'there is no form called "{target}"', where="--to", mend=f"Give {', '.join(TARGETS)}."
        )
    if not preprocessing and target != "onnx":
        raise UsageError(
            "only an ONNX graph can be had without its preprocessing",
            where="--no-preprocessing",
            mend="Leave it out, or export --to onnx.",
        )
    if name is not None and target != "wheel":
        raise UsageError(
            f"what is exported to {target} has no package's name",
            where="--name",
            mend="Leave it out.",
        )


def _made(
    source: Source, target: Target, folder: Path, preprocessing: bool, name: str | None
) -> Made:
    need(*NEEDS.get(target, ()), target=target, install='pip install "linnaeus[train]"')
    if target == "onnx":
        return to_onnx(source, folder, preprocessing=preprocessing)
    if target == "torch":
        from linnaeus.exporting.torch_target import to_torch

        return to_torch(source, folder)
    if target == "wheel":
        return to_wheel(source, folder, name)
    others: dict[str, Callable[[Source, Path], Made]] = {
        "openvino": to_openvino,
        "tensorflow": to_tensorflow,
        "litert": to_litert,
        "docker": to_docker,
        "lambda": to_lambda,
    }
    return others[target](source, folder)


def _said(source: Source, target: Target) -> dict[str, Any]:
    """What whoever runs it must know: the classes, the input, and what is left to do outside."""
    record = source.record
    size = record.preprocessing
    said: dict[str, Any] = {
        "linnaeus_version": __version__,
        "classes": list(record.classes),
        "task": record.task,
        "thresholds": [one.value for one in record.thresholds],
    }
    if target not in OF_GRAPHS:
        return said
    count: int | str = 1 if target in ONE_AT_A_TIME else "n"
    return {
        **said,
        "input": {
            "name": "pixels",
            "type": "uint8",
            "shape": [count, size.height_px, size.width_px, 3],
            "meaning": "levels of 0 to 255, red first",
        },
        "output": {
            "name": "probabilities",
            "type": "float32",
            "shape": [count, len(record.classes)],
        },
        "preprocessing": size.model_dump(mode="json"),
        "outside": (
            "What stays outside: decoding the file (upright by its EXIF orientation, as RGB) and"
            f" bringing it to {size.width_px} × {size.height_px} px by “{size.fit}” with Pillow's"
            f" {size.interpolation} filter; label sets, silence and what tells unknown pictures."
        ),
    }


def _files(folder: Path) -> list[str]:
    return [one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()]
