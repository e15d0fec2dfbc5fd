"""What the terminal draws while something learns, and what is told where there is none."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from linnaeus.cli.curves import Curves, drawn
from linnaeus.cli.events import in_words
from linnaeus.cli.telling import plain_teller
from linnaeus.progress import Event


def a_pass(number: int, train: float, validation: float | None) -> Event:
    figures = {
        "pass": float(number),
        "train_loss": train,
        "train_accuracy": 1 - train / 4,
        "validation_loss": validation,
        "validation_accuracy": None if validation is None else 1 - validation / 4,
    }
    return Event("pass", "scratch", figures, {"pictures_a_second": 1234.4})


def shown(curves: Curves, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(curves)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def dots(cells: list[list[int]]) -> set[tuple[int, int]]:
    """The dots that are set, as (column, row), row 0 above; by Unicode's table of Braille."""
    places = {1: (0, 0), 2: (0, 1), 4: (0, 2), 8: (1, 0), 16: (1, 1), 32: (1, 2), 64: (0, 3)}
    places[128] = (1, 3)
    return {
        (2 * column + x, 4 * row + y)
        for row, line in enumerate(cells)
        for column, cell in enumerate(line)
        for bit, (x, y) in places.items()
        if cell & bit
    }


def test_a_line_goes_from_its_first_point_to_its_last_without_a_gap() -> None:
    found = dots(drawn([0.0, 1.0], 0.0, 1.0))
    assert (0, 19) in found
    assert (63, 0) in found
    columns = {x for x, _ in found}
    assert columns == set(range(64))
    rows = {y for _, y in found}
    assert rows == set(range(20))


def test_a_flat_line_lies_below() -> None:
    assert {y for _, y in dots(drawn([0.5, 0.5, 0.5], 0.5, 0.5))} == {19}


def test_curves_name_the_newest_figures_and_the_ends_of_their_scale() -> None:
    curves = Curves()
    curves.hear(a_pass(1, 2.0, 2.4))
    assert shown(curves).strip() == ""
    curves.hear(a_pass(2, 1.0, 1.6))
    told = shown(curves)
    assert "training 1.000" in told
    assert "validation 1.600" in told
    assert "validation 60.0%" in told
    assert "2.400" in told
    assert max(len(line) for line in told.splitlines()) <= 100


def test_in_a_narrow_terminal_they_stand_under_each_other() -> None:
    curves = Curves()
    for number in (1, 2, 3):
        curves.hear(a_pass(number, 2.0 / number, 2.4 / number))
    told = shown(curves, width=60)
    assert max(len(line) for line in told.splitlines()) <= 60
    assert "log loss" in told
    assert "right" in told


def test_without_validation_only_training_is_drawn() -> None:
    curves = Curves()
    curves.hear(a_pass(1, 2.0, None))
    curves.hear(a_pass(2, 1.0, None))
    assert "validation" not in shown(curves)


def test_a_pass_is_told_in_one_line() -> None:
    assert in_words(a_pass(3, 0.5, 0.8)) == (
        "Pass 3.0; loss 0.500, 87.5 % right in training; loss 0.800, 80.0 % right on validation;"
        " 1,234 pictures a second"
    )


def test_shares_of_several_labels_are_named_for_what_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = plain_teller()
    progress.log(Event("begun", figures={"task": "multi"}))
    progress.log(a_pass(3, 0.5, 0.8))
    assert "80.0 % mean average precision on validation" in capsys.readouterr().err


def test_what_is_no_pass_is_told_otherwise() -> None:
    assert in_words(Event("stage", "probe", {"kept": True})) == ""
