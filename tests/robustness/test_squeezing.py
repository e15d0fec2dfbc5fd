"""Feature squeezing does what its paper says, and no more security is told of than there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

import linnaeus  # noqa: E402
from linnaeus.bundle.squeezers import SQUEEZERS, Squeezer  # noqa: E402
from linnaeus.errors import DataError  # noqa: E402
from linnaeus.models.drawn import drawn_by  # noqa: E402
from linnaeus.models.reopened import reopen  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.robustness.attacks.gradient_steps import pgd  # noqa: E402
from linnaeus.robustness.attacks.problem import Problem  # noqa: E402
from linnaeus.robustness.defences.squeezing import Answered, measure_squeezing  # noqa: E402
from linnaeus.robustness.defences.straight_through import straight_through  # noqa: E402
from linnaeus.robustness.unit_levels import (  # noqa: E402
    answering_unit_levels,
    in_unit_levels,
    in_whole_levels,
)
from linnaeus.training.run import Run  # noqa: E402


def sent_to(network: Callable[[torch.Tensor], torch.Tensor]) -> Answered:
    """What is said of pictures by `network`, as a bundle with nothing else in it."""

    def sent(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        plain = network(pictures).softmax(1)
        behind = [network(straight_through(one, pictures)) for one in SQUEEZERS.values()]
        moved = [(one.softmax(1) - plain).abs().sum(1).double() for one in behind]
        return plain.argmax(1), torch.stack(moved).amax(0)

    return sent


@pytest.mark.parametrize("squeezer", SQUEEZERS.values())
def test_what_is_measured_is_what_is_served_and_the_gradient_goes_straight_through(
    squeezer: Squeezer,
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 9, 9, 3), np.uint8)
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255).requires_grad_()
    squeezed = straight_through(squeezer, pictures)
    served = np.stack([squeezer(one) for one in pixels])
    whole = squeezed.detach().permute(0, 2, 3, 1).numpy() * 255
    assert np.allclose(whole, served, atol=1e-3)
    squeezed.square().sum().backward()
    assert torch.allclose(pictures.grad, 2 * squeezed, atol=1e-6)


def test_pictures_changed_to_fool_move_farther_than_as_they_were(
    photo_run: Run, photo_pixels: NDArray[np.uint8]
) -> None:
    classifier = linnaeus.load(photo_run.bundle)
    pixels = np.stack([classifier.record.preprocessing(one) for one in photo_pixels])
    named = [answer.likeliest for answer in classifier.predict_pixels(pixels)]
    network = answering_unit_levels(reopen(photo_run.bundle))
    problem = Problem(network, in_unit_levels(pixels), torch.tensor(named), 8 / 255)
    fooling = in_whole_levels(pgd(problem, drawn_by(0, "a test's attack")))
    looking = classifier.detecting(1)
    before, after = (
        np.array([answer.moved for answer in looking.predict_pixels(some)])
        for some in (pixels, fooling)
    )
    assert np.median(after) > 2 * np.median(before)


@pytest.mark.slow
def test_who_knows_of_a_defence_does_no_worse_and_the_threshold_keeps_its_promise(
    digits_run: Run, tmp_path: Path
) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 1797, 3))
    out = tmp_path / "attack"
    done = linnaeus.attack(
        digits_run.bundle,
        others,
        eps="16/255",
        attacks=["fgsm", "apgd-ce"],
        defence="squeeze",
        limit=60,
        out=out,
    )
    assert done.pictures == 60
    assert "30 of 90 pictures set the detector's threshold" in done.remarks[-1]
    assert done.squeezing is not None
    for one in done.squeezing.behind:
        assert one.aware.value <= one.unaware.value <= one.clean.value + 0.02
        assert one.aware.value < one.clean.value
    detector = done.squeezing.detector
    assert detector.false_alarms.value <= 0.2  # 0.05, and three times how far so few scatter
    assert detector.wrong.value <= detector.unaware.value <= detector.aware.value
    assert detector.aware.value > detector.wrong.value + 0.1
    told = json.loads((out / "attack.json").read_text("utf-8"))["squeezing"]
    assert told["detector"]["pictures"] == 30
    assert "As a detector" in (out / "index.html").read_text("utf-8")

    option, distance = told["detector"]["option"].split()
    assert (option, float(distance)) == ("--changed-above", detector.threshold)
    assert told["detector"]["option"] in (out / "index.html").read_text("utf-8")
    assert told["detector"]["option"] in " ".join(done.in_plain_words)


def test_a_defence_that_hides_its_gradients_is_seen_through() -> None:
    """A network that sees only whole steps of 1/31: without gradients to the plain descent, and
    fooled by who goes straight through."""
    torch.manual_seed(0)
    weight = torch.randn(3 * 6 * 6)
    x = 0.5 + 0.2 * (torch.rand(120, 3, 6, 6) - 0.5)

    def network(pictures: torch.Tensor) -> torch.Tensor:
        score = 40 * (pictures - 0.5).flatten(1) @ weight
        return torch.stack([score, -score], dim=1)

    problem = Problem(network, x, network(x).argmax(1), 0.05)
    done = measure_squeezing(problem, sent_to(network), x, x[:60], 0, Quiet())
    bits = done.behind[0]
    assert bits.unaware == bits.clean
    assert bits.aware.value < 0.3 < bits.clean.value


def test_too_few_pictures_set_no_threshold(digits_run: Run) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 150, 3))
    with pytest.raises(DataError, match="too few to set a threshold"):
        linnaeus.attack(digits_run.bundle, others, attacks=["fgsm"], defence="squeeze")
