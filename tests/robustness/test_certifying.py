"""What is certified is so: the bound, the radius, and no attack inside it changes the answer."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

torch = pytest.importorskip("torch")
stats = pytest.importorskip("scipy.stats")

import linnaeus  # noqa: E402
from linnaeus import Dataset  # noqa: E402
from linnaeus.bundle.answer import Answer  # noqa: E402
from linnaeus.ensembling.made import Ensembled  # noqa: E402
from linnaeus.errors import BundleError, UsageError  # noqa: E402
from linnaeus.progress import Quiet, Stage  # noqa: E402
from linnaeus.robustness.attacks.problem import norm_of  # noqa: E402
from linnaeus.robustness.attacks.under_noise import under_noise  # noqa: E402
from linnaeus.robustness.clopper_pearson import at_least, probability_at_least  # noqa: E402
from linnaeus.robustness.defences.smoothing import Smoothed  # noqa: E402
from linnaeus.training.run import Run  # noqa: E402


@pytest.mark.parametrize(
    ("found", "of"), [(1, 10), (93, 100), (100, 100), (700, 1000), (999, 1000)]
)
@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_the_bound_is_the_quantile_of_a_beta_distribution(
    found: int, of: int, alpha: float
) -> None:
    expected = stats.beta.ppf(alpha, found, of - found + 1)
    assert at_least(found, of, alpha) == pytest.approx(expected, rel=1e-9)


def test_the_tail_is_that_of_the_binomial() -> None:
    for successes in (0, 3, 51, 100):
        expected = stats.binom.sf(successes - 1, 100, 0.5)
        assert probability_at_least(successes, 100, 0.5) == pytest.approx(expected, rel=1e-9)


class Halves:
    """Names a picture by whether its mean level is above the middle: its smoothed answer is known.

    The mean of n noisy levels scatters by noise / sqrt(n), so the distance that certainty reaches
    is that of the picture's mean to the middle, times sqrt(n).
    """

    classes = ("dark", "bright")

    def knowing(self, unknown: None) -> Halves:
        return self

    def predict_pixels(self, pixels: np.ndarray) -> list[Answer]:
        bright = pixels.mean((1, 2, 3)) > 127.5
        rows = np.stack([1 - bright, bright], axis=1).astype(np.float32)
        return [Answer(row, row, row) for row in rows]


def test_no_radius_is_larger_than_the_distance_to_the_next_class() -> None:
    """Pictures of one level, whose distance to the other class is exact; the bound is near it."""
    smoothed = Smoothed(Halves(), 0.1)  # type: ignore[arg-type]
    levels, side = [100, 110, 122, 125, 130, 133, 150], 4
    for index, level in enumerate(levels):
        picture = np.full((side, side, 3), level, np.uint8)
        distance = abs(level - 127.5) / 255 * math.sqrt(picture.size)
        one = smoothed.certify(picture, 2000, index)
        assert one.answer in (int(level > 127.5), -1)
        assert one.radius <= distance
        if 0.05 < distance < 0.2:  # beyond, so few copies cannot prove it
            assert one.radius > 0.6 * distance
        assert smoothed.answer(picture, 400, index) in (one.answer, -1)


def test_copies_that_are_called_alike_reach_as_far_as_so_few_can() -> None:
    smoothed = Smoothed(Halves(), 0.05)  # type: ignore[arg-type]
    one = smoothed.certify(np.full((4, 4, 3), 10, np.uint8), 500)
    assert one.radius == pytest.approx(0.05 * NormalDist().inv_cdf(0.001 ** (1 / 500)))
    assert one.radius == pytest.approx(smoothed.farthest(500))


def test_what_is_drawn_is_the_same_again() -> None:
    picture = np.full((4, 4, 3), 126, np.uint8)
    first, again, other = (
        Smoothed(Halves(), 0.1, seed).counts(picture, 200, "answer", 3)  # type: ignore[arg-type]
        for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_the_attack_keeps_to_each_picture_s_own_distance_and_finds_the_way() -> None:
    torch.manual_seed(0)
    x = 0.5 + 0.1 * torch.rand(6, 3, 5, 5)
    weight = torch.randn(75)

    def network(pictures: torch.Tensor) -> torch.Tensor:
        score = (pictures - 0.5).flatten(1) @ weight
        return torch.stack([score, -score], dim=1)

    y = network(x).argmax(1)
    distances = torch.tensor([0.01, 0.05, 0.1, 0.5, 1.0, 2.0])
    drawn = torch.Generator().manual_seed(0)
    changed = under_noise(network, x, y, distances, noise=0.1, generator=drawn)
    lengths = norm_of(changed - x).flatten()
    assert bool((lengths <= distances * 1.0001).all())
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    before, after = (network(one).gather(1, y[:, None])[:, 0] for one in (x, changed))
    expected = 0.9 * distances[:3] * weight.norm()
    assert bool(((before - after)[:3] > expected).all())


@pytest.fixture(scope="module")
def noisy_run(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    return linnaeus.train(
        some_digits,
        out=tmp_path_factory.mktemp("noisy") / "run",
        model="cnn-tiny",
        epochs=4,
        precision="float32",
        settings=["network.adversary=noise", "network.adversary_eps=0.3"],
    )


def test_no_attack_inside_a_radius_changes_a_smoothed_answer(
    noisy_run: Run, tmp_path: Path
) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    out = tmp_path / "certified"
    done = linnaeus.certify(
        noisy_run.bundle, others, noise=0.3, draws=150, limit=25, check=True, out=out
    )
    assert done.attacked is not None
    assert done.attacked > 12
    assert done.broken == 0
    values = [figure.value for _, figure in done.by_radius]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.6
    assert values[2] > 0.1
    told = json.loads((out / "certify.json").read_text("utf-8"))
    for row in told["by_radius"]:
        right = [p["true"] == p["said"] and p["radius"] >= row["radius"] for p in told["pictures"]]
        assert row["certified"]["value"] == pytest.approx(sum(right) / 25)
    assert "Proven, by distance" in (out / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_noise_in_training_is_what_lets_noisy_copies_be_named(
    noisy_run: Run, digits_run: Run, tmp_path: Path
) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    bundle = shutil.copytree(digits_run.bundle, tmp_path / "bundle")  # which is of no run
    taught, plain = (
        linnaeus.certify(one, others, noise=0.3, draws=60, limit=40)
        for one in (noisy_run.bundle, bundle)
    )
    assert taught.by_radius[1][1].value > plain.by_radius[1][1].value


def test_what_cannot_be_certified_is_said(digits_run: Run, some_digits: Dataset) -> None:
    with pytest.raises(UsageError, match="no deviation of noise"):
        linnaeus.certify(digits_run.bundle, some_digits, noise=0)
    with pytest.raises(UsageError, match="can certify nothing"):
        linnaeus.certify(digits_run.bundle, some_digits, draws=9)


class Heard(Quiet):
    """Keeps the names of the stages that are begun."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        self.stages.append(name)
        with super().stage(name, total) as stage:
            yield stage


def test_proofs_that_cannot_be_attacked_are_refused_before_the_work(
    averaged: Ensembled, some_digits: Dataset
) -> None:
    heard, bundle = Heard(), averaged.bundle
    with pytest.raises(BundleError, match="looks inside a single network"):
        linnaeus.certify(bundle, some_digits, check=True, limit=2, draws=10, progress=heard)
    assert heard.stages == []
