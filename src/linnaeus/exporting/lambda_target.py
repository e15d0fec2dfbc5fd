"""To a zip for AWS Lambda: a handler, the bundle, and all packages that answering takes."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from linnaeus.errors import BundleError
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.dependencies import SERVING, dependencies_of, files_of, glibc_of
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.own_wheel import own_files, write_zip
from linnaeus.exporting.source import Source
from linnaeus.manifest import read_listed

__all__ = ["to_lambda"]

HANDLER = '''\
"""What AWS Lambda calls: a picture in, its classes and their probabilities out.

The event is that of a function URL or of API Gateway with the bytes of a picture as its body, in
base64, or {"image": "…base64…"} where it is invoked directly.
"""

import base64
import json
from pathlib import Path

from linnaeus import LinnaeusError, load

CLASSIFIER = load(Path(__file__).parent / "bundle")  # once, while Lambda starts the function


def handler(event, context):
    """The answer to `event`, as a function URL gives it on."""
    try:
        given = event.get("image", event.get("body")) or ""
        encoded = "image" in event or event.get("isBase64Encoded", False)
        content = base64.b64decode(given, validate=True) if encoded else given.encode()
        answer = CLASSIFIER.predict(content)
    except (LinnaeusError, ValueError, AttributeError, TypeError) as error:
        return _response(400, {"error": str(error)})
    return _response(200, _told(answer))


def _told(answer):
    probabilities = dict(zip(answer.classes, map(float, answer.probabilities[0])))
    first = answer[0]
    return {
        "label": first.label,
        "labels": list(first.labels),
        "unknown": first.unknown,
        "probabilities": probabilities,
    }


def _response(status, content):
    body = json.dumps(content, ensure_ascii=False)
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}
'''

PROGRAM = """
import base64, json
from pathlib import Path
import lambda_function, numpy
rows = []
for file in sorted(Path(sys.argv[1]).glob("*.png")):
    event = {"body": base64.b64encode(file.read_bytes()).decode(), "isBase64Encoded": True}
    answer = lambda_function.handler(event, None)
    assert answer["statusCode"] == 200, answer
    rows.append(list(json.loads(answer["body"])["probabilities"].values()))
numpy.save(Path(sys.argv[1]) / "answers.npy", numpy.array(rows, numpy.float32))
"""

FILE = "function.zip"


MOST_BYTES = 250 << 20
"""What a function may be unpacked, with its layers."""

GLIBC = {"3.11": (2, 26)}
NEWER_GLIBC = (2, 34)
"""Of Lambda's runtimes for Python: 3.11 is on Amazon Linux 2, later ones on Amazon Linux 2023."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def to_lambda(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write function.zip to `folder`, whose handler is `lambda_function.handler`.

    It answers with ONNX Runtime, for the Python and the system that it is made on. Raises
    BundleError where it is more than Lambda takes.
    """
    packages = dependencies_of("linnaeus", *source.packages, without=SERVING)
    entries = list(_entries(source, packages.values()))
    unpacked_bytes = sum(len(content) for _, content in entries)
    of_bundle = sum(len(content) for name, content in entries if name.startswith("bundle/"))
    _check_room(unpacked_bytes, of_bundle, source)
    write_zip(folder / FILE, entries)

    def answering(pixels: Any) -> Any:
        place = folder.with_name("unpacked")
        with ZipFile(folder / FILE) as archive:
            archive.extractall(place)
        return answers_of(PROGRAM, pixels, path=[place], where=FILE, alone=True)

    return answering, {
        "handler": "lambda_function.handler",
        "runtime": f"python{PYTHON}",
        "architecture": platform.machine(),
        "system": platform.system(),
        "unpacked_bytes": unpacked_bytes,
        "notices": [one for one in (_why_not_there(packages),) if one],
    }


def _entries(source: Source, packages: Iterable[Distribution]) -> Iterator[tuple[str, bytes]]:
    yield "lambda_function.py", HANDLER.encode()
    for name, content in read_listed(source.folder):
        yield f"bundle/{name}", content
    yield from own_files()
    for package in packages:
        yield from files_of(package)


def _check_room(unpacked_bytes: int, of_bundle: int, source: Source) -> None:
    if unpacked_bytes > MOST_BYTES:
        raise BundleError(
            f"the function would be {unpacked_bytes >> 20:,} MB unpacked, {of_bundle >> 20:,} of"
            f" them the bundle's, and Lambda takes {MOST_BYTES >> 20:,} MB",
            where=str(source.folder),
            mend="Export it --to docker, or make the bundle smaller with `linnaeus compress`.",
        )


def _why_not_there(packages: Mapping[str, Distribution]) -> str:
    """Why Lambda's own runtime would not take what lies here; empty where it does."""
    if platform.system() != "Linux":
        mend = "make the zip on Linux"
        return f"Lambda runs Linux, and these packages are those of {platform.system()}: {mend}."
    there = GLIBC.get(PYTHON, NEWER_GLIBC)
    newer = sorted(name for name, one in packages.items() if glibc_of(one) > there)
    if not newer:
        return ""
    return (
        f"Lambda's runtime python{PYTHON} has glibc {there[0]}.{there[1]}, which is too old for"
        f" {', '.join(newer)} as installed here: make the zip with Python 3.12 or newer, or run it"
        " in a container of your own."
    )
