"""What a run that goes on does where what watched it is not to be had any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow_stand_in import tracking_server

from linnaeus.errors import MissingError
from linnaeus.progress import Event, Quiet

pytest.importorskip("torch")

from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.saving import Saver
from linnaeus.training.watch import watching


class Heard(Quiet):
    """A Progress that keeps its warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def go_on(run: Path, progress: Quiet, mlflow: str | None = None) -> None:
    saver = Saver(Checkpoints(run / "checkpoints"))
    with watching(run, progress, saver, data="photos", mlflow=mlflow) as watched:
        watched.log(Event("pass", "whole", {"pass": 1.0, "step": 1, "train_loss": 1.0}))
        saver.save()


def test_a_run_goes_on_without_a_server_that_only_its_checkpoint_knows(tmp_path: Path) -> None:
    with tracking_server() as (uri, _):
        go_on(tmp_path, Quiet(), uri)
    heard = Heard()
    go_on(tmp_path, heard)
    assert len(heard.warnings) == 1
    assert heard.warnings[0].startswith("The run goes on without MLflow: ")
    with pytest.raises(MissingError, match="does not answer"):
        go_on(tmp_path, Quiet(), uri)


def test_a_run_goes_on_without_tensorboard_where_this_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    saver = Saver(Checkpoints(tmp_path / "checkpoints"))
    with watching(tmp_path, Quiet(), saver, data="photos", tensorboard=True):
        saver.save()
    monkeypatch.setattr("linnaeus.watching.tensorboard.find_spec", lambda _: None)
    heard = Heard()
    go_on(tmp_path, heard)
    assert [one.split(":")[0] for one in heard.warnings] == ["The run goes on without TensorBoard"]
