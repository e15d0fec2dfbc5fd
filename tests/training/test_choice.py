"""Which network a name means: weights at hand, else the network from scratch, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

from linnaeus.errors import MissingError
from linnaeus.training.choice import choose_model

NAME = "mobilenetv2_100.same_in1k"


@pytest.fixture(autouse=True)
def nothing_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights but those that a test names."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))
    monkeypatch.delenv("LINNAEUS_WEIGHTS", raising=False)


@pytest.mark.parametrize("name", ["small_cnn", "cnn-large-se", "plain-512", "mlp-64", "alexnet"])
def test_ours_learn_from_scratch(name: str) -> None:
    choice = choose_model(name)
    assert (choice.backbone, choice.name) == (None, name)
    assert "from scratch" in choice.why


@pytest.mark.parametrize("name", ["mobilenetv2_100", NAME])
def test_weights_at_hand_are_used_with_or_without_their_tag(
    name: str, shared_weights: Path
) -> None:
    choice = choose_model(name, weights=[shared_weights])
    assert choice.backbone is not None
    assert choice.name == NAME


def test_a_network_without_weights_at_hand_learns_from_scratch_and_that_is_told() -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    choice = choose_model("resnet18", ask=refuse)
    assert (choice.backbone, choice.name) == (None, "resnet18")
    assert "learns from scratch" in choice.why
    assert "--download would fetch resnet18." in choice.why
    assert len(asked) == 1


def test_a_network_that_has_no_weights_anywhere_is_not_asked_about() -> None:
    choice = choose_model("coatnet_0_224", download=True)
    assert choice.backbone is None
    assert "the hub has none for it" in choice.why


def test_a_tag_names_weights_and_nothing_stands_in_for_them() -> None:
    with pytest.raises(MissingError, match="--download to fetch them"):
        choose_model("resnet18.a1_in1k")


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(MissingError, match=r"Did you mean .*resnet18"):
        choose_model("resent18")
