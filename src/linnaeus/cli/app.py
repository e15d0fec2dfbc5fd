"""The command line: its verbs, and the one place where an error becomes a sentence and a code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from linnaeus.cli import (
    attack,
    audit,
    augment,
    cache,
    certify,
    compare,
    compress,
    data,
    doctor,
    ensemble,
    evaluate,
    explain,
    export,
    index,
    lr_find,
    models,
    predict,
    recipes,
    runs,
    search,
    serve,
    serve_keys,
    stress,
    train,
)
from linnaeus.cli.main import INTERRUPTED, INTERRUPTED_SENTENCE
from linnaeus.cli.verbs import Verbs
from linnaeus.errors import LinnaeusError, Terminated, UsageError, WriteError
from linnaeus.version import __version__

__all__ = ["app", "run"]

INTERNAL_ERROR = 70

NO_WAY = {
    errno.ENAMETOOLONG: "Give a shorter name.",
    errno.EACCES: "Ask for the permission to look there, or name another place.",
    errno.EPERM: "Ask for the permission to look there, or name another place.",
}
"""Paths that cannot be looked at, with what mends it. That may happen wherever one is named, before
anything is read or written there."""

EPILOG = (
    "Exit codes: 0 done, 1 audit --fail-on found something, 2 wrong usage, 3 the data, 4 the"
    " bundle, 5 something is missing, 6 could not write, 7 done, but some of the pictures could not"
    " be read, 8 train cannot go on learning, 9 what compress or export made falls short of what"
    " was asked, 70 a fault of Linnaeus, 130 interrupted, 143 ended by SIGTERM."
)

app = Verbs(
    name="linnaeus",
    help="Labelled pictures in, a classifier you can trust out.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("audit")(audit.audit)
app.command("augment")(augment.augment)
app.command("train")(train.train)
app.command("lr-find")(lr_find.lr_find)
app.command("ensemble")(ensemble.ensemble)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("predict")(predict.predict)
app.command("explain")(explain.explain)
app.command("index")(index.index)
app.command("search")(search.search)
app.command("stress")(stress.stress)
app.command("attack")(attack.attack)
app.command("certify")(certify.certify)
app.command("serve")(serve.serve)
app.add_typer(serve_keys.app, name="serve-keys")
app.command("compress")(compress.compress)
app.command("export")(export.export)
app.add_typer(data.app, name="data")
app.add_typer(cache.app, name="cache")
app.add_typer(runs.app, name="runs")
app.command("models")(models.models)
app.command("recipes")(recipes.recipes)
app.command("doctor")(doctor.doctor)


def run() -> None:
    """Run the command line; ends in `sys.exit` with a code of `errors`."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # A name in another script must not break a redirected output on Windows.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _on_sigterm)
    try:
        code = app(prog_name="linnaeus", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except typer.TyperException as error:
        _end_misunderstood(error)
    except typer.Abort:  # a question was broken off, or nobody is there to answer it
        _end("the question was not answered with yes or no; nothing was done.", INTERRUPTED)
    except LinnaeusError as error:
        _end(str(error), error.exit_code)
    except Terminated:
        _end("ended by SIGTERM.", Terminated.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _end(INTERRUPTED_SENTENCE, INTERRUPTED)
        if isinstance(end.__context__, BrokenPipeError):  # Typer's own way to end it, with 1
            _end_unheard()
        raise
    except BrokenPipeError:
        _end_unheard()
    except Exception as error:
        if isinstance(error, OSError):
            _end_refused(error)
        if _broke_an_import_off(error):
            _end(INTERRUPTED_SENTENCE, INTERRUPTED)
        import traceback

        traceback.print_exc()
        fault = f"a fault of Linnaeus itself ({type(error).__name__})"
        _end(f"{fault}. Please report what stands above.", INTERNAL_ERROR)


def _broke_an_import_off(error: BaseException | None) -> bool:
    """Whether Ctrl-C came while compiled code was loaded, which makes an ImportError of it."""
    while isinstance(error, ImportError):
        error = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"linnaeus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


def _end_misunderstood(error: typer.TyperException) -> NoReturn:
    """Say in a sentence why Typer cannot tell what was asked, as of every other wrong usage."""
    if type(error).__name__ == "NoArgsIsHelpError":  # the help stands there already
        sys.exit(error.exit_code)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "linnaeus"
    verb = command.removeprefix("linnaeus").strip()
    said = error.format_message().replace("Value error, ", "").replace("Input should", "it should")
    said = said.rstrip(".")
    said = f"{said[:1].lower()}{said[1:]}{'' if said.endswith('?') else '.'}"
    place = f"{verb}: " if verb else ""
    _end(f"{place}{said} `{command} --help` tells what can be asked.", error.exit_code)


def _open_what_is_closed() -> None:
    """Give a process that was started without one of its three streams an empty one.

    Left closed, the next file that is opened would take its place, and be written to.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, nothing)


def _end_unheard() -> NoReturn:
    """End quietly: whoever read the output, such as `head`, has enough of it."""
    _discard_output()
    sys.exit(0)


def _end_refused(error: OSError) -> None:
    """Say what the system refused, where it is the user who can mend that."""
    if error.errno == errno.ENOSPC and error.filename is None:
        _end_unwritten(error)
    if error.errno in NO_WAY and error.filename:
        _end_at_a_path(error)


def _end_unwritten(error: OSError) -> NoReturn:
    """Say that there is no room for the output. Files without room are told of by `files.py`."""
    _discard_output()
    unwritten = WriteError(
        f"what is told could not be written ({error.strerror})",
        where="standard output",
        mend="Free some space, or send it elsewhere.",
    )
    _end(str(unwritten), unwritten.exit_code)


def _end_at_a_path(error: OSError) -> NoReturn:
    """Say that a path that was named leads nowhere."""
    assert error.errno is not None
    said = f"the system has no way to it ({error.strerror})"
    named = UsageError(said, where=str(error.filename), mend=NO_WAY[error.errno])
    _end(str(named), named.exit_code)


def _discard_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what is still in a buffer has to go somewhere


def _on_sigterm(signum: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def _end(message: str, code: int) -> NoReturn:
    print(f"linnaeus: {message}", file=sys.stderr)
    sys.exit(code)
