"""To a zip for AWS Lambda: a handler, the bundle, and all packages that answering takes."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from linnaeus.exporting.compared import Answering
from linnaeus.exporting.dependencies import SERVING, dependencies_of, files_of
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.own_wheel import own_files, write_zip
from linnaeus.exporting.source import Source
from linnaeus.files import read_listed

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


def to_lambda(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write function.zip to `folder`, whose handler is `lambda_function.handler`.

    It answers with ONNX Runtime, for the Python and the system that it is made on.
    """
    write_zip(folder / FILE, _entries(source))

    def answering(pixels: Any) -> Any:
        place = folder.with_name("unpacked")
        with ZipFile(folder / FILE) as archive:
            archive.extractall(place)
        return answers_of(PROGRAM, pixels, path=[place], where=FILE, alone=True)

    return answering, {
        "handler": "lambda_function.handler",
        "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "architecture": platform.machine(),
        "system": platform.system(),
    }


def _entries(source: Source) -> Iterator[tuple[str, bytes]]:
    yield "lambda_function.py", HANDLER.encode()
    for name, content in read_listed(source.folder):
        yield f"bundle/{name}", content
    yield from own_files()
    for package in dependencies_of("linnaeus", without=SERVING).values():
        yield from files_of(package)
