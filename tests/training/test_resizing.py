"""Progressive resizing: pictures grow while a network learns, and are judged in full."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")

from torch import nn  # noqa: E402

from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import TrainingPlan, fit_network  # noqa: E402
from linnaeus.training.resizing import resized  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    """(pixels, labels) of 600 digits, twice as large as they are stored: 16 px."""
    data = datasets.load_digits()
    grey = np.rint(data.images[:600] * 255 / 16).astype(np.uint8).repeat(2, 1).repeat(2, 2)
    return np.repeat(grey[..., None], 3, axis=3), data.target[:600].astype(np.int64)


class Watched(nn.Module):
    """A network that notes the sides of the pictures it learns from."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.sides = []

    def forward(self, pixels):
        if self.training:
            self.sides.append(pixels.shape[1])
        return self.network(pixels)


def fit(body, digits, **choices):
    pixels, labels = digits
    torch.manual_seed(0)
    watched = Watched(nn.Sequential(Normalise.measured_on(pixels), body))
    fitted = fit_network(
        watched,
        pixels[:500],
        labels[:500],
        (pixels[500:], labels[500:]),
        plan=TrainingPlan(epochs=8, **choices),
        clock=Clock(),
        progress=Quiet(),
    )
    return fitted, watched.sides


def test_pictures_grow_and_the_whole_ones_are_learnt(digits):
    fitted, sides = fit(small_cnn(10, 16, 16, width=0.5), digits, resize_from=0.5)
    assert sides == sorted(sides)
    assert set(sides) == {8, 12, 16}
    assert sides[-1] == 16
    assert sides.count(16) >= 0.4 * len(sides)
    assert fitted.history[-1].validation_accuracy > 0.9


def test_they_are_shrunk_as_pillow_does(digits):
    plan = TrainingPlan(resize_from=0.5)
    rng = np.random.default_rng(0)
    views = rng.integers(0, 256, (2, 32, 48, 3)).astype(np.uint8)
    small = resized(torch.from_numpy(views), 0.0, plan).numpy()
    bilinear = Image.Resampling.BILINEAR
    expected = [Image.fromarray(view).resize((24, 16), bilinear) for view in views]
    assert np.abs(small.astype(int) - np.stack(expected).astype(int)).max() <= 1


def test_a_network_for_one_size_is_told_of(digits):
    body = nn.Sequential(nn.Flatten(), nn.Linear(16 * 16 * 3, 10))
    with pytest.raises(UsageError, match="takes pictures of one size only"):
        fit(body, digits, resize_from=0.5)
