"""Tables of answers from anywhere: what is judged, and what is refused with its row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import alike, random_answers
from PIL import Image

import linnaeus
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.evaluation.evaluate import Evaluation
from linnaeus.evaluation.metrics import Metrics, measure

sklearn_metrics = pytest.importorskip("sklearn.metrics")

SMALL = """id,truth,cat,dog
a.jpg,cat,0.75,0.25
b.jpg,dog,0.5,0.5
c.jpg,dog,0.125,0.875
"""


def judged(folder: Path, text: str, **how: Any) -> Evaluation:
    """The evaluation of a CSV file of this text, whose labels stand under `truth`."""
    file = folder / "answers.csv"
    file.write_text(text, encoding="utf-8")
    return linnaeus.evaluate(predictions=file, **({"label_column": "truth"} | how))


def test_sure_answers_are_measured_by_every_digit_that_a_table_gives(tmp_path: Path) -> None:
    """Rounded to float32 nearly all of these would tie at 1, and mistakes cost 15.9 at most."""
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 400)
    odds = random.normal(np.where(labels == 1, 24.0, 20.0), 4.0)
    cat = 1 / (1 + np.exp(odds))
    cat[np.flatnonzero(labels == 0)[:3]] = 1e-12
    columns = zip(labels, cat.tolist(), (1 - cat).tolist(), strict=True)
    rows = [f"{at},{('cat', 'dog')[of]},{p!r},{q!r}" for at, (of, p, q) in enumerate(columns)]
    found = judged(tmp_path, "\n".join(["id,truth,cat,dog", *rows]) + "\n")
    assert isinstance(found.metrics, Metrics)
    area = sklearn_metrics.roc_auc_score(labels == 0, cat)
    loss = sklearn_metrics.log_loss(labels, np.stack([cat, 1 - cat], axis=1))
    (of_cat, _) = found.metrics.further.one_against_rest.per_class
    assert of_cat.auroc is not None
    assert of_cat.auroc.value == pytest.approx(area, abs=1e-9)
    assert found.metrics.log_loss.value == pytest.approx(loss, abs=1e-9)


def test_what_predict_writes_is_judged_as_the_predictions_were(tmp_path: Path) -> None:
    answers = random_answers(0, 60, 7)
    write_csv(tmp_path / "p.csv", answers)
    found = linnaeus.evaluate(predictions=tmp_path / "p.csv")
    assert alike(found.metrics.to_json(), measure(answers).to_json())
    assert found.predictions.ids == answers.ids
    assert found.report is None


def test_columns_named_by_their_classes_are_classes(tmp_path: Path) -> None:
    found = judged(tmp_path, SMALL)
    assert found.predictions.classes == ("cat", "dog")
    assert found.metrics.images == 3
    assert found.metrics.accuracy.value == pytest.approx(2 / 3)  # at equal odds the earlier: cat
    assert found.metrics.log_loss.value == pytest.approx(-np.log([0.75, 0.5, 0.875]).mean())


def test_json_lines_and_parquet_say_the_same(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"id": f"{i}.jpg", "label": "cat" if i % 3 else "dog", "p:cat": 0.75, "p:dog": 0.25}
        for i in range(6)
    ]
    lines, columns = tmp_path / "a.jsonl", tmp_path / "a.parquet"
    lines.write_text("\n".join(map(json.dumps, rows)))
    parquet.write_table(pytest.importorskip("pyarrow").Table.from_pylist(rows), columns)
    one, other = (linnaeus.evaluate(predictions=file) for file in (lines, columns))
    assert one.metrics.accuracy.value == pytest.approx(4 / 6)
    assert one.metrics.to_json() == other.metrics.to_json()


def test_rows_without_names_go_by_their_line_and_that_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, "truth,cat,dog\ncat,0.9,0.1\ndog,0.2,0.8\n")
    assert found.predictions.ids == ("line 2", "line 3")
    assert "No column names the pictures, so they go by their line." in found.remarks


def test_text_beside_the_answers_is_told_and_not_a_class(tmp_path: Path) -> None:
    text = "id,truth,cat,dog,camera\na,cat,0.9,0.1,north\nb,dog,0.2,0.8,south\n"
    found = judged(tmp_path, text)
    assert found.predictions.classes == ("cat", "dog")
    assert not any("camera" in remark for remark in found.remarks)


def test_a_class_that_no_label_names_is_a_class(tmp_path: Path) -> None:
    text = "id,truth,cat,dog,emu\na,cat,0.8,0.1,0.1\nb,dog,0.2,0.2,0.6\n"
    assert judged(tmp_path, text).predictions.classes == ("cat", "dog", "emu")


def test_answers_that_are_not_the_likeliest_are_told(tmp_path: Path) -> None:
    text = "id,truth,prediction,p:cat,p:dog\na,cat,dog,0.9,0.1\nb,dog,dog,0.2,0.8\n"
    assert any("In 1 row the column “prediction”" in r for r in judged(tmp_path, text).remarks)


def test_unread_and_unlabelled_pictures_are_counted_and_in_no_figure(tmp_path: Path) -> None:
    text = (
        "image,label,error,p:cat,p:dog\n"
        "a,cat,,0.9,0.1\nb,dog,the file is empty,,\nc,,,0.5,0.5\nd,dog,,0.2,0.8\n"
    )
    found = judged(tmp_path, text, label_column="label")
    assert (found.metrics.images, found.metrics.unread, found.metrics.unlabelled) == (2, 1, 1)
    assert found.predictions.errors == {"b": "the file is empty"}


def test_groups_are_taken_together_and_an_empty_one_stands_alone(tmp_path: Path) -> None:
    rows = [f"{i},cat,0.9,0.1,{'' if i < 3 else f'p{i % 2}'}" for i in range(12)]
    found = judged(tmp_path, "\n".join(["id,truth,cat,dog,who", *rows]), group_column="who")
    assert found.metrics.groups == 5


def test_the_report_has_pictures_only_where_the_names_lead_to_files(tmp_path: Path) -> None:
    without = judged(tmp_path, SMALL, out=str(tmp_path / "without")).report
    Image.new("RGB", (8, 8), "red").save(tmp_path / "b.jpg")
    within = judged(tmp_path, SMALL, out=str(tmp_path / "within")).report
    assert without is not None
    assert within is not None
    assert "<img" not in without.read_text("utf-8")
    assert "picture not at hand" not in without.read_text("utf-8")
    assert "<img" in within.read_text("utf-8")
    figures = json.loads(without.with_name("metrics.json").read_text("utf-8"))
    assert (figures["model"], figures["bundle"], figures["unknown"]) == (None, None, None)
    assert figures["test"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert (tmp_path / "without/predictions.csv").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id,cat,dog\na,1,0\n", "there is no column 'truth'"),
        ("id,truth,cat,dog\na,cat,1,0\nb,emu,0,1\n", r"line 3: no column .* of the label 'emu'"),
        ("id,truth,cat,dog\na,,1,0\nb,,0,1\n", "'truth' is empty in every row"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,nan,1\n", "line 3: the probability of 'cat' is 'nan'"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,,1\n", "line 3: the probability of 'cat' is missing"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,x,1\n", "line 3: the probability of 'cat' is 'x'"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,0_0.1,0.9\n", "line 3: .* 'cat' is '0_0.1', which"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,٠.١,0.9\n", "line 3: .* 'cat' is '٠.١', which"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,-0.1,1.1\n", "line 3: .* 'cat' is -0.1, which is not"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,0,1\nc,dog,0,1.4\n", "line 4: .* 'dog' is 1.4"),
        ("id,truth,cat,dog\na,cat,1,0\nb,dog,0.3,0.6\n", "line 3: the probabilities sum to 0.9,"),
        ("id,truth,cat,dog\na,cat,1,0\na,dog,0,1\n", "line 3: 'a' stands in line 2 too"),
        ("id,truth,cat,dog\na,cat,3.5,-1\nb,dog,-2,4.5\n", "look like logits .*softmax"),
        ("id,truth,cat,dog\na,cat,97,3\nb,dog,40,60\n", "percentages .*Divide by 100"),
        ("id,truth,cat,dog,emu\na,cat,33.3,33.3,33.3\nb,dog,90,9,2\n", "percentages"),
        (
            "id,truth,cat,dog,emu,age\na,cat,0.6,0.3,0.1,40\nb,dog,0.2,0.7,0.1,50\n",
            "rows sum to 1 without 'age', so that is no class's probability",
        ),
        (
            f"id,truth,cat,dog\na,cat,{np.log(0.9)},{np.log(0.1)}\nb,dog,0,-99\n",
            "logarithms .*exponential",
        ),
        ("id,truth,cat\na,cat,1\n", "1 column of probabilities was found"),
        ("id,truth,p:cat,p:\na,cat,1,0\nb,,0,1\n", "the column 'p:' names no class"),
        ("id,truth,p:cat,p:cat\na,cat,1,0\n", "two columns give the probability of 'cat'"),
        ("id,truth,cat,dog\na,cat|dog,1,0\n", "'cat|dog' is several labels".replace("|", r"\|")),
        (
            "id,truth,cat,dog,age\na,cat,1,0,40\nb,dog,0,1,50\n",
            "rows sum to 1 without 'age', so that is no class's probability",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_row(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        judged(tmp_path, text)


@pytest.mark.parametrize("option", ["image_column", "label_column", "group_column"])
def test_a_column_without_a_name_is_none(tmp_path: Path, option: str) -> None:
    mend = f"--{option.replace('_', '-')}"
    with pytest.raises(DataError, match=f"there is no column ''.* {mend}"):
        judged(tmp_path, SMALL, **{option: ""})


def test_what_two_columns_of_labels_say_is_not_chosen_by_their_names(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    rows = "a,cat,cat,cow,0.9,0.1\nb,dog,cat,cow,0.9,0.1\n"
    file.write_text(f"id,label,target,species,p:cat,p:dog\n{rows}")
    told = "line 3: the columns 'label' and 'target' may both be the labels"
    with pytest.raises(DataError, match=f"{told}.* --label-column"):
        linnaeus.evaluate(predictions=file)
    found = linnaeus.evaluate(predictions=file, label_column="target")
    assert found.metrics.accuracy.value == 1
    file.write_text(f"id,label,other,species,p:cat,p:dog\n{rows}")
    assert linnaeus.evaluate(predictions=file).metrics.accuracy.value == 0.5


def test_of_a_number_of_many_digits_the_first_are_told(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(f'{{"id": "a", "label": "cat", "p:cat": {"7" * 400}, "p:dog": 0}}\n')
    with pytest.raises(DataError, match=f"'{'7' * 40}…', which is no finite number"):
        linnaeus.evaluate(predictions=file)


@pytest.mark.parametrize("sum_", [0.999, 0.9991, 1.0009, 1.001])
def test_rows_that_rounding_left_off_1_are_judged(tmp_path: Path, sum_: float) -> None:
    text = f"id,truth,cat,dog\na,cat,{sum_ - 0.25},0.25\nb,dog,-1e-8,1.0000001\n"
    found = judged(tmp_path, text)
    assert found.metrics.images == 2
    assert found.predictions.probabilities[1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"prevalence": "x"}, "--prevalence: 'x' is not a number"),
        ({"sensitivity": "0.9"}, "--sensitivity: '0.9' is not a number"),
        ({"changed_above": "x"}, "--changed-above: 'x' is not a number"),
        ({"top_k": "3"}, "--top-k: '3' is not a whole number"),
        ({"top_k": 1.5}, "--top-k: 1.5 is not a whole number"),
        ({"costs": "10:1"}, "--costs: '10:1' is not two numbers"),
        ({"costs": (1,)}, r"--costs: \(1,\) is not two numbers"),
        ({"costs": (1, None)}, "--costs: .* is not two numbers"),
        ({"positive": 1}, "--positive: 1 is not a text"),
        ({"label_separator": 1}, "--label-separator: 1 is not a text"),
        ({"label_column": 1}, "--label-column: 1 is not a text or several"),
        ({"slice_by": [1]}, r"--slice-by: \[1\] is not a text or several"),
        ({"fairness": 1}, "--fairness: 1 is not a text or several"),
        ({"out": 1}, "--out: 1 is not a path"),
        ({"against": 1}, "--against: 1 is not a path"),
        ({"out": "a\0b"}, r"--out: 'a\\x00b' is not a path"),
        ({"against": Path("a\0b")}, r"--against: .*'a\\x00b'.* is not a path"),
        ({"predictions": "a\0b.csv"}, r"--predictions: 'a\\x00b.csv' is not a path"),
        ({"fairness": [None]}, r"--fairness: \[None\] is not a text or several"),
        ({"predictions": [1]}, r"--predictions: \[1\] is not a path or several"),
        ({"predictions": []}, "--predictions: there is no table"),
        ({"data": 1}, "--data: 1 is not a path"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_refused_in_a_sentence(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        linnaeus.evaluate(**({"predictions": "p.csv"} | given))


def test_numbers_of_numpy_are_the_numbers_that_they_are(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    table.write_text(SMALL)
    told = {
        name: linnaeus.evaluate(
            predictions=table,
            label_column="truth",
            out=tmp_path / name,
            top_k=whole(1),
            prevalence=number(0.125),
            sensitivity=number(0.5),
            costs=(number(10), whole(1)),
        ).report
        for name, number, whole in (("numpy", np.float32, np.int64), ("python", float, int))
    }
    ours, plain = (
        json.loads(page.with_name("metrics.json").read_text("utf-8"))["test"]
        for page in told.values()
        if page is not None
    )
    assert ours == plain
    assert 0.125 in [test["prevalence"] for test in ours["as_a_test"]]


def test_a_number_too_large_for_any_float_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--prevalence"):
        judged(tmp_path, SMALL, prevalence=10**400)


def test_none_means_what_leaving_out_does(tmp_path: Path) -> None:
    text = "id,truth,cat,dog,site\n" + "".join(
        f"{i},{'dog' if i % 3 else 'cat'},0.5,0.5,{'AB'[i % 2]}\n" for i in range(40)
    )
    with_none = judged(tmp_path, text, slice_by=None, fairness=None)
    assert with_none.slices.to_json() == judged(tmp_path, text).slices.to_json()
    assert with_none.slices.traits == ("site",)


def test_a_bundle_beside_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="with --predictions, BUNDLE and --table have no meaning"):
        linnaeus.evaluate("bundle", predictions="p.csv", table="t.csv")
    with pytest.raises(UsageError, match="there is nothing to judge"):
        linnaeus.evaluate("bundle")
    with pytest.raises(UsageError, match="labels of a table of answers stand in one column"):
        linnaeus.evaluate(predictions="p.csv", label_column=["a", "b"])


def test_a_used_folder_is_refused_before_the_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(WriteError, match="already exists"):
        linnaeus.evaluate(predictions="absent.csv", out=tmp_path)


def test_a_file_that_is_not_there_or_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.csv: it cannot be opened"):
        linnaeus.evaluate(predictions=tmp_path / "absent.csv")
    with pytest.raises(DataError, match="no table of answers"):
        linnaeus.evaluate(predictions=tmp_path / "answers.xlsx")


def test_names_of_classes_agree_however_they_are_encoded(tmp_path: Path) -> None:
    text = "id,truth,p:cafe\u0301,p:tea\na,caf\u00e9,0.9,0.1\nb,tea,0.2,0.8\n"
    found = judged(tmp_path, text)
    assert isinstance(found.predictions, Predictions)
    assert found.metrics.accuracy.value == 1


def test_what_is_asked_besides_is_told_of_a_table_too(tmp_path: Path) -> None:
    """Both cats found and one dog of two spared: where 1 in 5 is a cat, 0.2 / (0.2 + 0.4)."""
    text = "id,truth,cat,dog\na,cat,0.9,0.1\nb,cat,0.7,0.3\nc,dog,0.6,0.4\nd,dog,0.2,0.8\n"
    file = tmp_path / "a.csv"
    file.write_text(text)
    _, there = linnaeus.evaluate(
        predictions=file, label_column="truth", positive="cat", prevalence=0.2, top_k=1
    ).metrics.to_json()["as_a_test"]
    assert (there["positive"], there["stated"]) == ("cat", True)
    assert there["positive_predictive_value"]["value"] == pytest.approx(1 / 3)
    assert there["negative_predictive_value"]["value"] == 1
