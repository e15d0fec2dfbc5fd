"""Pictures that are squeezed before they are answered, and pictures whose answers move far then."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

import linnaeus
from linnaeus.bundle.squeezers import SQUEEZERS, SqueezerName
from linnaeus.errors import UsageError

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.ensembling.made import Ensembled
    from linnaeus.training.run import Run

NAMES: tuple[SqueezerName, ...] = get_args(SqueezerName)


@pytest.fixture(scope="module")
def classifier(digits_run: Run) -> linnaeus.Classifier:
    return linnaeus.load(digits_run.bundle)


@pytest.fixture(scope="module")
def files(some_digits: Dataset) -> list[bytes]:
    return [some_digits.source.read(some_digits.paths[row]) for row in range(20)]


def seen_of(classifier: linnaeus.Classifier, files: list[bytes]) -> list[NDArray[np.uint8]]:
    """The pictures as the network sees them."""
    return [classifier.record.preprocessing.read(file)[0] for file in files]


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_that_to_the_picture_squeezed_by_hand(
    classifier: linnaeus.Classifier, files: list[bytes], name: SqueezerName
) -> None:
    by_hand = [SQUEEZERS[name](pixels) for pixels in seen_of(classifier, files)]
    expected = [answer.probabilities for answer in classifier.predict_pixels(by_hand)]
    squeezing = classifier.squeezing(name)
    assert squeezing.predict(files).probabilities.tobytes() == np.stack(expected).tobytes()
    assert np.stack(expected).tobytes() != classifier.predict(files).probabilities.tobytes()
    assert name in " ".join(squeezing.notices)
    assert squeezing.squeezing(None).notices == classifier.notices


def test_each_member_of_an_ensemble_gets_it_squeezed_at_its_own_size(
    averaged: Ensembled, files: list[bytes]
) -> None:
    whole = linnaeus.load(averaged.bundle)
    combination = whole.record.combination
    assert combination is not None
    said = []
    for member in combination.members:
        alone = linnaeus.load(averaged.bundle / member.folder)
        (pixels,) = seen_of(alone, files[:1])
        said.append(alone.predict_pixels([SQUEEZERS["median"](pixels)])[0].probabilities)
    expected = whole.record.probabilities(combination.logits(said))
    answered = whole.squeezing("median").detecting(0.5).predict(files[:1])
    assert answered.probabilities[0].tobytes() == expected.tobytes()
    assert answered[0].moved > 0


def test_a_picture_is_changed_where_squeezing_moves_its_answer_far(
    classifier: linnaeus.Classifier, files: list[bytes]
) -> None:
    pictures = seen_of(classifier, files)
    plain = classifier.predict(files)
    behind = [
        np.stack([one.probabilities for one in classifier.predict_pixels(map(squeezer, pictures))])
        for squeezer in SQUEEZERS.values()
    ]
    moved = np.max([np.abs(one - plain.probabilities).sum(axis=1) for one in behind], axis=0)
    threshold = float(np.median(moved))
    answered = classifier.detecting(threshold).predict([*files, b"none"], unreadable="keep")
    assert [one.moved for one in answered][:-1] == pytest.approx(moved.tolist(), abs=1e-6)
    assert answered.changed.tolist() == [*(moved > threshold).tolist(), False]
    assert np.isnan(answered[-1].moved)
    assert answered.probabilities[:-1].tobytes() == plain.probabilities.tobytes()
    assert plain.moved is None
    assert not plain.changed.any()


def test_behind_a_squeezer_answers_move_as_far_as_without_it(
    classifier: linnaeus.Classifier, files: list[bytes]
) -> None:
    looking = classifier.detecting(1)
    squeezing = looking.squeezing("bits").predict(files)
    assert [one.moved for one in squeezing] == [one.moved for one in looking.predict(files)]
    assert (
        squeezing.probabilities.tobytes()
        == classifier.squeezing("bits").predict(files).probabilities.tobytes()
    )


def test_nothing_is_promised_that_was_measured_without_it(
    classifier: linnaeus.Classifier, files: list[bytes]
) -> None:
    squeezing = classifier.squeezing("median")
    assert classifier.promises
    assert not squeezing.promises
    answered = squeezing.predict(files)
    for asked in ({"coverage": 0.9}, {"max_error": 0.1}):
        with pytest.raises(UsageError, match="measured on pictures that are not squeezed"):
            squeezing.promise(answered, **asked)
    assert classifier.detecting(0.5).promise(answered, coverage=0.9).inside is not None


@pytest.mark.parametrize("distance", [-0.1, 2.01, float("nan"), float("inf")])
def test_what_is_no_distance_is_refused(classifier: linnaeus.Classifier, distance: float) -> None:
    with pytest.raises(UsageError, match="no distance that probabilities can move"):
        classifier.detecting(distance)


def test_what_is_no_squeezer_is_refused(classifier: linnaeus.Classifier) -> None:
    with pytest.raises(UsageError, match="Give one of bits, median"):
        classifier.squeezing("blur")  # type: ignore[arg-type]
