"""What the names of classes say about mirroring."""

from __future__ import annotations

import pytest

from linnaeus.training.augmentation.names import mirror_allowed


@pytest.mark.parametrize(
    "classes",
    [
        [str(n) for n in range(10)],
        ["A", "B", "C"],
        ["zero", "one", "two"],
        ["digit_0", "digit_1"],
        ["left", "right"],
        ["turn left", "turn right", "stop"],
        ["hand-left", "hand-right"],
    ],
)
def test_digits_letters_and_sides_are_not_mirrored(classes):
    allowed, why = mirror_allowed(classes, grey=False)
    assert not allowed
    assert "not mirrored" in why


@pytest.mark.parametrize(
    "classes",
    [
        ["airplane", "automobile", "bird", "cat"],
        ["glass", "paper", "metal"],
        ["T-Shirt", "Longsleeve", "Hat", "leftover"],
        ["mousebite", "open", "ok"],
    ],
)
def test_things_are_mirrored(classes):
    assert mirror_allowed(classes, grey=False)[0]
