"""The reference pages that the code itself can write: the command line and the recipe.

    python docs/generate.py

writes `docs/reference/command-line.md`, `docs/reference/recipe.md` and the JSON Schema beside it;
`tests/test_docs.py` fails where they no longer say what the code does.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
import types
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typer import Typer
from typer.models import ArgumentInfo, OptionInfo, ParameterInfo

from linnaeus.cli.app import app
from linnaeus.files import write_whole
from linnaeus.training.augmentation.plan import PRESETS, AugmentPlan
from linnaeus.training.classical.plan import ClassicalPlan
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import Recipe
from linnaeus.training.transfer_plan import TransferPlan, TransferStage

DOCS = Path(__file__).parent
MADE = "<!-- Made by docs/generate.py; change the code, not this page. -->"
IN_WORDS = {
    "network": "object, [below](#network)",
    "augment": "a preset, or an object, [below](#augment)",
    "transfer": "object, [below](#transfer)",
    "classical": "object, [below](#classical)",
    "stages": "list of stages or `null`",
    "done": "list of stages",
    "paces": "list of paces",
    "teacher_paces": "list of paces",
}
TYPES = {Path: "PATH", str: "TEXT", int: "WHOLE", float: "NUMBER"}


def main() -> None:
    """Write every generated page."""
    for path, text in pages().items():
        write_whole(path, text)


def pages() -> dict[Path, str]:
    """Each generated page's file, and what it has to hold."""
    reference = DOCS / "reference"
    return {
        reference / "command-line.md": command_line(),
        reference / "recipe.md": recipe(),
        reference / "recipe.schema.json": f"{json.dumps(Recipe.model_json_schema(), indent=1)}\n",
    }


def command_line() -> str:
    """The page of the command line, from the functions that carry out its verbs."""
    return "\n".join(
        [
            "# The command line",
            "",
            MADE,
            "",
            "Results go to standard output, and what is told of the work to standard error.",
            "`linnaeus --version` says the version, and `linnaeus --help` or",
            "`linnaeus VERB --help` (`-h` for short) what stands here. What the code at the end",
            "means stands under [exit codes](exit-codes.md).",
            *(line for name, verb in _verbs(app) for line in _verb(name, verb)),
            "",
        ]
    )


def recipe() -> str:
    """The page of the recipe, from the models that validate it."""
    return "\n".join(
        [
            "# The recipe",
            "",
            MADE,
            "",
            inspect.getdoc(Recipe) or "",
            "",
            "`linnaeus train DATA --recipe FILE` reads a recipe from YAML or JSON, and",
            "`--recipe NAME` takes one that comes with Linnaeus (`linnaeus recipes` lists them). A",
            "file need not name every field: what it leaves out has its default. A field that does",
            "not exist, or that stands twice, is refused. YAML is read by its version 1.2, so that",
            "`1e-3` is a number and `no` is text; references (`*name`) are refused.",
            "",
            "Options given beside a recipe win. `--set KEY=VALUE`, as often as wanted, sets any",
            "field, with the value in YAML:",
            "",
            "```bash",
            "linnaeus train photos --set network.learning_rate=0.1 --set image_size_px='[64, 48]'",
            "```",
            "",
            "Only one thing says how long a run is: `network.epochs` drops a recipe's `budget_s`,",
            "and the other way round. Another `network.optimiser`, `network.schedule`,",
            "`network.loss` or `network.adversary` drops what the recipe says of the former one's",
            "rates, shape and strength, which then have the usual values of the new one, unless",
            "they are set too.",
            "",
            "[The schema](recipe.schema.json) lets an editor complete and check the fields: begin",
            "a file with `# yaml-language-server: $schema=PATH` and the path to it.",
            "",
            *_fields(Recipe),
            "",
            "## transfer",
            "",
            inspect.getdoc(TransferPlan) or "",
            "",
            *_fields(TransferPlan),
            "",
            "A stage is its name, or an object of these:",
            "",
            *_fields(TransferStage, learns="probe"),
            "",
            "## classical",
            "",
            inspect.getdoc(ClassicalPlan) or "",
            "",
            *_fields(ClassicalPlan),
            "",
            "## network",
            "",
            inspect.getdoc(TrainingPlan) or "",
            "",
            "The recipe's own `seed` takes the place of the one here. A `budget_s` here is the",
            "recipe's own where `paces` is empty; two different ones are refused.",
            "",
            *_fields(TrainingPlan),
            "",
            "## augment",
            "",
            inspect.getdoc(AugmentPlan) or "",
            "",
            *_fields(AugmentPlan),
            "",
            "| preset | is |",
            "|---|---|",
            *(f"| `{name}` | {_preset(fields)} |" for name, fields in PRESETS.items()),
            "",
        ]
    )


def _verbs(of: Typer, above: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """(name, function) of each verb, those of groups under the group's name after the others."""
    for command in of.registered_commands:
        if command.callback:
            yield f"{above}{command.name}", command.callback
    for group in of.registered_groups:
        if group.typer_instance:
            yield from _verbs(group.typer_instance, f"{above}{group.name} ")


def _verb(name: str, verb: Callable[..., Any]) -> Iterator[str]:
    parameters = list(_parameters(verb))
    arguments = [p for p in parameters if isinstance(p[1], ArgumentInfo)]
    options = [p for p in parameters if isinstance(p[1], OptionInfo)]
    usage = " ".join(
        f"{info.metavar}" if default is inspect.Parameter.empty else f"[{info.metavar}]"
        for _, info, _, default in arguments
    )
    yield from ("", f"## linnaeus {name}", "", inspect.getdoc(verb) or "")
    yield from ("", "```text", f"linnaeus {name} [OPTIONS] {usage}".rstrip(), "```")
    if arguments:
        yield from ("", "| argument | is |", "|---|---|")
    for _, info, _, default in arguments:
        given = "" if default in (inspect.Parameter.empty, None) else f" Default: `{default}`."
        yield f"| `{info.metavar}` | {info.help}{given} |"
    if options:
        yield from ("", "| option | takes | is |", "|---|---|---|")
    for parameter, info, kind, default in options:
        needed = " Required." if default is inspect.Parameter.empty else ""
        said = (info.help or "").replace("|", "\\|")  # a bare one would end the cell
        yield f"| {_flags(parameter, info)} | {_taken(info, kind)} | {said}{needed} |"


def _parameters(verb: Callable[..., Any]) -> Iterator[tuple[str, ParameterInfo, Any, Any]]:
    """(name, what Typer is told of it, its type, its default) of each parameter of a verb."""
    hints = get_type_hints(verb, include_extras=True)
    for name, parameter in inspect.signature(verb).parameters.items():
        hint = hints[name]
        if get_origin(hint) is not Annotated:  # `X | None` around an alias of Annotated
            hint = next(h for h in get_args(hint) if get_origin(h) is Annotated)
        kind, info, *_ = get_args(hint)
        yield name, info, kind, parameter.default


def _flags(name: str, info: ParameterInfo) -> str:
    """The ways to write an option."""
    declared = list(getattr(info, "param_decls", None) or [])
    if str(info.default).startswith("--"):  # Typer's place for the first of them
        declared = [*str(info.default).split("/"), *declared]
    return ", ".join(f"`{flag}`" for flag in declared or ["--" + name.replace("_", "-")])


def _taken(info: ParameterInfo, kind: Any) -> str:
    """What an option takes, as a person would write it; nothing for a flag."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(k for k in get_args(kind) if k is not type(None))
    if kind is bool:
        return ""
    if info.metavar:
        return f"`{info.metavar}`"
    if get_origin(kind) is list:
        (kind,) = get_args(kind)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    least = f", at least {info.min}" if info.min is not None else ""
    return f"`{TYPES[kind]}`{least}"


def _fields(model: type[BaseModel], **needed: str) -> Iterator[str]:
    """A table of a model's fields; `needed` are values for those without a default."""
    said = _docstrings(model)
    schemas = model.model_json_schema()["properties"]
    defaults = model(**needed).model_dump(mode="json", exclude=set(needed))
    yield from ("| field | type | default | is |", "|---|---|---|---|")
    for name in model.model_fields:
        kind = IN_WORDS.get(name) or _kind(schemas[name])
        default = f"`{_json(defaults[name])}`" if name in defaults else "needed"
        if name in ("network", "augment", "transfer", "classical"):
            default = "each field's own"
        yield f"| `{name}` | {kind} | {default} | {said.get(name, '')} |"


def _preset(fields: dict[str, Any]) -> str:
    """What a preset has other than the default, in JSON."""
    return f"`{_json(fields)}`" if fields else "each field's default"


def _kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return ", ".join(f"`{_json(choice)}`" for choice in choices)
    if "additionalProperties" in schema:
        return f"object of {_kind(schema['additionalProperties'])}"
    if "prefixItems" in schema:
        return f"{len(schema['prefixItems'])} × {_kind(schema['prefixItems'][0])}"
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    words = {"integer": "whole", "string": "text", "boolean": "`true`, `false`", "null": "`null`"}
    kind = str(schema["type"])
    return words.get(kind, kind) + _range(schema)


def _range(schema: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema]
    return f" {', '.join(limits)}" if limits else ""


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """{field: the text that follows it in the source of its class}, on one line each."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    said = {}
    for field, after in pairwise(statements):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
            said[field.target.id] = text.replace("None: ", "`null`: ")
    return said


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
