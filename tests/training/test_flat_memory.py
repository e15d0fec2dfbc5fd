"""A data set larger than memory: pictures come batch by batch, and the network is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import linnaeus  # noqa: E402
from linnaeus.data import cached_scan as through_cache  # noqa: E402
from linnaeus.data import memory  # noqa: E402
from linnaeus.data.cache import Cache  # noqa: E402
from linnaeus.data.cached_scan import cached_scan  # noqa: E402
from linnaeus.data.pixels import (  # noqa: E402
    ArrayRows,
    ChosenRows,
    DecodedRows,
    chunks,
    pixel_rows,
)
from linnaeus.errors import UnreadableImage  # noqa: E402
from linnaeus.images.preprocess import Preprocessing  # noqa: E402
from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.augmentation.plan import AugmentPlan  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import TrainingPlan, fit_network  # noqa: E402

SMALL = Preprocessing(height_px=24, width_px=20)


class CountingSource:
    """A source that counts what is read from it."""

    def __init__(self, source):
        self.source, self.reads = source, []

    def read(self, path):
        self.reads.append(path)
        return self.source.read(path)


@pytest.fixture
def dataset(photo_folder):
    dataset = linnaeus.load_dataset(photo_folder)
    object.__setattr__(dataset, "source", CountingSource(dataset.source))
    return dataset


@pytest.fixture
def no_room(monkeypatch):
    """A machine on which no array of pixels finds room, in memory or on disk."""
    monkeypatch.setattr(memory, "SHARE_OF_MEMORY", 0.0)
    monkeypatch.setattr(through_cache, "SHARE_OF_TEMPORARY_DISK", 0.0)


def trained(pixels, labels, **plan):
    """The state of a network after two passes over ten pictures of three classes in eleven."""
    train = np.flatnonzero(np.arange(len(labels)) % 11 < 10)
    held_out = np.flatnonzero(np.arange(len(labels)) % 11 == 10)
    torch.manual_seed(0)
    learning = ChosenRows(pixels, train)
    network = nn.Sequential(Normalise.measured_on(learning), small_cnn(3, 24, 20, width=0.25))
    fitted = fit_network(
        network,
        learning,
        labels[train],
        (ChosenRows(pixels, held_out), labels[held_out]),
        plan=TrainingPlan(epochs=2, batch_size=8, precision="float32", **plan),
        clock=Clock(),
        progress=Quiet(),
    )
    return fitted.network.state_dict(), fitted.history


def test_pictures_decoded_for_every_batch_give_the_same_bits_as_pixels_in_memory(dataset, tmp_path):
    kept = cached_scan(dataset, cache=Cache(tmp_path / "cache"), preprocessing=SMALL)
    in_memory, mapped = ArrayRows(np.array(kept.pixels)), pixel_rows(kept, dataset, SMALL)
    states, histories = zip(
        *(
            trained(pixels, dataset.labels, augment=AugmentPlan(shift=0.1, zoom=0.1, mirror=True))
            for pixels in (in_memory, mapped, DecodedRows(dataset, SMALL, workers=3))
        ),
        strict=True,
    )
    for name, tensor in states[0].items():
        assert all(torch.equal(tensor, state[name]) for state in states[1:]), name
    losses = [[row.validation_loss for row in history] for history in histories]
    assert losses[0] == losses[1] == losses[2]


def test_only_what_is_taken_and_what_comes_next_is_decoded(dataset):
    rows = DecodedRows(dataset, SMALL, workers=2)
    source = dataset.source
    for taken, pixels in enumerate(chunks(rows, np.arange(36), 4), start=1):
        assert pixels.shape == (4, 24, 20, 3)
        assert len(source.reads) <= 4 * (taken + 1)
    assert sorted(source.reads) == sorted(dataset.paths), "nothing is decoded twice"


def test_rows_may_repeat_and_come_in_any_order(dataset):
    rows = DecodedRows(dataset, SMALL)
    asked = np.array([5, 3, 5, 35, 0])
    rows.expect(np.array([3, 35]))
    single = [SMALL.read(dataset.source.read(dataset.paths[row]))[0] for row in asked]
    assert np.array_equal(rows.take(asked), np.stack(single))


def test_a_picture_that_goes_while_it_is_needed_is_named(dataset, photo_folder):
    rows = DecodedRows(dataset, SMALL)
    (photo_folder / dataset.paths[3]).unlink()
    with pytest.raises(UnreadableImage, match=dataset.paths[3].replace(".", r"\.")):
        rows.take(np.array([2, 3]))


class Told(Quiet):
    """A Progress that remembers what was said."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.mark.slow
@pytest.mark.usefixtures("no_room")
def test_where_pixels_find_no_room_that_is_told_and_the_bundle_is_the_same(
    photo_set: Path, photo_run, tmp_path
):
    told = Told()
    options = {"model": "small_cnn", "epochs": 2, "cache": False, "progress": told}
    streamed = linnaeus.train(photo_set, out=tmp_path / "run", **options)
    assert any("neither in memory nor on the disk" in sentence for sentence in told.sentences)
    weights = [run.bundle / "weights.safetensors" for run in (streamed, photo_run)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
