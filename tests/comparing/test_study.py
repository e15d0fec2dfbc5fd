"""A study's folder: the same command finds it again, and what would not compare is refused."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from linnaeus.comparing.folds import saved_folds
from linnaeus.comparing.jobs import jobs_of
from linnaeus.comparing.records import weights_told
from linnaeus.comparing.sets import DataSet, opened_sets
from linnaeus.comparing.study import SHARES, Asked, opened_study, study_alone, usual_folder
from linnaeus.data.split_file import read_split_file
from linnaeus.errors import UsageError, WriteError
from linnaeus.models.weights import Backbone
from linnaeus.progress import Quiet

DIGITS = DataSet(name="digits", data="digits")
NONE = {"group_column": None}


def asked(**changes: object) -> Asked:
    return Asked(**{"sets": (DIGITS,), "models": ("mlp", "cnn-tiny"), **changes})


def test_the_same_command_finds_its_study_again(tmp_path: Path) -> None:
    assert usual_folder(asked()) == usual_folder(asked(workers=3, weights=("elsewhere",)))
    assert usual_folder(asked()) != usual_folder(asked(seed=1))
    opened_study(tmp_path / "study", asked()).settle("ceiling_s", 3.0)
    assert opened_study(tmp_path / "study", asked()).settled() == {"ceiling_s": 3.0}


@pytest.mark.parametrize("change", [{"folds": 3}, {"seed": 1}, {"preset": "quick"}])
def test_what_would_not_compare_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    opened_study(tmp_path / "study", asked())
    with pytest.raises(UsageError, match="this study was begun with"):
        opened_study(tmp_path / "study", asked(**change))


def test_further_models_join(tmp_path: Path) -> None:
    opened_study(tmp_path / "study", asked())
    study = opened_study(tmp_path / "study", asked(models=("plain", "mlp")))
    assert study.asked.models == ("mlp", "cnn-tiny", "plain")


def test_weights_of_earlier_models_are_still_known_where_others_join(tmp_path: Path) -> None:
    old, new = (str(tmp_path / name) for name in ("old", "new"))
    (tmp_path / "old").mkdir()
    opened_study(tmp_path / "study", asked(weights=(old, str(tmp_path / "gone"))))
    study = opened_study(tmp_path / "study", asked(models=("plain",), weights=(new,)))
    assert study.asked.weights == (new, old)
    assert opened_study(tmp_path / "study", asked()).asked.weights == (old,)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(WriteError, match="holds no study"):
        opened_study(tmp_path, asked())
    (tmp_path / "photo.jpg").unlink()
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(UsageError, match="not a study that can be gone on with"):
        opened_study(tmp_path, asked())


def test_a_study_is_read_when_no_other_process_is_at_work_on_it(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "photo.jpg").write_bytes(b"")
    with (
        pytest.raises(WriteError, match="holds no study"),
        study_alone(tmp_path / "other", Quiet()),
    ):
        pass
    assert [one.name for one in (tmp_path / "other").iterdir()] == ["photo.jpg"]
    folder, told = tmp_path / "study", []

    class Waited(Quiet):
        def say(self, sentence: str) -> None:
            told.append(sentence)
            settled.set()

    settled, found = threading.Event(), []

    def second() -> None:
        with study_alone(folder, Waited()):
            found.append(opened_study(folder, asked(models=("plain",))))

    with study_alone(folder, Quiet()):  # the lock alone makes the folder no strange one
        study = opened_study(folder, asked())
        other = threading.Thread(target=second)
        other.start()
        assert settled.wait(60)
        study.settle("ceiling_s", 3.0)
    other.join(60)
    assert told == ["Another process is at work on this study; waiting for it to end."]
    assert found[0].settled() == {"ceiling_s": 3.0}
    assert found[0].asked.models == ("mlp", "cnn-tiny", "plain")


def test_other_weights_of_the_same_name_are_other_weights(tmp_path: Path) -> None:
    told = []
    for name in ("one", "other"):
        folder = tmp_path / name / "resnet10t"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(name.encode())
        told.append(weights_told(Backbone("resnet10t", folder, "resnet10t", 176, "")))
    assert told[0] != told[1]
    assert all(one.startswith("resnet10t ") for one in told)
    assert weights_told(None) == ""


def test_a_study_has_a_training_for_every_fold_and_part(tmp_path: Path) -> None:
    study = opened_study(tmp_path / "study", asked(folds=5))
    jobs = list(jobs_of(study))
    assert len(jobs) == 2 * (5 + len(SHARES))
    assert len({job.file for job in jobs}) == len(jobs)
    study.settle("passes", {"digits": {"mlp": 2.5}})
    assert {job.epochs for job in jobs_of(study) if job.model == "mlp"} == {2.5}
    assert {job.epochs for job in jobs_of(study) if job.model == "cnn-tiny"} == {None}


def test_parts_are_within_each_other_and_judged_alike(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    study = opened_study(tmp_path / "study", asked(folds=3))
    folds = saved_folds(study, "digits", DIGITS.load(), Quiet())
    whole, parts = folds.chosen(0), read_split_file(study.curve_file("digits"))
    before = np.zeros(len(whole), bool)
    for place, share in enumerate(SHARES):
        part = parts.chosen(place)
        assert np.array_equal(part == "test", whole == "test")
        learnt = part == "train"
        assert learnt.sum() == pytest.approx(share * (whole == "train").sum(), rel=0.05)
        assert (whole[learnt] == "train").all()
        assert (learnt | ~before).all()
        before = learnt


def test_no_data_set_is_called_so_that_its_folds_are_the_parts_of_another(tmp_path: Path) -> None:
    sets = (DIGITS, DataSet(name="digits-parts", data="digits"), DataSet(name="parts", data="x"))
    study = opened_study(tmp_path / "study", asked(sets=sets))
    files = [of(one.name) for one in sets for of in (study.split_file, study.curve_file)]
    assert len(set(files)) == len(files)


def test_every_picture_is_the_test_once(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    study = opened_study(tmp_path / "study", asked(folds=3))
    folds = saved_folds(study, "digits", DIGITS.load(), Quiet())
    tested = np.stack([folds.chosen(fold) == "test" for fold in range(3)])
    assert (tested.sum(axis=0) == 1).all()


def test_a_column_can_be_of_one_data_set_alone(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("image,label,site\na.png,x,1\nb.png,y,2\n")
    files = [tmp_path / "one.csv", tmp_path / "two.csv"]
    both = opened_sets(files, {"group_column": "site"})
    assert [dataset.groups is not None for _, dataset in both] == [True, True]
    first = opened_sets(files, {"group_column": ["one=site"]})
    assert [dataset.groups is not None for _, dataset in first] == [True, False]
    with pytest.raises(UsageError, match="both for all data sets"):
        opened_sets(files, {"group_column": ["site", "place"]})


def test_two_data_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two data sets are called one"):
        opened_sets([tmp_path / "one.csv", tmp_path / "one.zip"], NONE)
    with pytest.raises(UsageError, match="nothing to compare on"):
        opened_sets([], NONE)


def test_several_labels_a_picture_are_refused_in_a_sentence(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    table = tmp_path / "many.jsonl"
    table.write_text(
        '{"image": "a.png", "label": ["x"]}\n{"image": "b.png", "label": ["x", "y"]}\n'
    )
    with pytest.raises(UsageError, match="several labels each cannot be used to compare"):
        opened_sets([table], NONE)
