"""Pictures through a classifier as they come: in order, in threads, with little of it in memory.

Each thread takes one picture from its bytes to its answer. Once there are many pictures, the
network is opened a second time so that each processor answers one by itself: none waits for another
after each layer, which costs most on a busy machine. `benchmarks/predicting.py` measures it.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.in_threads import processors
from linnaeus.errors import BundleError
from linnaeus.images.decode import ImageSource

__all__ = ["Picture", "Streaming", "same_bits"]

AHEAD = 4
"""Pictures under way for each thread: enough to keep it busy, little enough that memory stays flat
however many pictures there are."""

FEW = 96
"""Pictures that are answered before the network is opened for several at a time: opening a small
one takes as long as answering about a hundred pictures."""

COMPARED = 4
"""Pictures that both ways have to answer to the same bits before the second is used. Another order
of summing shows in every one of the hundreds of numbers of each answer."""

Key = TypeVar("Key")
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


AnswerT = TypeVar("AnswerT", bound=HasOutputs)


class Answers(Protocol[AnswerT]):
    """A classifier, as far as pictures stream through it."""

    def read(self, source: Picture) -> Any:
        """What it sees of a picture."""

    def answer(self, decoded: Any) -> AnswerT:
        """What it says of that."""

    def side_by_side(self, callers: int) -> Answers[AnswerT]:
        """The same for several callers at a time. Raises BundleError."""


class Streaming(Generic[AnswerT]):
    """Streams of pictures through `classifier`; the second opening is shared between them."""

    def __init__(self, classifier: Answers[AnswerT]) -> None:
        self._classifier = classifier
        self._beside: Answers[AnswerT] | None = None
        self._tried = threading.Lock()  # taken by the first stream that opens it, and kept

    def __call__(self, pictures: Iterable[tuple[Key, Picture]]) -> Iterator[tuple[Key, AnswerT]]:
        """(key, answer) of (key, picture) pairs, in order."""
        threads = processors()
        compared: list[tuple[Any, AnswerT]] = []

        def answered(source: Picture) -> AnswerT:
            classifier = self._beside or self._classifier
            decoded = classifier.read(source)
            answer = classifier.answer(decoded)
            if classifier is self._classifier and len(compared) < COMPARED and not answer.error:
                compared.append((decoded, answer))
            return answer

        under_way: deque[tuple[Key, Future[AnswerT]]] = deque()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        try:
            for taken, (key, source) in enumerate(pictures, start=1):
                under_way.append((key, pool.submit(answered, source)))
                if taken == FEW and threads > 1 and self._tried.acquire(blocking=False):
                    pool.submit(self._open, threads, compared)
                if len(under_way) >= threads * AHEAD:
                    first, future = under_way.popleft()
                    yield first, future.result()
            while under_way:
                first, future = under_way.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _open(self, callers: int, compared: list[tuple[Any, AnswerT]]) -> None:
        """Open the network for `callers`, and use it where it answers `compared` to the same bits.

        A bundle that is gone from the disk by now goes on as it was opened first.
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
