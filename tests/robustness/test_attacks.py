"""Attacks stay within their distance, find what can be found, and are as strong as others'."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import linnaeus  # noqa: E402
from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.progress import Quiet, Stage  # noqa: E402
from linnaeus.robustness.attacks.apgd import apgd, apgd_targeted  # noqa: E402
from linnaeus.robustness.attacks.gradient_steps import fgsm, pgd  # noqa: E402
from linnaeus.robustness.attacks.masking import signs_of_masking  # noqa: E402
from linnaeus.robustness.attacks.patch import patch  # noqa: E402
from linnaeus.robustness.attacks.problem import (  # noqa: E402
    Problem,
    cross_entropy,
    difference_of_logits,
    norm_of,
)
from linnaeus.robustness.attacks.square import square  # noqa: E402
from linnaeus.robustness.tried import AttackName, right_in, try_all  # noqa: E402
from linnaeus.training.run import Run  # noqa: E402


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def a_plane(eps: float, norm: str = "linf") -> Problem:
    """Two classes parted by a plane: how far each picture is from it is known exactly."""
    torch.manual_seed(0)
    weight = torch.randn(3 * 8 * 8)
    x = 0.5 + 0.2 * (torch.rand(60, 3, 8, 8) - 0.5)

    def network(pictures):
        score = (pictures - 0.5).flatten(1) @ weight
        return torch.stack([score, -score], dim=1)

    y = network(x).argmax(1)
    return Problem(network, x, y, eps, norm)


def distances(problem: Problem, norm: str) -> torch.Tensor:
    torch.manual_seed(0)
    weight = torch.randn(3 * 8 * 8)
    scores = ((problem.x - 0.5).flatten(1) @ weight).abs()
    return scores / (weight.abs().sum() if norm == "linf" else weight.norm())


ATTACKS = {
    "fgsm": fgsm,
    "pgd": lambda p: pgd(p, drawn()),
    "apgd-ce": lambda p: apgd(p, drawn(), cross_entropy),
    "apgd-t": lambda p: apgd_targeted(p, drawn()),
}


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_plane_is_crossed_wherever_that_is_within_reach(name: str, norm: str) -> None:
    eps = {"linf": 0.004, "l2": 0.05}[norm]
    problem = a_plane(eps, norm)
    changed = ATTACKS[name](problem)
    within = distances(problem, norm)
    fooled = ~problem.right(changed)
    assert not fooled[within > eps * 1.001].any()
    assert fooled[within < eps * 0.97].float().mean() > 0.95
    assert 5 < int((within < eps).sum()) < 55


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_goes_too_far(name: str, norm: str) -> None:
    problem = a_plane(0.06, norm)
    problem = Problem(problem.network, problem.x.round(decimals=0), problem.y, 0.06, norm)
    change = ATTACKS[name](problem) - problem.x
    lengths = change.abs().amax((1, 2, 3)) if norm == "linf" else norm_of(change).flatten()
    assert float(lengths.max()) <= 0.06 * 1.0001
    after = problem.x + change
    assert 0 <= float(after.min()) <= float(after.max()) <= 1


def test_square_needs_no_gradients_and_stays_in_the_cube() -> None:
    x = a_plane(0.0).x

    def stepped(pictures):
        left, right = pictures[..., :4].mean((1, 2, 3)), pictures[..., 4:].mean((1, 2, 3))
        score = ((left - right) * 1000).round() / 1000  # no gradient anywhere
        return torch.stack([score, -score], dim=1)

    blind = Problem(stepped, x, stepped(x).argmax(1), 0.02)
    changed = square(blind, drawn(), queries=300)
    assert float((changed - x).abs().max()) <= 0.02001
    assert float((~blind.right(changed)).float().mean()) > 0.8


def test_a_patch_covers_its_share_and_nothing_else() -> None:
    problem = a_plane(0.0)
    changed = patch(problem, drawn(), share=0.25, steps=20)
    moved = (changed != problem.x).any(1).flatten(1).sum(1)
    assert int(moved.max()) <= 16
    assert float((~problem.right(changed)).float().mean()) > 0.5


def test_the_loss_does_not_depend_on_the_scale_of_logits() -> None:
    logits, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    first = difference_of_logits(logits, y)
    assert torch.allclose(first, difference_of_logits(1000 * logits, y), atol=1e-4)
    assert ((first > 0) == (logits.argmax(1) != y)).all()


class Stages(Quiet):
    """Hears how much each stage was to be, and each piece of it that was done."""

    def __init__(self) -> None:
        self.totals: dict[str, float] = {}
        self.done: dict[str, list[float]] = {}

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        self.name = name.rpartition(" ")[2]
        assert total is not None
        self.totals[self.name], self.done[self.name] = total, []
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self.done[self.name].append(amount)


def test_stages_move_within_a_batch_and_end_at_what_there_is_to_attack() -> None:
    problem, stages = a_plane(0.0), Stages()
    problem = replace(problem, eps=float(distances(problem, "linf").median()))
    names: tuple[AttackName, ...] = ("fgsm", "pgd", "apgd-ce", "apgd-t", "square", "patch")
    tried = try_all(problem, right_in(problem), names, 0, stages)
    assert stages.totals["fgsm"] == stages.totals["pgd"] == stages.totals["patch"] == 60
    left = {name: round(60 * figure.value) for name, figure in tried.accuracy.items()}
    assert 20 <= left["apgd-ce"] <= 40
    assert stages.totals["apgd-ce"] == min(left["fgsm"], left["pgd"])
    assert stages.totals["apgd-t"] == left["apgd-ce"]
    assert stages.totals["square"] == left["apgd-t"]
    for name in names:
        assert sum(stages.done[name]) == pytest.approx(stages.totals[name])
        assert min(stages.done[name]) >= 0
        assert name == "fgsm" or len(stages.done[name]) > 20


def test_masked_gradients_are_noticed() -> None:
    problem = a_plane(0.03)
    hidden = Problem(lambda x: problem.network((x * 255).round() / 255), problem.x, problem.y, 0.03)
    signs = signs_of_masking(hidden, {"fgsm": 0.1, "pgd": 0.9}, drawn())
    assert any("nothing at all" in sign for sign in signs)
    assert any("One step" in sign for sign in signs)
    assert signs_of_masking(problem, {"fgsm": 0.5, "pgd": 0.4}, drawn()) == []
    length = replace(hidden, eps=1.0, norm="l2")
    assert any("nothing at all" in sign for sign in signs_of_masking(length, {}, drawn()))
    assert signs_of_masking(replace(problem, eps=1.0, norm="l2"), {}, drawn()) == []


def a_small_network() -> Problem:
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 64, 5),
    )
    x = torch.rand(60, 3, 8, 8)
    network.requires_grad_(False)
    return Problem(network, x, network(x).argmax(1), 0.006)


def test_a_strong_attack_fools_no_less_than_plain_descent() -> None:
    problem = a_small_network()
    plain = problem.right(pgd(problem, drawn())).float().mean()
    auto = problem.right(apgd(problem, drawn(), cross_entropy)).float().mean()
    towards = problem.right(apgd_targeted(problem, drawn())).float().mean()
    assert 0.02 < float(plain) < 0.98
    assert float(auto) <= float(plain) + 0.02
    assert float(towards) <= float(plain) + 0.02


@pytest.mark.slow
def test_a_bundle_is_attacked_and_a_page_written(digits_run: Run, tmp_path: Path) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    out = tmp_path / "attack"
    bundle = shutil.copytree(digits_run.bundle, tmp_path / "bundle")  # which is of no run
    done = linnaeus.attack(bundle, others, eps="24/255", limit=40, out=out)
    told = json.loads((out / "attack.json").read_text("utf-8"))
    assert told["eps"] == pytest.approx(24 / 255)
    assert set(done.accuracy) == {"fgsm", "pgd", "apgd-ce", "apgd-t", "square"}
    values = [done.accuracy[name].value for name in ("apgd-ce", "apgd-t", "square")]
    assert values == sorted(values, reverse=True)
    assert done.robust.value <= min(figure.value for figure in done.accuracy.values())
    assert done.robust.value < done.clean.value
    assert abs(done.saved.value - done.robust.value) <= 0.15
    assert len(list((out / "pictures").glob("*.png"))) == len(done.examples) > 0
    for one in done.examples:
        assert np.abs(one.after.astype(int) - one.before).max() <= 24
    assert "Pictures that were fooled" in (out / "index.html").read_text("utf-8")


def test_no_distance_is_clean_accuracy(digits_run: Run) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    done = linnaeus.attack(digits_run.bundle, others, eps=0, limit=50)
    assert done.robust == done.clean == done.saved
    assert all(figure == done.clean for figure in done.accuracy.values())


def test_a_patch_alone_is_what_the_answer_is_of(digits_run: Run) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 60, 3))
    done = linnaeus.attack(digits_run.bundle, others, attacks=["patch"])
    assert done.robust == done.accuracy["patch"]
    assert "within a square of 5 % of its area" in done.in_plain_words[0]


def test_without_a_distance_it_is_the_usual_one_of_the_norm(digits_run: Run) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 60, 3))
    for norm, far in (("linf", 8 / 255), ("l2", 0.5)):
        done = linnaeus.attack(digits_run.bundle, others, norm=norm, attacks=["fgsm"])
        assert done.eps == far


def test_what_cannot_be_meant_is_said(digits_run: Run) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 60, 3))
    for eps in ("-1", "8/0", "8_0/2550", "８/255", "near"):
        with pytest.raises(UsageError, match="is no distance"):
            linnaeus.attack(digits_run.bundle, others, eps=eps)
    with pytest.raises(UsageError, match="such as 8/255"):
        linnaeus.attack(digits_run.bundle, others, eps=8)
    with pytest.raises(UsageError, match="no attack called"):
        linnaeus.attack(digits_run.bundle, others, attacks=["magic"])
    with pytest.raises(UsageError, match="norm linf"):
        linnaeus.attack(digits_run.bundle, others, norm="l2", attacks=["square"])
