"""Where the trainings of a study are carried out: a process that does one after the other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any

from linnaeus.comparing.jobs import Job

__all__ = ["Workplace"]


class Workplace:
    """Carries out jobs in processes of their own. To be used in a `with` statement.

    Ctrl-C on the terminal does not reach them, so that none ends early with half a training.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Workplace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def carry_out(self, job: Job) -> str:
        """Do `job`; why it failed, as a sentence, or "" where its record is written."""
        return str(self._asked(job, "training").get("failed", ""))

    def pace(self, job: Job) -> dict[str, float] | None:
        """What `pace.pace_of` says of `job`; None where that failed."""
        reply = self._asked(job, "pace")
        return None if "failed" in reply else reply

    def _asked(self, job: Job, wanted: str) -> dict[str, Any]:
        process = self._process = self._running()
        assert process.stdin and process.stdout
        try:
            asked = {"wanted": wanted, "job": job.model_dump(mode="json")}
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            reply = process.stdout.readline()
        except BrokenPipeError:
            reply = ""
        if not reply:
            self._end()
            why = "its process ended without a word; the machine may have run out of memory"
            return {"failed": why}
        return dict(json.loads(reply))

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        return subprocess.Popen(
            [sys.executable, "-m", "linnaeus.comparing.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def _end(self) -> None:
        """End the process and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
