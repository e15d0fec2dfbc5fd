"""How often a network is right about what it learns from, against counting by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from linnaeus.training.training_score import TrainingScore  # noqa: E402

LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 5.0], [4.0, 0.0, 1.0]])


def no_loss(logits, targets):
    return logits.sum() * 0


def test_it_counts_over_batches_and_starts_anew_when_asked():
    score = TrainingScore(no_loss, several=False)
    score(LOGITS, torch.tensor([0, 1, 1, 2]))  # right, right, wrong, wrong
    score(LOGITS[:2], torch.tensor([0, 0]))  # right, wrong
    assert score.counted() == (3, 6)
    assert score.counted() == (0, 0)


def test_of_mixed_views_the_larger_part_counts():
    score = TrainingScore(no_loss, several=False)
    score(LOGITS[:2], torch.tensor([[0.7, 0.3, 0.0], [0.6, 0.4, 0.0]]))  # right, wrong
    assert score.counted() == (1, 2)


def test_with_several_labels_nothing_is_counted():
    score = TrainingScore(no_loss, several=True)
    score(LOGITS, torch.ones(4, 3))
    assert score.counted() == (0, 0)


def test_the_loss_is_the_one_it_was_made_of():
    score = TrainingScore(torch.nn.functional.cross_entropy, several=False)
    targets = torch.tensor([0, 1, 1, 2])
    assert score(LOGITS, targets) == torch.nn.functional.cross_entropy(LOGITS, targets)
