"""What README and the documentation say, held to what the code does."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from linnaeus import errors
from linnaeus.cli.app import EPILOG, app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

TYPED = re.compile(r"^(?:    )?(?:\$ )?linnaeus (.*)", re.MULTILINE)
FENCED = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ELSEWHERE = ("https://", "http://", "mailto:", "#")
OF_A_DEVELOPER = re.compile(r"(?<![\w.])/(?:work|tmp/w|home/\w+|Users/\w+)/")


def verbs_of(group: Any, above: str = "") -> dict[str, Any]:
    """{name: command} of all verbs below `group`; "data export" is one in a group."""
    verbs: dict[str, Any] = {}
    for name, command in group.commands.items():
        inside = hasattr(command, "commands")
        verbs |= verbs_of(command, f"{name} ") if inside else {above + name: command}
    return verbs


VERBS = verbs_of(typer.main.get_command(app))


def of(pages: list[Path]) -> pytest.MarkDecorator:
    """One test for each of `pages`, named by it."""
    names = [page.relative_to(ROOT).as_posix() for page in pages]
    return pytest.mark.parametrize("page", pages, ids=names)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def shown_commands(page: Path) -> list[list[str]]:
    """The arguments of each whole `linnaeus` command in a block, fenced or indented, of `page`."""
    fenced = [code for kind, code in FENCED.findall(text_of(page)) if kind in ("bash", "console")]
    indented = re.findall(r"^    .*", FENCED.sub("", text_of(page)), re.MULTILINE)
    typed = TYPED.findall("\n".join([*fenced, *indented]))
    return [shlex.split(arguments, comments=True) for arguments in typed]


def named_commands(page: Path) -> list[list[str]]:
    """The words of each `linnaeus …`, and of each option, that stands in running text."""
    said = [code.split() for code in INLINE.findall(FENCED.sub("", text_of(page)))]
    return [words for words in said if words and re.match(r"linnaeus$|--\w", words[0])]


def options_of(verb: str) -> set[str]:
    parameters = VERBS[verb].params
    named = {option for one in parameters for option in (*one.opts, *one.secondary_opts)}
    return named | {"--help"}


def verb_of(words: list[str]) -> str:
    """The verb, of one word or two, that `words` begin with; "" where it is none."""
    return next((verb for verb in (words[0], " ".join(words[:2])) if verb in VERBS), "")


@of([page for page in PAGES if shown_commands(page)])
def test_a_command_that_is_shown_can_be_typed(page: Path) -> None:
    for words in shown_commands(page):
        verb = verb_of(words)
        arguments = words[len(verb.split()) :]
        VERBS[verb].make_context(verb, arguments)  # parses, and does nothing


@of([page for page in PAGES if named_commands(page)])
def test_a_command_or_option_that_is_named_exists(page: Path) -> None:
    everywhere = set().union(*map(options_of, VERBS)) | {"--version"}
    for first, *others in named_commands(page):
        options = {word for word in (first, *others) if word.startswith("--")}
        verb = verb_of(others) if first == "linnaeus" and others else ""
        assert options <= (options_of(verb) if verb else everywhere)


@of(PAGES)
def test_a_link_to_a_file_leads_somewhere(page: Path) -> None:
    prose = INLINE.sub("", FENCED.sub("", text_of(page)))
    links = [link for link in LINK.findall(prose) if not link.startswith(ELSEWHERE)]
    missing = [link for link in links if not (page.parent / link.partition("#")[0]).exists()]
    assert not missing


def test_the_documentation_links_to_nothing_outside_of_itself() -> None:
    for page in sorted(DOCS.rglob("*.md")):
        for link in LINK.findall(INLINE.sub("", FENCED.sub("", text_of(page)))):
            if not link.startswith(ELSEWHERE):
                assert (page.parent / link.partition("#")[0]).resolve().is_relative_to(DOCS)


def generate() -> ModuleType:
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_say_what_the_code_does() -> None:
    for page, expected in generate().pages().items():
        assert text_of(page) == expected, f"run: python docs/generate.py ({page.name} is old)"


def test_the_readme_lists_every_verb() -> None:
    listed = re.findall(r"^\| `linnaeus ([a-z -]*[a-z])", text_of(ROOT / "README.md"), re.MULTILINE)
    assert sorted(listed) == sorted(VERBS)


def test_the_exit_codes_are_those_of_the_errors_and_of_the_help() -> None:
    rows = re.findall(
        r"^\| (\d+) \|.*\|(.*)\|$", text_of(DOCS / "reference/exit-codes.md"), re.MULTILINE
    )
    codes = {int(code): set(re.findall(r"`(\w+)`", raised)) for code, raised in rows}
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "LinnaeusError"]
    for kind in kinds:
        assert kind.__name__ in codes[kind.exit_code]
    assert sum(map(len, codes.values())) == len(kinds)
    assert list(codes) == [int(code) for code in re.findall(r"[:,] (\d+) ", EPILOG)]


def test_the_menu_leads_to_pages_that_exist_and_to_each_once() -> None:
    menu = text_of(ROOT / "mkdocs.yml").partition("\nnav:")[2]
    placed = re.findall(r": (\S+\.md)$", menu, re.MULTILINE)
    assert all((DOCS / page).is_file() for page in placed)
    assert len(placed) == len(set(placed))


def test_no_file_names_a_place_on_a_developer_s_machine() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    named = {}
    for name in listed.stdout.decode().split("\0"):
        file = ROOT / name
        if name and file.is_file():
            content = file.read_bytes().decode("utf-8", errors="ignore")
            if found := OF_A_DEVELOPER.search(content):
                named[name] = found.group()
    assert not named
