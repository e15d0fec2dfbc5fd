"""A whole training: the same bits again, whole folders or none, and odd sets of pictures."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.errors import DataError, MissingError, UsageError, WriteError
from linnaeus.progress import Event, Stage
from linnaeus.training.run import Run

pytest.importorskip("torch")

SAME_EVERY_TIME = (
    "audit.json",
    "bundle/golden.safetensors",
    "bundle/held_out.safetensors",
    "bundle/model.onnx",
    "bundle/trained_on.safetensors",
    "bundle/weights.safetensors",
    "predictions.csv",
    "recipe.json",
    "split.csv",
)


class Listening:
    """A Progress that keeps what it is told, and does something at the first unit of a stage."""

    def __init__(self, at: str = "", do: object = None) -> None:
        self.sentences: list[str] = []
        self.warnings: list[str] = []
        self.events: list[Event] = []
        self._at, self._do = at, do
        self._stage = ""

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        self._stage = name
        yield self

    def log(self, event: Event) -> None:
        self.events.append(event)

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        if self._at and self._stage == self._at and callable(self._do):
            self._at = ""
            self._do()


def digests(run: Run) -> dict[str, str]:
    """The SHA-256 of what must be the same to the bit, and the record apart from its date."""
    found = {
        name: hashlib.sha256((run.folder / name).read_bytes()).hexdigest()
        for name in SAME_EVERY_TIME
    }
    record = json.loads((run.bundle / "bundle.json").read_text())
    del record["created"]
    return {**found, "bundle.json": json.dumps(record)}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def write_pictures(folder: Path, counts: dict[str, int]) -> Path:
    """Class folders of little noise pictures: each class has its own brightness."""
    for label, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            noise = np.random.default_rng([label, number]).integers(0, 60, (12, 16, 3))
            pixels = (noise + 60 * label).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


# The same bits


def test_the_same_seed_gives_the_same_bits_with_any_number_of_workers(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    again = linnaeus.train(
        some_digits,
        out=tmp_path / "again",
        model="small_cnn",
        epochs=2,
        precision="float32",
        workers=5,
    )
    assert digests(again) == digests(digits_run)


@pytest.mark.slow
def test_another_seed_gives_another_split_and_other_weights(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    other = linnaeus.train(
        some_digits, out=tmp_path / "other", recipe=digits_run.recipe, epochs=2, seed=1
    )
    theirs, ours = digests(other), digests(digits_run)
    for name in ("split.csv", "bundle/weights.safetensors", "bundle/model.onnx"):
        assert theirs[name] != ours[name]


@pytest.mark.slow
def test_a_run_within_a_budget_is_repeated_from_its_recipe(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    first = linnaeus.train(some_digits, out=tmp_path / "first", model="small_cnn", budget="1s")
    file = first.folder / "recipe.json"
    again = linnaeus.train(some_digits, out=tmp_path / "again", recipe=file)
    assert digests(again) == digests(first)


@pytest.mark.slow
def test_a_head_on_a_frozen_backbone_is_learnt_to_the_same_bits(
    photo_set: Path, shared_weights: Path, tmp_path: Path
) -> None:
    first = linnaeus.train(
        photo_set,
        out=tmp_path / "first",
        model="mobilenetv2_100",
        weights=shared_weights,
        workers=1,
    )
    again = linnaeus.train(
        photo_set,
        out=tmp_path / "again",
        recipe=first.folder / "recipe.json",
        weights=shared_weights,
        workers=4,
    )
    assert digests(again) == digests(first)
    assert first.metrics.accuracy.low > first.metrics.majority_class_accuracy.value


# What a run leaves


def test_the_recipe_leaves_nothing_to_choose(digits_run: Run) -> None:
    written = json.loads((digits_run.folder / "recipe.json").read_text())
    assert written["model"] == "small_cnn"
    assert written["image_size_px"] == [8, 8]
    assert written["fit"] == "stretch"
    assert written["precision"] == "float32"
    assert written["network"]["batch_size"] > 0
    assert written["network"]["paces"]
    assert written["network"]["precision"] in ("float32", "bfloat16")


def test_every_picture_is_in_the_split_table(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    rows = rows_of(digits_run.folder / "split.csv")
    assert [row["image"] for row in rows] == list(some_digits.paths)
    shares = [sum(row["split"] == name for row in rows) for name in ("train", "validation", "test")]
    assert sum(shares) == 599
    assert shares[1] == pytest.approx(60, abs=5)
    assert shares[2] == pytest.approx(120, abs=5)
    digest = hashlib.sha256(some_digits.source.read(rows[0]["image"])).hexdigest()
    assert rows[0]["sha256"] == digest


def test_nothing_but_the_run_stands_beside_it(digits_run: Run) -> None:
    assert [file.name for file in digits_run.folder.parent.iterdir()] == ["run"]
    assert sorted(file.name for file in digits_run.folder.iterdir()) == [
        "audit.json",
        "begun.json",
        "bundle",
        "log.jsonl",
        "predictions.csv",
        "recipe.json",
        "report",
        "split.csv",
    ]


def test_the_precision_asked_for_is_the_one_that_answers(digits_run: Run) -> None:
    serving = json.loads((digits_run.bundle / "bundle.json").read_text())["serving"]
    assert (serving["precision"], serving["why"]) == ("float32", "asked for")
    assert digits_run.classifier().precision == "float32"


# Odd sets


def test_a_class_of_three_is_learnt_and_judged(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", {"common": 30, "rare": 3})
    listening = Listening()
    run = linnaeus.train(
        data, out=tmp_path / "run", model="small_cnn", epochs=4, progress=listening
    )
    splits = [r["split"] for r in rows_of(run.folder / "split.csv") if r["label"] == "rare"]
    assert sorted(splits) == ["test", "train", "validation"]
    assert any("rare" in sentence for sentence in listening.sentences)


def test_a_class_of_one_is_refused_by_name_unless_tiny_ones_are_allowed(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", {"common": 30, "other": 30, "lonely": 1})
    options = {"model": "small_cnn", "epochs": 2}
    with pytest.raises(DataError, match="lonely"):
        linnaeus.train(data, out=tmp_path / "run", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()
    run = linnaeus.train(data, out=tmp_path / "run", allow_tiny=True, **options)  # type: ignore[arg-type]
    lonely = [r["split"] for r in rows_of(run.folder / "split.csv") if r["label"] == "lonely"]
    assert lonely == ["train"]
    assert "lonely" in run.classifier().classes


def test_flat_little_pictures_are_learnt_and_their_recipe_is_one(tmp_path: Path) -> None:
    data = tmp_path / "icons"
    for label in (0, 1):
        (data / str(label)).mkdir(parents=True)
        for number in range(8):
            strip = np.random.default_rng([label, number]).integers(0, 99, (4, 40, 3))
            pixels = (strip + 120 * label).astype(np.uint8)
            Image.fromarray(pixels).save(data / str(label) / f"{number}.png")
    first = linnaeus.train(data, out=tmp_path / "first", model="small_cnn", epochs=3)
    again = linnaeus.train(data, out=tmp_path / "again", recipe=first.folder / "recipe.json")
    assert digests(again) == digests(first)


def test_unreadable_pictures_are_left_out_and_named_everywhere(
    photo_folder: Path, tmp_path: Path
) -> None:
    good = next((photo_folder / "glass").iterdir()).read_bytes()
    (photo_folder / "glass" / "half.jpg").write_bytes(good[:2000])
    (photo_folder / "paper" / "empty.jpg").write_bytes(b"")
    listening = Listening()
    run = linnaeus.train(
        photo_folder, out=tmp_path / "run", model="small_cnn", epochs=1, progress=listening
    )
    table = {row["image"]: row for row in rows_of(run.folder / "split.csv")}
    for name, reason in (("glass/half.jpg", "truncated"), ("paper/empty.jpg", "empty")):
        assert any(name in warning and reason in warning for warning in listening.warnings)
        assert table[name]["split"] == "left out"
        assert reason in table[name]["reason"]
        page = run.report.read_text(encoding="utf-8")
        assert name in page.replace("<wbr>", "")
        figures = json.loads((run.folder / "report" / "metrics.json").read_text(encoding="utf-8"))
        assert reason in figures["data"]["unreadable"][name]
    assert len(table) == 38


def test_a_set_without_one_readable_picture_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "data" / name / f"{number}.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match="none of the 6 pictures can be read"):
        linnaeus.train(tmp_path / "data", out=tmp_path / "run", model="small_cnn")
    assert not (tmp_path / "run").exists()


# Refused before the work


def test_a_used_folder_is_refused_before_any_work_and_left_alone(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    listening = Listening()
    with pytest.raises(WriteError, match="already exists"):
        linnaeus.train(some_digits, out=tmp_path, model="small_cnn", progress=listening)
    assert listening.sentences == []
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_network_without_weights_is_refused_by_name(
    some_digits: linnaeus.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINNAEUS_WEIGHTS", raising=False)
    with pytest.raises(MissingError, match="resnet9000"):
        linnaeus.train(some_digits, out=tmp_path / "run", model="resnet9000")
    with pytest.raises(MissingError, match="no pretrained weights are here"):
        linnaeus.train(some_digits, out=tmp_path / "run", weights=tmp_path)


def test_a_recipe_with_an_unknown_field_is_refused(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    written = json.loads((digits_run.folder / "recipe.json").read_text())
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({**written, "learning_rate": 1}))
    with pytest.raises(UsageError, match="learning_rate"):
        linnaeus.train(some_digits, recipe=file)


def test_what_goes_wrong_before_anything_is_learnt_leaves_nothing_behind(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    for stage in ("Reading pictures", "Learning"):
        with pytest.raises(KeyboardInterrupt):
            linnaeus.train(
                some_digits,
                out=tmp_path / "runs" / "run",
                model="small_cnn",
                epochs=1,
                cache=False,
                progress=Listening(stage, fail),
            )
        assert not (tmp_path / "runs").exists() or list((tmp_path / "runs").iterdir()) == []


def test_what_goes_wrong_afterwards_costs_no_learning(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    def must_not() -> None:
        raise AssertionError("it learns again")

    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        linnaeus.train(
            some_digits, out=run, model="cnn-tiny", epochs=1, progress=Listening("Judging", fail)
        )
    assert not (run / "bundle").exists()
    gone_on = linnaeus.train(some_digits, resume=run, progress=Listening("Learning", must_not))
    assert gone_on.metrics.accuracy.value > 0.5
    assert sorted(file.name for file in run.iterdir()) == [
        "audit.json",
        "begun.json",
        "bundle",
        "log.jsonl",
        "predictions.csv",
        "recipe.json",
        "report",
        "split.csv",
    ]


@pytest.mark.parametrize(
    ("preset", "field", "value", "told"),
    [
        (None, "network.loss", "focal", "is fitted, without loss"),
        (None, "network.label_smoothing", 0, "is fitted, without label_smoothing"),
        (None, "network.patience", 3, "is fitted, without patience"),
        (None, "transfer.rate_decay", 0.5, "no pretrained network is tuned"),
        (None, "transfer.frozen", 3, "no pretrained network is tuned"),
        ("best", "network.learning_rate", 0.01, "is tuned by AdamW"),
    ],
)
def test_how_a_network_learns_is_not_forgotten_where_none_does(
    photo_folder: Path,
    shared_weights: Path,
    tmp_path: Path,
    preset: str | None,
    field: str,
    value: object,
    told: str,
) -> None:
    with pytest.raises(UsageError, match=told) as error:
        linnaeus.train(
            photo_folder,
            out=tmp_path / "run",
            model="mobilenetv2_100",
            weights=shared_weights,
            preset=preset,
            settings={field: value},
        )
    assert field in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_whose_stages_were_left_out_can_be_repeated(
    photo_folder: Path, shared_weights: Path, tmp_path: Path
) -> None:
    asked = {"weights": shared_weights, "image_size": 64}
    short = linnaeus.train(
        photo_folder,
        out=tmp_path / "short",
        model="mobilenetv2_100",
        budget=1e-6,
        augment="auto",
        settings={"network.optimiser": "adamw", "transfer.rate_decay": 0.5},
        **asked,  # type: ignore[arg-type]
    )
    assert [stage.learns for stage in short.recipe.transfer.done] == ["probe"]
    again = linnaeus.train(
        photo_folder,
        out=tmp_path / "again",
        recipe=tmp_path / "short" / "recipe.json",
        **asked,  # type: ignore[arg-type]
    )
    first, second = (run.folder / "predictions.csv" for run in (short, again))
    assert first.read_bytes() == second.read_bytes()
