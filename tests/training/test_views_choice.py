"""Whether answers are also for mirror images is decided by the validation pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from linnaeus.bundle.record import Serving
from linnaeus.bundle.views import Views
from linnaeus.progress import Quiet
from linnaeus.training.serving import Served
from linnaeus.training.views_choice import served_with_views

LABELS = np.random.default_rng(0).integers(0, 4, 400)
NOISE = np.random.default_rng(1).normal(size=(400, 4))
GOOD, BAD = ((2 * np.eye(4)[LABELS] + noise * NOISE).astype(np.float32) for noise in (0.5, 2.0))


class Heard(Quiet):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def chosen(plain: np.ndarray, both: np.ndarray, asked="auto", mirrored=True):
    heard = Heard()

    def serve(views: Views) -> Served:
        serving = Serving(
            engine="onnxruntime",
            engine_version="",
            precision="float32",
            why="",
            test_time_augmentation=views,
        )
        return Served(serving, plain if views == "none" else both)

    served = served_with_views(serve, LABELS, asked=asked, mirrored=mirrored, progress=heard)
    return served.serving.test_time_augmentation, " ".join(heard.sentences)


def test_mirror_images_are_kept_where_they_are_clearly_better():
    views, told = chosen(BAD, GOOD)
    assert views == "mirror"
    assert "takes 2 times as long" in told


def test_and_not_where_they_are_not():
    for both in (BAD, GOOD):
        views, told = chosen(GOOD, both)
        assert views == "none"
        assert "not clearly better" in told


def test_nothing_is_tried_where_they_were_not_learnt_from_or_a_choice_was_made():
    assert chosen(BAD, GOOD, mirrored=False) == ("none", "")
    assert chosen(BAD, GOOD, asked="none") == ("none", "")
    assert chosen(GOOD, BAD, asked="mirror")[0] == "mirror"
