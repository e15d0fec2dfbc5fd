"""Pictures through a classifier as they come: in order, in threads, with little of it in memory.

Each thread takes a picture, or some, to the answer. Once there are many pictures, the
network is opened a second time so that each processor answers one by itself: none waits for another
after each layer, which costs most on a busy machine. `benchmarks/predicting.py` measures it.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.in_threads import processors
from linnaeus.errors import BundleError
from linnaeus.images.decode import ImageSource

__all__ = ["Picture", "Streaming", "same_bits"]

AHEAD = 4
"""What is under way for each thread: enough to keep it busy, little enough that memory stays flat
however many pictures there are."""

FEW = 96
"""Pictures that are answered before the network is opened for several at a time: opening a small
one takes as long as answering about a hundred pictures."""

COMPARED = 4
"""Pictures that both ways have to answer to the same bits before the second is used. Another order
of summing shows in every one of the hundreds of numbers of each answer."""

Key = TypeVar("Key")
Given = TypeVar("Given")
Picture = ImageSource | Callable[[], bytes]


class HasOutputs(Protocol):
    """An answer, as far as two of them are compared."""

    @property
    def logits(self) -> NDArray[np.float32]:
        """(classes,) float32."""

    @property
    def features(self) -> NDArray[np.float32]:
        """(d,) float32."""

    @property
    def error(self) -> str:
        """Why there is none, or ""."""


class Answers(Protocol):
    """A classifier, as far as pictures stream through it."""

    def answer(self, decoded: Any) -> HasOutputs:
        """What it says of what it sees of a picture."""

    def side_by_side(self, callers: int) -> Self:
        """The same for several callers at a time. Raises BundleError."""


ClassifierT = TypeVar("ClassifierT", bound=Answers)
AnswerT = TypeVar("AnswerT", bound=HasOutputs)


class Streaming(Generic[ClassifierT]):
    """Streams of pictures through `classifier`; the second opening is shared between them."""

    def __init__(self, classifier: ClassifierT) -> None:
        self._classifier = classifier
        self._beside: ClassifierT | None = None
        self._tried = threading.Lock()  # taken by the first stream that opens it, and kept

    def __call__(
        self,
        given: Iterable[tuple[Key, Given]],
        answer: Callable[[ClassifierT, Given], Sequence[tuple[Any, AnswerT]]],
    ) -> Iterator[tuple[Key, Sequence[tuple[Any, AnswerT]]]]:
        """(key, what `answer` makes) of (key, given) pairs, in order.

        `answer` gives of each of some pictures what the classifier sees of it, and its answer.
        """
        threads = processors()
        compared: list[tuple[Any, AnswerT]] = []

        def answered(some: Given) -> Sequence[tuple[Any, AnswerT]]:
            classifier = self._beside or self._classifier
            told = answer(classifier, some)
            if classifier is self._classifier and len(compared) < COMPARED:
                compared.extend([one for one in told if not one[1].error][:COMPARED])
            return told

        under_way: deque[tuple[Key, Future[Sequence[tuple[Any, AnswerT]]]]] = deque()
        opening: Future[None] | None = None
        pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        taken = 0
        try:
            for key, some in given:
                under_way.append((key, pool.submit(answered, some)))
                if len(under_way) < threads * AHEAD:
                    continue
                first, future = under_way.popleft()
                told = future.result()
                taken += len(told)
                if taken >= FEW and threads > 1 and self._tried.acquire(blocking=False):
                    opening = pool.submit(self._open, threads, compared)
                if opening is not None and opening.done():
                    opening.result()  # a fault of ours is raised, and does not just cost speed
                    opening = None
                yield first, told
            while under_way:
                first, future = under_way.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _open(self, callers: int, compared: Sequence[tuple[Any, HasOutputs]]) -> None:
        """Open the network for `callers`, and use it where it answers `compared` to the same bits.

        A bundle that is gone from the disk by now goes on as it was opened first; so does one that
        the runtime will not open again.
        """
        try:
            beside = self._classifier.side_by_side(callers)
        except BundleError:
            return
        answers = [(beside.answer(decoded), answer) for decoded, answer in compared]
        if answers and all(itertools.starmap(same_bits, answers)):
            self._beside = beside


def same_bits(one: HasOutputs, other: HasOutputs) -> bool:
    """Whether two answers are the same to the last bit."""
    same_logits = one.logits.tobytes() == other.logits.tobytes()
    return same_logits and one.features.tobytes() == other.features.tobytes()
