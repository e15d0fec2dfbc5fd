"""The order of an epoch: a function of seed and epoch, with every class equally often if asked."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.errors import UsageError
from linnaeus.training.epoch_order import EpochOrder

LABELS = np.repeat(np.arange(3), [70, 25, 5])


def test_every_picture_is_shown_once_in_another_order_each_epoch():
    order = EpochOrder(0, LABELS)
    first, second = order.of(0).copy(), order.of(1).copy()
    assert sorted(first) == sorted(second) == list(range(100))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("balanced", [False, True])
def test_an_order_depends_on_seed_and_epoch_alone(balanced):
    run_through = EpochOrder(3, LABELS, balanced=balanced)
    orders = [run_through.of(epoch).copy() for epoch in range(4)]
    resumed = EpochOrder(3, LABELS, balanced=balanced)
    assert np.array_equal(resumed.of(3), orders[3])
    assert not np.array_equal(EpochOrder(4, LABELS, balanced=balanced).of(3), orders[3])


def test_balanced_epochs_show_all_classes_as_often_and_no_view_twice():
    order = EpochOrder(0, LABELS, balanced=True)
    shown = np.zeros(100, int)
    for epoch in range(12):
        views = order.of(epoch)
        assert len(views) == len(set(views.tolist())) == 100
        assert sorted(np.bincount(LABELS[views % 100])) == [33, 33, 34]
        times = np.bincount(views % 100, minlength=100)
        assert set(times[LABELS == 2]) <= {6, 7}
        assert times[LABELS == 0].max() == 1
        shown += times
    assert shown.min() > 0


def test_balancing_pictures_with_several_labels_is_refused():
    with pytest.raises(UsageError, match="several labels"):
        EpochOrder(0, np.eye(3, dtype=np.int64), balanced=True)
