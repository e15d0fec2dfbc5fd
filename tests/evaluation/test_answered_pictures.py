"""Names of pictures that a table of answers cannot hold as they are lead back to their pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.data.columns import Columns
from linnaeus.errors import DataError
from linnaeus.evaluation.answer_table import read_answer_table
from linnaeus.evaluation.answered_pictures import name_in_table, rows_by_name

if TYPE_CHECKING:
    from linnaeus import Dataset

NAMES = (" a.png", "a b.png ", "a\\b.png", "./c/../d.png", "e\udce4.png", 'f",\n.png', "ä/ö.png")


def test_every_name_comes_back_as_is_foretold(tmp_path: Path) -> None:
    shares = np.full((len(NAMES), 2), 0.5, np.float32)
    made = Predictions(NAMES, ("x", "y"), shares, np.zeros(len(NAMES), np.int64))
    write_csv(tmp_path / "answers.csv", made)
    read = read_answer_table(tmp_path / "answers.csv", Columns()).predictions
    assert read.ids == tuple(map(name_in_table, NAMES))


def test_rows_are_found_by_them(some_digits: Dataset) -> None:
    few = replace(some_digits.subset(range(len(NAMES))), paths=NAMES)
    rows = rows_by_name(few)
    assert [rows[name_in_table(name)] for name in NAMES] == list(range(len(NAMES)))


@pytest.mark.parametrize("other", ["a.png", "./a.png", " a.png "])
def test_two_pictures_of_one_name_are_refused(some_digits: Dataset, other: str) -> None:
    both = replace(some_digits.subset(range(2)), paths=(" a.png", other))
    with pytest.raises(DataError, match="are the same in a table"):
        rows_by_name(both)
