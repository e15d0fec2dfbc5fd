"""The process that decodes and answers: `python -m linnaeus.serving.worker DESCRIPTOR`.

It opens the models that the server names, says that it is ready, and answers one request after
the other until the server has no more for it. It may die of a picture; the server does not.
"""

from __future__ import annotations

import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.golden import golden_answers
from linnaeus.bundle.load import bundle_digest, bundle_folder, load
from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.bundle.streaming import same_bits
from linnaeus.errors import LinnaeusError
from linnaeus.serving.answers import Opened, predict
from linnaeus.serving.asked import Asked
from linnaeus.serving.confinement import confine, settle
from linnaeus.serving.explanations import explain
from linnaeus.serving.problems import Problem, problem_of
from linnaeus.serving.tensors import infer
from linnaeus.serving.wire import frame, receive_from

__all__ = ["main"]

Models = Mapping[tuple[str, str], Opened]
Task = dict[str, Any]


def main() -> None:
    """Answer until the connection ends."""
    for ignored in (signal.SIGINT, signal.SIGTERM):  # the server says when to end
        signal.signal(ignored, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        models = _open_models(connection)
        if models is None:
            return
        confine()
        settle()
        while (received := receive_from(connection)) is not None:
            connection.sendall(_answer(models, *received))


def _open_models(connection: socket.socket) -> Models | None:
    """Open what the server names; tell it how that went. None where one cannot be opened."""
    received = receive_from(connection)
    if received is None:
        return None
    models = {}
    for one in received[0]["models"]:
        try:
            models[one["name"], one["version"]] = _opened(**one, alone=received[0]["alone"])
        except Exception as error:  # a bundle that was tampered with can break a runtime in any way
            connection.sendall(frame(_refused(one["name"], error)))
            return None
    told = [_facts(model) for model in models.values()]
    connection.sendall(frame({"ready": told}))
    return models


def _opened(
    name: str,
    version: str,
    folder: str,
    squeeze: SqueezerName | None,
    changed_above: float | None,
    alone: bool,
) -> Opened:
    digest = bundle_digest(Path(folder))
    classifier = on_one_processor(load(folder), folder, alone)
    answering = classifier.squeezing(squeeze).detecting(changed_above)
    return Opened(name, version, digest, answering)


def on_one_processor(classifier: Classifier, folder: str, alone: bool) -> Classifier:
    """The same on one processor, where there are workers for all of them.

    Processors that wait for each other after each layer lose an eighth of their time. As it was,
    where it answers the golden pictures to other bits so: then the library's would differ.
    """
    if not alone:
        return classifier
    pixels, _ = golden_answers(bundle_folder(Path(folder)), classifier.precision)
    other = classifier.side_by_side(2)  # of two at a time each has one, and there will be one
    told = (one.predict_pixels(pixels) for one in (classifier, other))
    same = all(same_bits(one, two) for one, two in zip(*told, strict=True))
    return other if same else classifier


def _refused(name: str, error: Exception) -> dict[str, Any]:
    if isinstance(error, LinnaeusError):
        return {"refused": name, "what": error.what, "where": error.where, "mend": error.mend}
    what = f"it cannot be opened ({type(error).__name__}: {error})"
    return {"refused": name, "what": what, "where": "", "mend": "Make the bundle anew."}


def _facts(model: Opened) -> dict[str, Any]:
    """What the server tells of a model."""
    classifier = model.classifier
    size = classifier.record.preprocessing
    return {
        **model.told(),
        "classes": classifier.classes,
        "task": classifier.record.task,
        "height_px": size.height_px,
        "width_px": size.width_px,
        "engine": classifier.engine,
        "precision": classifier.precision,
        "created": classifier.record.created,
        "promises": classifier.promises,
        "tells_unknown": classifier.tells_unknown,
        "changed_above": classifier.changed_above,
        "notices": classifier.notices,
    }


def _answer(models: Models, task: Task, payload: bytes) -> bytes:
    """The frame that answers a task, whatever comes of it."""
    try:
        body = KINDS[task["kind"]](models[task["model"], task["version"]], task, payload)
    except LinnaeusError as error:
        return _problem(task, problem_of(error))
    except Problem as problem:
        return _problem(task, problem)
    except MemoryError:
        detail = "A picture needs more memory than there is for it. Make it smaller."
        return _problem(task, Problem("too-many-pixels", detail))
    except Exception as error:
        detail = f"Something is wrong with Linnaeus itself ({type(error).__name__}): please report."
        fault = "".join(traceback.format_exception(error))  # no file may be written here
        return _problem(task, Problem("internal", detail), fault=fault)
    return frame({"id": task["id"]}, body)


def _problem(task: Task, problem: Problem, fault: str = "") -> bytes:
    said = {"problem": problem.kind, "detail": problem.detail, "more": dict(problem.more)}
    return frame({"id": task["id"], **said, "fault": fault})


def _predict(model: Opened, task: Task, payload: bytes) -> bytes:
    pictures, at = [], 0
    for size in task["sizes"]:
        pictures.append(payload[at : at + size])
        at += size
    asked = Asked.model_validate(task["asked"])
    return predict(model, pictures, task["names"], asked, task["until"])


def _explain(model: Opened, task: Task, payload: bytes) -> bytes:
    asked = task["name"], task["method"], task["class_name"]
    return explain(model, payload, *asked, task["until"])


def _infer(model: Opened, task: Task, payload: bytes) -> bytes:
    return infer(model, payload, task["most"], task["until"])


KINDS: dict[str, Callable[[Opened, Task, bytes], bytes]] = {
    "predict": _predict,
    "explain": _explain,
    "infer": _infer,
}
"""What can be asked of a worker."""

if __name__ == "__main__":
    main()
