"""What is said of an ensemble: a gain is called one only where it is more than chance."""

from __future__ import annotations

from dataclasses import replace

from linnaeus.evaluation.ensemble_facts import EnsembleFacts, MemberFacts
from linnaeus.evaluation.figure import Figure

SOME = Figure(0.9, 0.85, 0.93)
REAL = EnsembleFacts(
    method="average",
    why="the weights under which 100 held-out pictures are likeliest",
    members=(
        MemberFacts("mlp", 0.3, SOME, Figure(0.4, 0.3, 0.5), 0.004),
        MemberFacts("cnn", 0.7, SOME, Figure(0.3, 0.2, 0.4), 0.010),
    ),
    best="cnn",
    accuracy_gain=Figure(0.021, 0.004, 0.038),
    log_loss_gain=Figure(-0.05, -0.08, -0.02),
    seconds=0.015,
)
CHANCE = {
    "accuracy_gain": Figure(0.005, -0.011, 0.022),
    "log_loss_gain": Figure(-0.01, -0.04, 0.02),
}


def test_a_real_gain_is_told_with_its_interval_and_its_price() -> None:
    assert REAL.is_real
    assert REAL.in_plain_words == (
        (
            "It names 2.1 more pictures in 100 rightly than its best member alone, “cnn” (between"
            " 0.4 and 3.8 more): that is more than chance."
        ),
        "Its probabilities are better: log loss -0.050 (-0.080 to -0.020).",
        "An answer takes 15.0 ms instead of 10.0 ms, 1.5 times as long.",
    )


def test_a_gain_that_may_be_chance_is_called_so_and_the_member_recommended() -> None:
    words = replace(REAL, **CHANCE).in_plain_words  # type: ignore[arg-type]
    assert "is not shown" in words[0]
    assert "(-1.1 to +2.2) may be chance" in words[0]
    assert "is not shown" in words[1]
    assert words[2].endswith("use “cnn” alone.")


def test_better_probabilities_alone_are_a_gain_too() -> None:
    only = replace(REAL, accuracy_gain=CHANCE["accuracy_gain"])
    assert only.is_real
    assert "is not shown" in only.in_plain_words[0]
    assert "alone" not in only.in_plain_words[2]


def test_a_loss_is_called_one() -> None:
    worse = replace(
        REAL, accuracy_gain=Figure(-0.03, -0.05, -0.01), log_loss_gain=Figure(0.1, 0.05, 0.2)
    )
    assert not worse.is_real
    assert "3.0 fewer pictures in 100" in worse.in_plain_words[0]
    assert "are worse" in worse.in_plain_words[1]


def test_a_member_of_hardly_any_weight_is_named() -> None:
    mlp, cnn = REAL.members
    idle = replace(REAL, members=(replace(mlp, weight=0.004), replace(cnn, weight=0.996)))
    assert idle.in_plain_words[-1] == (
        "“mlp” has a weight of 0.4 % and takes 4.0 ms of every answer: leave it out."
    )
    assert REAL.in_plain_words[-1].startswith("An answer takes")
