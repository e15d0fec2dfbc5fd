"""Tables of answers with several labels a picture are judged as a bundle's answers are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import alike, random_labels

import linnaeus
from linnaeus.bundle.table import write_csv
from linnaeus.errors import DataError
from linnaeus.evaluation.label_metrics import LabelMetrics, measure_labels

BARE = """id,labels,p:cat,p:dog
a.jpg,cat;dog,0.9,0.6
b.jpg,,0.2,0.4
c.jpg,dog,0.6,0.7
"""


def test_what_predict_writes_is_judged_as_the_answers_are(tmp_path: Path) -> None:
    """Thresholds of a bundle's own, which the table does not name, are found again."""
    answers = random_labels(0, 120, 4)
    answers = replace(answers, thresholds=np.array([0.3, 0.5, 0.25, 0.9], np.float32))
    write_csv(tmp_path / "answers.csv", answers)
    found = linnaeus.evaluate(predictions=tmp_path / "answers.csv", label_separator="|")
    expected = measure_labels(answers)
    assert isinstance(found.metrics, LabelMetrics)
    for name in ("micro_f1", "macro_average_precision", "subset_accuracy", "calibration_error"):
        figures = (getattr(of, name).to_json() for of in (found.metrics, expected))
        assert alike(*figures)
    assert found.metrics.labels_given == expected.labels_given
    assert any("the column “prediction” gives" in remark for remark in found.remarks)


def test_without_answers_in_it_labels_are_given_from_one_half_on(tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_text(BARE, encoding="utf-8")
    found = linnaeus.evaluate(
        predictions=tmp_path / "bare.csv",
        label_separator=";",
        label_column="labels",
        out=tmp_path / "judged",
    )
    assert isinstance(found.metrics, LabelMetrics)
    assert (found.metrics.labels_true, found.metrics.labels_given) == (3, 4)
    assert found.metrics.micro_precision.value == 0.75
    assert found.metrics.micro_recall.value == 1
    assert found.metrics.answered_none == 1
    assert any("50 % or more" in remark for remark in found.remarks)
    assert (tmp_path / "judged/report/index.html").exists()


def test_answers_that_no_threshold_gives_are_told(tmp_path: Path) -> None:
    text = "id,labels,prediction,p:cat,p:dog\na,cat,,0.9,0.6\nb,dog,cat,0.2,0.4\n"
    (tmp_path / "odd.csv").write_text(text, encoding="utf-8")
    found = linnaeus.evaluate(
        predictions=tmp_path / "odd.csv", label_separator="|", label_column="labels"
    )
    assert any("No threshold gives “cat”" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BARE.replace("cat;dog", "cat;cow"), r"line 2: no column gives the probability .* 'cow'"),
        (BARE.replace("0.9", "1.9"), "line 2: the probability of 'cat' is 1.9, which is not betw"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_row(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        linnaeus.evaluate(
            predictions=tmp_path / "bad.csv", label_separator=";", label_column="labels"
        )


def several(folder: Path, text: str, name: str = "several.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_labels_given_may_stand_as_the_true_ones_do(tmp_path: Path) -> None:
    text = "id,label,prediction,p:a,p:b,p:c\n1,a;b,a;b,0.9,0.8,0.1\n2,c,c,0.2,0.3,0.7\n"
    found = linnaeus.evaluate(predictions=several(tmp_path, text), label_separator=";")
    assert isinstance(found.metrics, LabelMetrics)
    assert found.metrics.subset_accuracy.value == 1.0


def test_a_label_that_was_given_and_has_no_column_is_refused_with_its_row(tmp_path: Path) -> None:
    text = "id,label,prediction,p:a,p:b\n1,a;b,a;b,0.9,0.8\n2,b,emu,0.2,0.7\n"
    with pytest.raises(DataError, match=r"line 3: no column .* of the label 'emu'"):
        linnaeus.evaluate(predictions=several(tmp_path, text), label_separator=";")


def test_a_strange_label_is_found_whichever_mark_parts_the_labels(tmp_path: Path) -> None:
    text = "id,label,prediction,p:a,p:b\n1,a;b,a|b,0.9,0.8\n2,b,emu,0.2,0.7\n"
    with pytest.raises(DataError, match=r"line 3: no column .* of the label 'emu'"):
        linnaeus.evaluate(predictions=several(tmp_path, text), label_separator=";")


def test_labels_given_from_one_half_on_are_known_as_that_in_every_fold(tmp_path: Path) -> None:
    rows = ["1,a,a,0.53,0.2", "2,b,b,0.3,0.9", "3,a|b,a|b,0.51,0.7", "4,b,b,0.1,0.6"]
    folds = [
        several(tmp_path, "\n".join(["id,label,prediction,p:a,p:b", *part]), f"{place}.csv")
        for place, part in enumerate((rows[:2], rows[2:]))
    ]
    found = linnaeus.evaluate(predictions=folds, label_separator="|")
    assert found.predictions.thresholds is not None
    assert found.predictions.thresholds.tolist() == [0.5, 0.5]


def test_tables_with_their_classes_in_another_order_are_compared(tmp_path: Path) -> None:
    one = several(tmp_path, "id,label,p:a,p:b\n1,a|b,0.9,0.8\n2,b,0.2,0.7\n", "one.csv")
    other = several(tmp_path, "id,label,p:b,p:a\n1,a|b,0.3,0.8\n2,b,0.9,0.1\n", "other.csv")
    found = linnaeus.evaluate(predictions=one, against=other, label_separator="|")
    assert found.compared.paired is not None
