"""What a classifier is given: advice that fits a wrong picture, and answers of one shape."""

from __future__ import annotations

import io
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus import Classifier
from linnaeus.bundle.classifier import TOGETHER
from linnaeus.bundle.streaming import AHEAD, BESIDE, FEW, SLOW_S
from linnaeus.data.in_threads import processors
from linnaeus.errors import UnreadableImage, UsageError
from linnaeus.images.decode import ImageSource

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def classifier(digits_run: linnaeus.Run) -> Classifier:
    return linnaeus.load(digits_run.bundle)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.full((8, 8, 3), 90, np.uint8)


def test_an_array_of_floats_is_told_what_an_array_must_be(classifier: Classifier) -> None:
    floats = np.zeros((8, 8, 3), np.float64)
    with pytest.raises(UnreadableImage, match=r"the picture: .*float64 is not a picture") as told:
        classifier.predict(floats)
    assert told.value.mend.startswith("Give (height, width, 3) RGB")
    (_, answer) = next(classifier.stream([("x", floats)]))  # type: ignore[list-item]
    assert answer.mend == told.value.mend


def test_an_unreadable_picture_is_named_as_it_was_given(
    classifier: Classifier, picture: np.ndarray, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableImage) as told:
        classifier.predict(tmp_path / "nowhere.png")
    assert str(told.value) == f"{tmp_path / 'nowhere.png'}: there is no such file. Check the path."
    with pytest.raises(UnreadableImage, match=r"images\[1\]: the file is empty"):
        classifier.predict([picture, b""])


@pytest.mark.parametrize(
    "thing", [None, 3, {"a.png": b""}, bytearray(b"x"), memoryview(b"x"), io.BytesIO(b"x\ny")]
)
def test_what_is_no_picture_is_wrong_usage(classifier: Classifier, thing: object) -> None:
    with pytest.raises(UsageError, match=r"images: .* is not a picture. Give a path, the bytes"):
        classifier.predict(thing)  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [None, 3, {}, ["a.png"]])
def test_one_of_many_that_is_no_picture_is_wrong_usage(
    classifier: Classifier, picture: np.ndarray, thing: object
) -> None:
    with pytest.raises(UsageError, match=r"images\[1\]: .* is not a picture"):
        classifier.predict([picture, thing], unreadable="keep")  # type: ignore[list-item]
    with pytest.raises(UsageError, match="is not a picture"):
        list(classifier.stream([("one", thing)]))  # type: ignore[list-item]


def test_the_set_of_a_picture_without_a_path_is_drawn_from_what_it_holds(
    classifier: Classifier, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (24, 8, 8, 3), np.uint8)
    files = []
    for place, one in enumerate(pixels):
        Image.fromarray(one).save(tmp_path / f"{place}.png")
        files.append((tmp_path / f"{place}.png").read_bytes())

    def sets(given: list[ImageSource]) -> list[bool]:
        predictions = classifier.predict(given, unknown_rate=0)
        told = classifier.promise(predictions, coverage=0.5, method="aps")
        assert told.inside is not None
        return [bool(row.any()) for row in told.inside]

    for given in (files, list(pixels), [Image.fromarray(one) for one in pixels]):
        alone = [sets([one])[0] for one in given]
        assert len(set(alone)) == 2  # chance is not the same of all
        assert sets(list(given)) == alone  # nor that of a place


def test_only_known_ways_with_unreadable_pictures_are_taken(classifier: Classifier) -> None:
    with pytest.raises(UsageError, match=r'unreadable: .*Give "raise" or "keep"'):
        classifier.predict(b"", unreadable="skip")  # type: ignore[arg-type]


def test_all_answers_have_the_same_shapes(classifier: Classifier, picture: np.ndarray) -> None:
    first, second = (
        answer for _, answer in classifier.stream([("good", picture), ("bad", b"no picture")])
    )
    for name in ("probabilities", "logits", "features"):
        good, bad = getattr(first, name), getattr(second, name)
        assert (good.shape, good.dtype) == (bad.shape, bad.dtype)
        assert np.isnan(bad).all()
        assert np.isfinite(good).all()
    assert first.features.size > 1


def test_an_answer_without_features_holds_none_of_their_memory(
    classifier: Classifier, picture: np.ndarray
) -> None:
    (answer,) = classifier.predict_pixels([picture])
    light = answer.without_features().features
    assert light.size == 0
    assert light.base is None, "a view would keep all of them"


class Counted(np.ndarray):
    """A picture that knows of the copies that were made of it and are still somebody's."""

    copies: ClassVar[list[weakref.ref[np.ndarray]]] = []

    def copy(self, order: Any = "C") -> Any:
        other = super().copy(order)
        self.copies.append(weakref.ref(other))
        return other


def test_pictures_that_are_answered_are_let_go(classifier: Classifier) -> None:
    under_way = ((processors() + BESIDE) * AHEAD + 1) * TOGETHER
    most = 0

    def pictures() -> Iterator[np.ndarray]:
        nonlocal most
        for level in range(2 * under_way):
            if level % TOGETHER == 0:
                most = max(most, sum(one() is not None for one in Counted.copies))
            yield np.full((8, 8, 3), level % 256, np.uint8).view(Counted)

    assert len(classifier.predict_pixels(pictures())) == 2 * under_way
    assert len(Counted.copies) == 2 * under_way
    assert 0 < most <= under_way


def test_answers_do_not_wait_for_a_slow_source(classifier: Classifier) -> None:
    content = b"P5 8 8 255\n" + bytes(64)
    taken = 0

    def pictures() -> Iterator[tuple[int, Callable[[], bytes]]]:
        nonlocal taken
        for number in range(FEW + 60):
            taken = number + 1
            if number >= FEW:
                time.sleep(2 * SLOW_S)
            yield number, lambda: content

    waiting = [taken - number for number, _ in classifier.stream(pictures()) if taken < FEW + 60]
    threads = processors() + BESIDE
    assert max(waiting) <= 2 * threads * AHEAD


def test_a_stream_that_is_closed_begins_no_more_pictures(classifier: Classifier) -> None:
    content = b"P5 8 8 255\n" + bytes(64)
    begun: list[int] = []

    def slow(number: int) -> bytes:
        begun.append(number)
        if number >= FEW:
            time.sleep(0.05)
        return content

    stream = classifier.stream((number, partial(slow, number)) for number in range(10 * FEW))
    for number, _ in stream:
        if number == FEW + 1:
            break
    before = len(begun)
    stream.close()
    assert len(begun) - before <= 2 * (processors() + BESIDE)


def test_one_array_may_be_filled_anew_for_each_picture(classifier: Classifier) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3 * TOGETHER, 8, 8, 3), dtype=np.uint8)

    def refilled() -> Iterator[np.ndarray]:
        frame = np.empty_like(pictures[0])
        for picture in pictures:
            frame[:] = picture
            yield frame

    alone = np.stack([classifier.predict(one).probabilities[0] for one in pictures])
    assert len(np.unique(alone, axis=0)) > TOGETHER
    streamed = [answer for _, answer in classifier.stream(enumerate(refilled()))]
    for answers in (classifier.predict_pixels(refilled()), streamed):
        assert np.array_equal([one.probabilities for one in answers], alone)
    assert np.array_equal(classifier.predict(refilled()).probabilities, alone)


def test_pictures_of_every_kind_are_still_taken(
    classifier: Classifier, picture: np.ndarray, tmp_path: Path
) -> None:
    file = tmp_path / "grey.png"
    Image.fromarray(picture).save(file)
    kinds: list[ImageSource] = [
        file,
        str(file),
        file.read_bytes(),
        Image.fromarray(picture),
        picture,
    ]
    answered = classifier.predict(iter(kinds))
    assert len(answered) == 5
    assert (answered.probabilities == answered.probabilities[0]).all()
