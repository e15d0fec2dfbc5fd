"""Pictures with several labels, from the table to the report, as a user has it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from command_line import linnaeus
from linnaeus import LinnaeusError, evaluate, load, load_dataset, train
from linnaeus.evaluation.label_metrics import LabelMetrics
from linnaeus.manifest import write_manifest
from linnaeus.progress import Quiet

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run


def test_it_learns_the_labels_of_pictures_that_it_never_saw(pairs_run: Run) -> None:
    metrics = pairs_run.metrics
    assert isinstance(metrics, LabelMetrics)
    assert metrics.micro_f1.low > metrics.usual_f1.value
    assert metrics.macro_average_precision.value > 0.6
    assert metrics.without_label > 0
    assert pairs_run.in_plain_words[0].startswith("Of 100 labels that it gives, ")


def test_the_bundle_says_that_there_may_be_several_and_from_where_each_is_given(
    pairs_run: Run,
) -> None:
    record = json.loads((pairs_run.bundle / "bundle.json").read_text("utf-8"))
    assert record["task"] == "multi"
    assert len(record["thresholds"]) == 4
    assert all(0 < one["value"] <= 0.5 and one["why"] for one in record["thresholds"])
    assert record["calibration"]["method"] == "temperature"
    assert not (pairs_run.bundle / "held_out.safetensors").exists()


def test_every_label_that_reaches_its_threshold_is_given_with_its_probability(
    pairs_run: Run, pairs_table: Path
) -> None:
    classifier = load(pairs_run.bundle)
    cuts = [one.value for one in classifier.record.thresholds]
    answers = classifier.predict(sorted(pairs_table.parent.glob("00*.png")))
    for row, one in zip(answers.probabilities, answers, strict=True):
        expected = {
            name: float(p)
            for name, p, cut in zip(answers.classes, row, cuts, strict=True)
            if p >= np.float32(cut)
        }
        assert dict(zip(one.labels, one.probabilities, strict=True)) == expected
        assert one.label == "|".join(expected)
    sums = answers.probabilities.sum(axis=1)
    assert sums.max() - sums.min() > 0.1


def test_predict_names_all_labels_or_none_of_the_classes_and_the_table_has_them(
    pairs_run: Run, pairs_table: Path, tmp_path: Path
) -> None:
    pictures = sorted(pairs_table.parent.glob("0[0-4]*.png"))
    lines = linnaeus("predict", pairs_run.bundle, *pictures)
    assert lines.code == 0, lines.err
    linnaeus("predict", pairs_run.bundle, *pictures, "--out", tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert any("|" in row["prediction"] for row in rows)
    for line, row in zip(lines.out.splitlines(), rows, strict=True):
        _, said, sure = line.split("\t")
        assert said == (row["prediction"] or "none of the classes")
        assert len(sure.split("|")) == len(said.split("|"))
    assert "none of the classes" in lines.out


def test_a_promise_of_one_true_label_is_refused(pairs_run: Run, pairs_table: Path) -> None:
    picture = pairs_table.parent / "000.png"
    done = linnaeus("predict", pairs_run.bundle, picture, "--sets", "0.9")
    assert done.code == 2
    assert "all labels that it finds probable" in done.sentence


def test_evaluate_judges_it_on_other_pictures_and_writes_the_report(
    pairs_run: Run, pairs_table: Path, tmp_path: Path
) -> None:
    done = linnaeus(
        *("evaluate", pairs_run.bundle, pairs_table, "--label-separator", "|"),
        *("--out", tmp_path / "judged"),
    )
    assert done.code == 0, done.err
    assert "mean average precision" in done.out
    assert "were left out" in done.out or "are left out" in done.out
    document = json.loads((tmp_path / "judged/report/metrics.json").read_text("utf-8"))
    assert document["test"]["task"] == "multi"
    ours = pairs_run.metrics
    assert document["test"]["images"] == ours.images
    again = document["test"]["macro_average_precision"]["value"]
    assert isinstance(ours, LabelMetrics)
    assert again == pytest.approx(ours.macro_average_precision.value, abs=1e-6)


def test_one_label_is_not_judged_by_several_nor_several_by_one(
    pairs_run: Run, pairs_table: Path, digits_run: Run, some_digits: Dataset
) -> None:
    several = load_dataset(pairs_table, label_separator="|")
    with pytest.raises(LinnaeusError, match="gives each picture one label"):
        evaluate(digits_run.bundle, several)
    with pytest.raises(LinnaeusError, match="gives each picture any number of labels"):
        evaluate(pairs_run.bundle, some_digits)


def test_where_no_picture_has_a_label_that_is_said(
    pairs_run: Run, pairs_table: Path, tmp_path: Path
) -> None:
    shutil.copy(pairs_table.parent / "000.png", tmp_path)
    (tmp_path / "none.csv").write_text("image,labels\n000.png,\n", encoding="utf-8")
    with pytest.raises(LinnaeusError, match="no picture has any label") as told:
        evaluate(pairs_run.bundle, tmp_path / "none.csv", label_separator="|")
    assert "two" not in str(told.value)


def test_a_loss_for_one_label_is_refused_of_a_pretrained_network_too(
    pairs_table: Path, shared_weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(LinnaeusError, match="the loss focal is for pictures of one label each"):
        train(
            pairs_table,
            label_separator="|",
            weights=shared_weights,
            preset="best",
            settings=["network.loss=focal"],
            out=tmp_path / "run",
        )


def test_a_loss_for_one_label_is_refused(pairs_table: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"network": {"loss": "focal"}}), encoding="utf-8")
    with pytest.raises(LinnaeusError, match="may have several"):
        train(
            pairs_table, label_separator="|", recipe=recipe, model="small_cnn", out=tmp_path / "run"
        )
    assert not (tmp_path / "run").exists()


def test_the_report_tells_what_labels_are_missed_and_the_card_what_it_is_for(
    pairs_run: Run,
) -> None:
    page = pairs_run.report.read_text("utf-8")
    for words in ("Label by label", "wrongly added", "Labels that come together", "given from"):
        assert words in page
    card = (pairs_run.bundle / "MODEL_CARD.md").read_text("utf-8")
    assert "Finding which of these 4 labels a picture has" in card
    assert "F1 of always answering" in card
    metrics = pairs_run.metrics
    assert f"On {metrics.images:,} held-out pictures" in card


@pytest.mark.slow
def test_a_pretrained_network_gets_a_head_of_several_labels(
    shared_weights: Path, photographs: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    """Photographs of waste, called also by whether they can be melted."""
    also = {"glass": "glass|melts", "metal": "metal|melts", "paper": "paper"}
    lines = ["image,labels"]
    for kind, labels in also.items():
        for file, content in photographs[kind].items():
            (tmp_path / file).write_bytes(content)
            lines.append(f"{file},{labels}")
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    told: list[str] = []

    class Listening(Quiet):
        def say(self, sentence: str) -> None:
            told.append(sentence)

    run = train(
        tmp_path / "labels.csv",
        out=tmp_path / "run",
        label_separator="|",
        weights=shared_weights,
        model="mobilenetv2_100.same_in1k",
        image_size=96,
        progress=Listening(),
    )
    (probe,) = [sentence for sentence in told if sentence.startswith("Stage probe")]
    assert "% mean average precision on validation" in probe
    assert "mean average precision on validation</th>" in run.report.read_text("utf-8")
    assert isinstance(run.metrics, LabelMetrics)
    melts = run.metrics.per_class[run.metrics.classes.index("melts")]
    assert melts.auroc
    assert melts.auroc.value > 0.7
    assert run.recipe.model == "mobilenetv2_100.same_in1k"


def test_a_bundle_from_before_there_were_several_labels_still_opens(
    digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    old = tmp_path / "bundle"
    shutil.copytree(digits_run.bundle, old)
    record = json.loads((old / "bundle.json").read_text("utf-8"))
    del record["task"], record["thresholds"]
    (old / "bundle.json").write_text(json.dumps(record), encoding="utf-8")
    (old / "manifest.json").unlink()
    write_manifest(old)
    picture = some_digits.source.read(some_digits.paths[0])
    then, now = (load(folder).predict(picture) for folder in (old, digits_run.bundle))
    np.testing.assert_array_equal(then.probabilities, now.probabilities)
    assert then[0].label == now[0].label
