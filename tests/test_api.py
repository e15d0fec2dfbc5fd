"""The Python API: the verbs as functions, and one answer however a picture is handed over."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.data.scan import scan
from linnaeus.errors import DataError, UnreadableImage, UsageError, WriteError
from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def classifier(photo_run: Run) -> linnaeus.Classifier:
    return linnaeus.load(photo_run.bundle)


@pytest.fixture(scope="module")
def files(photo_set: Path) -> list[Path]:
    return sorted(photo_set.rglob("*.jpg"))


# One preprocessing, one answer


def test_training_and_every_way_of_predicting_see_the_same_bits(
    classifier: linnaeus.Classifier, photo_set: Path
) -> None:
    preprocessing = classifier.record.preprocessing
    dataset = linnaeus.load_dataset(photo_set)
    learnt_from = scan(dataset, preprocessing=preprocessing).pixels
    assert learnt_from is not None
    for path, pixels in zip(dataset.paths, learnt_from, strict=True):
        file = photo_set / path
        upright = np.asarray(Image.open(file).convert("RGB"))
        for source in (file, str(file), file.read_bytes(), Image.open(file), upright):
            assert np.array_equal(preprocessing.read(source)[0], pixels)


def test_every_way_of_handing_over_a_picture_gives_the_same_probabilities(
    classifier: linnaeus.Classifier, files: list[Path]
) -> None:
    file = files[0]
    expected = classifier.predict(file).probabilities
    upright = np.asarray(Image.open(file).convert("RGB"))
    several = ([file], (file,), file.parent.glob(file.name))
    sources = (str(file), file.read_bytes(), Image.open(file), upright, *several)
    for source in sources:
        assert np.array_equal(classifier.predict(source).probabilities, expected)


def test_many_at_once_and_one_alone_give_the_same_bits(
    classifier: linnaeus.Classifier, files: list[Path]
) -> None:
    together = classifier.predict(files)
    alone = np.concatenate([classifier.predict(file).probabilities for file in files])
    assert np.array_equal(together.probabilities, alone)
    assert np.array_equal(classifier.predict(files[::-1]).probabilities, alone[::-1])
    assert together.ids == tuple(map(str, files))


def test_threads_do_not_mix_answers_up(classifier: linnaeus.Classifier, files: list[Path]) -> None:
    expected = classifier.predict(files).probabilities
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: classifier.predict(files).probabilities, range(4)))
    assert all(np.array_equal(answer, expected) for answer in answers)


def test_the_run_s_table_is_what_its_bundle_answers(photo_run: Run, photo_set: Path) -> None:
    with (photo_run.folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    again = linnaeus.load(photo_run.bundle).predict([photo_set / row["image"] for row in rows])
    table = [[row[f"p:{name}"] for name in again.classes] for row in rows]
    assert np.array_equal(np.array(table).astype(np.float32), again.probabilities)
    right = np.mean([row["prediction"] == row["label"] for row in rows])
    assert photo_run.metrics.accuracy.value == pytest.approx(right)


def test_probabilities_are_probabilities(
    classifier: linnaeus.Classifier, files: list[Path]
) -> None:
    answered = classifier.predict(files)
    assert answered.probabilities.dtype == np.float32
    assert answered.probabilities.shape == (len(files), len(classifier.classes))
    assert np.abs(answered.probabilities.sum(axis=1) - 1).max() < 1e-5
    for one, row in zip(answered, answered.probabilities, strict=True):
        assert one.label == classifier.classes[int(row.argmax())]
        assert one.confidence == pytest.approx(float(row.max()))


def test_an_empty_list_gets_an_empty_answer(classifier: linnaeus.Classifier) -> None:
    nothing = classifier.predict([])
    assert len(nothing) == 0
    assert nothing.probabilities.shape == (0, len(classifier.classes))


def test_grey_turned_and_animated_pictures_are_answered_and_noted(
    classifier: linnaeus.Classifier, files: list[Path], tmp_path: Path
) -> None:
    photo = Image.open(files[0])
    exif = Image.Exif()
    exif[274] = 6
    photo.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    photo.convert("L").save(tmp_path / "grey.png")
    photo.save(tmp_path / "moving.gif", save_all=True, append_images=[photo.convert("L")])
    sources = [tmp_path / name for name in ("turned.png", "grey.png", "moving.gif")]
    answered = classifier.predict(sources)
    assert np.array_equal(answered.probabilities[0], classifier.predict(photo).probabilities[0])
    assert set(answered.notes) == {str(sources[0]), str(sources[2])}


# Pictures that cannot be read


def test_an_unreadable_picture_is_raised_by_name(
    classifier: linnaeus.Classifier, files: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "half.jpg").write_bytes(files[0].read_bytes()[:3000])
    with pytest.raises(UnreadableImage, match=r"half\.jpg: the file is truncated"):
        classifier.predict([files[0], tmp_path / "half.jpg"])


def test_an_unreadable_picture_is_kept_where_that_is_asked_for(
    classifier: linnaeus.Classifier, files: list[Path]
) -> None:
    answered = classifier.predict([files[0], b"", files[1]], unreadable="keep")
    assert answered.errors == {"1": "the file is empty"}
    assert np.isnan(answered.probabilities[1]).all()
    assert np.isfinite(answered.probabilities[[0, 2]]).all()
    assert answered.decisions[1] == -1


def test_two_pictures_of_one_name_have_an_answer_each(
    classifier: linnaeus.Classifier,
    files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bytes are called by their position, as the file is by chance."""
    monkeypatch.chdir(tmp_path)
    Image.open(files[0]).save("0", "GIF", save_all=True, append_images=[Image.open(files[1])])
    (whole,) = classifier.predict("0")
    broken, good = classifier.predict([b"", "0"], unreadable="keep")
    assert (broken.id, broken.error, broken.notes) == ("0", "the file is empty", ())
    assert (good.label, good.confidence, good.error) == (whole.label, whole.confidence, "")
    assert good.notes == ("only the first frame of several was taken",)


def test_an_array_that_is_no_picture_is_told(classifier: linnaeus.Classifier) -> None:
    with pytest.raises(UnreadableImage, match=r"shape \(9, 9, 4\)"):
        classifier.predict(np.zeros((9, 9, 4), np.uint8))


# evaluate


def test_evaluate_counts_only_what_the_bundle_has_not_seen(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    """599 digits made the run; of twice as many the others and its own test are judged."""
    digits = linnaeus.load_dataset("digits")
    both = digits.subset([row for row in range(len(digits)) if row % 3 < 2])
    with (digits_run.folder / "split.csv").open(encoding="utf-8", newline="") as file:
        used = sum(row["split"] in ("train", "validation") for row in csv.DictReader(file))
    judged = linnaeus.evaluate(digits_run.bundle, both)
    assert judged.metrics.images == len(both) - used
    assert any(f"{used:,} of {len(both):,} pictures are left out" in r for r in judged.remarks)
    assert judged.report is None


def test_evaluate_on_the_run_s_own_data_gives_the_run_s_own_figures(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    judged = linnaeus.evaluate(digits_run.folder, some_digits, out=tmp_path / "judged")
    assert judged.metrics.accuracy == digits_run.metrics.accuracy
    assert judged.metrics.log_loss.value == pytest.approx(digits_run.metrics.log_loss.value)
    figures = json.loads((tmp_path / "judged" / "report" / "metrics.json").read_text())
    assert figures["test"]["accuracy"]["value"] == judged.metrics.accuracy.value
    assert (tmp_path / "judged" / "predictions.csv").exists()


def test_evaluate_refuses_data_that_the_bundle_was_trained_on(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    with (digits_run.folder / "split.csv").open(encoding="utf-8", newline="") as file:
        rows = [i for i, row in enumerate(csv.DictReader(file)) if row["split"] == "train"]
    with pytest.raises(DataError, match="trained on every one of these"):
        linnaeus.evaluate(digits_run.bundle, some_digits.subset(rows))


def test_evaluate_names_classes_that_the_bundle_does_not_know(
    digits_run: Run, photo_set: Path
) -> None:
    with pytest.raises(DataError, match=r"the bundle knows no class 'cardboard'"):
        linnaeus.evaluate(digits_run.bundle, photo_set)


def test_evaluate_refuses_a_used_folder_and_leaves_it_alone(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(WriteError, match="already exists"):
        linnaeus.evaluate(digits_run.bundle, some_digits, out=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


# audit and load_dataset


def test_a_narrow_number_of_numpy_is_told_as_it_is_written(tmp_path: Path) -> None:
    rows = [f"{at},{'ab'[at % 2]},{p},{1 - p}" for at, p in enumerate([0.75, 0.25] * 20)]
    table = tmp_path / "answers.csv"
    table.write_text("\n".join(["id,label,a,b", *rows, ""]))
    for number in (np.float16, np.float32, np.float64):
        done = linnaeus.evaluate(
            predictions=table,
            out=tmp_path / number.__name__,
            sensitivity=number(0.9),
            prevalence=number(0.1),
        )
        assert done.report is not None
        page = done.report.read_text("utf-8")
        assert "sensitivity of 90 % on these pictures" in page
        assert "89.99" not in page
        with pytest.raises(UsageError, match=r"--sensitivity: 1.1 "):
            linnaeus.evaluate(predictions=table, sensitivity=number(1.1))


def test_audit_takes_a_path_or_a_data_set(photo_set: Path) -> None:
    from_path = linnaeus.audit(photo_set)
    from_dataset = linnaeus.audit(linnaeus.load_dataset(photo_set), workers=3)
    assert from_path.to_json() == from_dataset.to_json()


def test_columns_of_a_loaded_data_set_cannot_be_named_again(some_digits: linnaeus.Dataset) -> None:
    with pytest.raises(UsageError, match="loaded already"):
        linnaeus.audit(some_digits, group_column="writer")


# train: what is refused before any work


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"budget": "soon"}, '"soon" is not a time'),
        ({"budget": -1}, "not a time"),
        ({"budget": "0s"}, "not a time"),
        ({"seed": -1}, "seed"),
        ({"epochs": 0}, "epochs"),
        ({"precision": "float16"}, "precision"),
        ({"val": 0.9, "test": 0.5}, "--val and --test"),
        ({"test": 0}, "--test"),
        ({"val": -0.1}, "--val"),
        ({"recipe": "nowhere.json"}, "there is no such file"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    some_digits: linnaeus.Dataset, tmp_path: Path, options: dict[str, object], reason: str
) -> None:
    pytest.importorskip("torch")
    with pytest.raises(UsageError) as told:
        linnaeus.train(some_digits, out=tmp_path / "run", model="small_cnn", **options)  # type: ignore[arg-type]
    assert reason in str(told.value)
    assert told.value.mend
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("verb", "options", "reason"),
    [
        (linnaeus.split, {"folds": 1}, "--folds"),
        (linnaeus.split, {"folds": 3, "repeats": 0}, "--repeats"),
        (linnaeus.split, {"val": 1.5}, "--val"),
        (partial(linnaeus.explain, "no bundle"), {"limit": 0}, "--limit"),
        (partial(linnaeus.stress, "no bundle"), {"limit": -1}, "--limit"),
        (partial(linnaeus.certify, "no bundle"), {"limit": 0}, "--limit"),
    ],
)
def test_what_no_data_could_make_right_is_refused_before_they_are_read(
    tmp_path: Path, verb: Callable[..., object], options: dict[str, object], reason: str
) -> None:
    pytest.importorskip("scipy")
    with pytest.raises(UsageError) as told:
        verb(tmp_path / "no data", out=tmp_path / "out", **options)
    assert told.value.where == reason
    assert list(tmp_path.iterdir()) == []


def test_a_run_says_what_it_is(digits_run: Run) -> None:
    assert digits_run.metrics.accuracy.value > 0.8
    assert digits_run.in_plain_words[0]
    assert digits_run.report.exists()
    assert digits_run.classifier().classes == tuple("0123456789")
    assert digits_run.recipe.model == "small_cnn"
