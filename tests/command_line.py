"""The command line as a user has it: a process of its own, its output and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

LONGEST_S = 400  # on a busy machine; what is run here takes half a minute at most on a quiet one


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line in which a failed command says why."""
        lines = self.err.strip().splitlines()
        assert "Traceback" not in self.err, self.err
        assert lines[-1].startswith("linnaeus: "), self.err
        return lines[-1].removeprefix("linnaeus: ")


def command(*arguments: object) -> list[str]:
    """`linnaeus ARGUMENTS` by the interpreter that runs the tests."""
    run = "from linnaeus.cli.main import main; main()"
    return [sys.executable, "-c", run, *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """This process's variables without those that lead to weights of the machine's own."""
    ours = ("LINNAEUS_", "HF_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    kept["LINNAEUS_CACHE"] = os.environ["LINNAEUS_CACHE"]  # the tests' own
    return {**kept, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100", **changes}


def linnaeus(*arguments: object, cwd: Path | None = None, **changes: str | None) -> Done:
    """Run `linnaeus ARGUMENTS` with `changes` of the environment (None: not set), no terminal.

    The process is forked, where that can be, from one that has loaded torch, which spares seconds
    of loading.
    """
    if hasattr(os, "fork") and find_spec("torch"):
        from forked import shared_forks

        return shared_forks().run(*arguments, cwd=cwd, **changes)
    changed = {**environment(), **changes}
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={name: value for name, value in changed.items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=LONGEST_S,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
