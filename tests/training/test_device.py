"""Devices are taken where they are, and missed in a sentence where they are not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from linnaeus import load_dataset, train  # noqa: E402
from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.training.device import chosen_device  # noqa: E402


def test_auto_takes_a_gpu_where_there_is_one():
    assert chosen_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize("asked", ["gpu", "cuda:", "cuda:-1", "cuda:01", "cuda:１", "cpu:0", ""])
def test_what_is_no_device_is_refused(asked):
    with pytest.raises(UsageError, match=f'"{asked}" is no device'):
        chosen_device(asked)


def test_a_device_that_is_not_here_is_missed_before_the_work(tmp_path):
    with pytest.raises(UsageError, match="this machine has no cuda:64 that PyTorch could use"):
        train("digits", out=tmp_path / "run", model="small_cnn", device="cuda:64")
    assert not (tmp_path / "run").exists()


def test_a_run_names_the_device_that_it_used(digits_run):
    assert digits_run.recipe.device == ("cuda" if torch.cuda.is_available() else "cpu")


def test_the_processor_of_frozen_features_is_told(tmp_path, photo_set, shared_weights):
    with pytest.raises(UsageError, match="are computed on the processor"):
        train(load_dataset(photo_set), out=tmp_path / "run", weights=shared_weights, device="cuda")
