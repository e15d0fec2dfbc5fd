"""What an MLflow server is told of a run, and what happens while it is away."""

from __future__ import annotations

import time

import pytest
from mlflow_stand_in import tracking_server

from linnaeus.errors import MissingError, UsageError
from linnaeus.progress import Event, Quiet
from linnaeus.watching.mlflow import Mlflow


class Heard(Quiet):
    """A Progress that keeps its warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def a_pass(step: int, loss: float) -> Event:
    figures = {"pass": float(step), "step": step, "train_loss": loss, "validation_loss": None}
    return Event("pass", "whole", figures, {"pictures_a_second": 50.0})


def watched(uri: str, progress: Quiet | None = None) -> Mlflow:
    return Mlflow(uri, progress or Quiet(), experiment="photos", name="photos-1")


def test_a_run_is_told_from_its_recipe_to_its_figures() -> None:
    with tracking_server() as (uri, store):
        mlflow = watched(uri)
        recipe = {"seed": 0, "budget_s": None, "network": {"optimiser": "muon"}}
        mlflow.hear(Event("begun", "", {"data": "photos", "recipe": recipe}))
        mlflow.hear(a_pass(10, 2.0))
        mlflow.hear(a_pass(20, 1.0))
        figure = {"value": 0.8, "low": 0.7, "high": 0.9}
        mlflow.hear(Event("finished", "", {"accuracy": figure}))
        mlflow.close()
    assert store.experiments == {"photos": "1"}
    (run,) = store.runs.values()
    assert run["run_name"] == "photos-1"
    assert run["status"] == "FINISHED"
    assert isinstance(run["end_time"], int)
    assert run["params"] == {
        "data": "photos",
        "recipe.seed": "0",
        "recipe.network.optimiser": "muon",
    }
    told = {(one["key"], one["step"]): one["value"] for one in run["metrics"]}
    assert told["whole/train_loss", 10] == 2.0
    assert told["whole/train_loss", 20] == 1.0
    assert told["whole/pictures_a_second", 20] == 50.0
    assert told["test/accuracy", 0] == 0.8
    assert told["test/accuracy_low", 0] == 0.7
    assert not any(key == "whole/validation_loss" for key, _ in told)


def test_a_second_run_stands_in_the_same_experiment_and_one_that_goes_on_in_its_own_run() -> None:
    with tracking_server() as (uri, store):
        first = watched(uri)
        first.hear(a_pass(10, 2.0))
        first.close()
        assert store.runs["run0"]["status"] == "KILLED", "it ended without a word"
        again = Mlflow(uri, Quiet(), experiment="photos", name="photos-1", known=first.run)
        assert store.runs["run0"]["status"] == "RUNNING"
        again.hear(a_pass(20, 1.0))
        again.hear(Event("ended", "", {"why": "the disk is full"}))
        again.close()
        watched(uri).close()
    assert len(store.experiments) == 1
    assert len(store.runs) == 2
    losses = [one for one in store.runs["run0"]["metrics"] if one["key"] == "whole/train_loss"]
    assert [one["step"] for one in losses] == [10, 20]
    assert store.runs["run0"]["status"] == "FAILED"


def test_a_server_that_goes_away_costs_nothing_but_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linnaeus.watching.mlflow.RETRY_AFTER_S", 0.05)
    heard = Heard()
    with tracking_server() as (uri, store):
        mlflow = watched(uri, heard)
        store.away = 503
        for step in range(1, 2500):
            mlflow.hear(a_pass(step, 1.0))
        store.away = 0
        mlflow.close()
        (run,) = store.runs.values()
        steps = [one["step"] for one in run["metrics"] if one["key"] == "whole/train_loss"]
        assert steps == list(range(1, 2500)), "all of it came, in order and once"
        mlflow = watched(uri, heard)
        store.away = 503
        mlflow.hear(a_pass(1, 1.0))
        mlflow.close()
    assert any("goes on without MLflow" in warning for warning in heard.warnings)
    assert heard.warnings[-1] == "MLflow did not take 3 figures; log.jsonl has them all."


def test_who_calls_is_said_as_mlflow_s_own_clients_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "sesame")
    with tracking_server() as (uri, store):
        watched(uri).close()
    assert set(store.authorisations) == {"Basic YWRhOnNlc2FtZQ=="}


def test_a_server_that_does_not_answer_is_told_before_anything_is_learnt() -> None:
    with tracking_server() as (uri, _):
        pass
    with pytest.raises(MissingError, match="does not answer"):
        watched(uri)


@pytest.mark.parametrize("uri", ["mlruns", "sqlite:///mlflow.db", "file:///tmp/mlruns", "http://"])
def test_what_is_no_address_of_a_server_is_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="is no address of a tracking server"):
        watched(uri)


@pytest.mark.parametrize("code", [408, 425, 429])
def test_a_server_that_asks_for_patience_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr("linnaeus.watching.mlflow.RETRY_AFTER_S", 0.05)
    with tracking_server() as (uri, store):
        mlflow = watched(uri)
        store.away = code
        mlflow.hear(a_pass(10, 2.0))
        time.sleep(0.2)
        store.away = 0
        mlflow.close()
    assert store.runs["run0"]["metrics"], "it was taken as soon as the server had time"
