"""`python -m linnaeus.comparing.worker`: carries out the jobs that stand on its input, one a line.

It loads what training needs once, and forks for each job, so that a training starts at once, has
its memory to itself and can be measured by it, and takes nothing down with it when it fails. Each
reply is a line: {} where the record was written, what was measured where a pace was wanted, and
{"failed": why} where neither came about.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

from linnaeus.comparing.jobs import Job
from linnaeus.errors import LinnaeusError

__all__ = ["main"]

DONE, FAILED = 0, 1

LOADED_LATE = (
    "torch._dynamo",  # by the first optimiser
    "torch.export",  # by the export of a network
    "onnxscript",
    "onnxscript.function_libs.torch_lib.ops",
    "onnx.reference",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "timm",
)
"""What a training loads when it first needs it: 5 s that each of hundreds would spend anew. None of
them starts a thread that a fork would lose, but for OpenBLAS, which starts its own anew."""


def main() -> None:
    """Reply to one job after the other until the input ends."""
    from linnaeus.comparing import one_training  # noqa: F401  loaded here, once for all jobs

    if hasattr(os, "fork"):
        for name in LOADED_LATE:
            with suppress(ImportError):  # the training that needs it says so
                importlib.import_module(name)

    replies = os.dup(1)
    os.dup2(2, 1)  # whatever some library prints must not pass for a reply
    for line in sys.stdin:
        _carry_out(json.loads(line), replies)


def _carry_out(asked: dict[str, Any], replies: int) -> None:
    if not hasattr(os, "fork"):  # Windows: the process ends after the job, and another is started
        _work(asked, replies)
        sys.exit()
    child = os.fork()
    if child == 0:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        code = FAILED
        try:
            _work(asked, replies)
            code = DONE
        finally:
            os._exit(code)  # neither the buffers nor the exit handlers of the parent are ours
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != DONE:
        how = f"signal {-code}" if code < 0 else f"code {code}"
        more = "; the machine may have run out of memory" if code == -9 else ""
        _reply(replies, {"failed": f"its process ended with {how}{more}"})


def _work(asked: dict[str, Any], replies: int) -> None:
    """Do the job, and say how it went."""
    from linnaeus.comparing.one_training import train_once
    from linnaeus.comparing.pace import pace_of

    job, answer = Job.model_validate(asked["job"]), {}
    try:
        if asked["wanted"] == "pace":
            answer = pace_of(job)
        else:
            train_once(job)
    except LinnaeusError as error:
        _reply(replies, {"failed": str(error)})
    except Exception as error:  # whatever it was, the other trainings go on
        traceback.print_exc()
        _reply(replies, {"failed": f"a fault of Linnaeus itself ({type(error).__name__}: {error})"})
    else:
        _reply(replies, answer)


def _reply(replies: int, message: dict[str, Any]) -> None:
    try:
        os.write(replies, (json.dumps(message) + "\n").encode())
    except BrokenPipeError:
        sys.exit()  # the study is gone, and nobody waits


def _end_with_parent() -> None:
    """End as soon as the study's own process is gone: its end of the input then is, too."""
    waiting = select.poll()
    waiting.register(0, 0)  # for its end alone: what stands there is for the next job
    waiting.poll()
    os._exit(FAILED)


if __name__ == "__main__":
    main()
