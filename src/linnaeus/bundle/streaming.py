"""Pictures through a classifier as they come: in order, in threads, with little of it in memory.

Each thread takes a picture, or some, to the answer. Once there are many pictures, each takes some
at a time, and the network is opened a second time so that each processor answers one by itself:
none waits for another after each layer, which costs most on a busy machine.
`benchmarks/predicting.py` measures it.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.under_way import UnderWay
from linnaeus.data.in_threads import processors
from linnaeus.errors import BundleError
from linnaeus.images.decode import ImageSource

__all__ = ["Picture", "Streaming", "few_of", "in_groups", "same_bits"]

AHEAD = 4
"""What is under way for each thread: enough to keep it busy, little enough that memory stays flat
however many pictures there are."""

BESIDE = 1
"""Threads more than there are processors: while one waits for Python's lock, another computes."""

FEW = 96
"""Pictures that are begun before the network is opened for several at a time, where nobody knows
how many there will be: opening a small one takes as long as answering about a hundred."""

MANY = 400
"""So many are worth that in any case: processors that wait for each other lose an eighth of their
time where nothing else runs, and up to half beside other work."""

AT_A_TIME = 8
"""Pictures that a thread takes at a time once there are many: all but decoding and the network
takes a third of the time for one of eight, and of more hardly less. All are in memory at once."""

SLOW_S = 0.01
"""A source that takes longer for the next picture is slower than answers are: none waits for it."""

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
        groups: Iterable[Sequence[tuple[Key, Given]]],
        answer: Callable[[ClassifierT, Iterable[Given]], Sequence[tuple[Any, AnswerT]]],
        few: int = FEW,
    ) -> Generator[tuple[Key, AnswerT]]:
        """(key, answer) of (key, given) pairs, in order; each of the `groups` is one thread's work.

        `answer` gives of each of some pictures what the classifier sees of it, and its answer.
        After `few` the network is opened a second time.
        """
        threads = processors() + BESIDE
        compared: list[tuple[Any, AnswerT]] = []
        stopped = threading.Event()

        def answered(group: Sequence[tuple[Key, Given]], many: bool) -> list[tuple[Key, AnswerT]]:
            try:
                return answers_to(group, many)
            except BaseException:
                _give_up(group)
                raise

        def answers_to(group: Sequence[tuple[Key, Given]], many: bool) -> list[tuple[Key, AnswerT]]:
            if many and len(compared) >= COMPARED and self._tried.acquire(blocking=False):
                self._open(processors(), compared[:COMPARED])
            classifier = self._beside or self._classifier
            given = (one for _, one in group)
            told = answer(classifier, itertools.takewhile(lambda _: not stopped.is_set(), given))
            if classifier is self._classifier and len(compared) < COMPARED:
                compared.extend([one for one in told if not one[1].error][:COMPARED])
            return [(key, one) for (key, _), (_, one) in zip(group, told, strict=False)]

        under_way: deque[tuple[Sequence[tuple[Key, Given]], Future[list[tuple[Key, AnswerT]]]]] = (
            deque()
        )
        pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        begun = 0
        try:
            for group in groups:
                many = begun >= few and processors() > 1
                under_way.append((group, pool.submit(answered, group, many)))
                begun += len(group)
                if len(under_way) >= threads * AHEAD:
                    told = under_way[0][1].result()
                    under_way.popleft()
                    yield from told
            while under_way:
                told = under_way[0][1].result()
                under_way.popleft()
                yield from told
        except KeyboardInterrupt:  # what is finished is not lost
            while under_way and under_way[0][1].done():
                told = under_way[0][1].result()
                under_way.popleft()
                yield from told
            raise
        finally:
            stopped.set()
            for group, _ in under_way:
                _give_up(group)
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
        if all(same_bits(beside.answer(decoded), answer) for decoded, answer in compared):
            self._beside = beside


def few_of(total: int | None) -> int:
    """After how many pictures to open the network a second time, of `total` where that is known."""
    return FEW if total is None or total < MANY else COMPARED


def in_groups(
    pictures: Iterable[tuple[Key, Picture]], few: int
) -> Iterator[list[tuple[Key, Picture]]]:
    """(key, picture) pairs in order, as `Streaming` takes them: `few` one by one, and from then on
    `AT_A_TIME` together, unless they are in memory already, under way, or slow to come."""
    group: list[tuple[Key, Picture]] = []
    begun_s = 0.0
    for number, pair in enumerate(pictures):
        begun_s = begun_s if group else time.monotonic()
        group.append(pair)
        single = number < few or not _read_at_once(pair[1])
        late = time.monotonic() - begun_s > SLOW_S
        if single or late or len(group) == AT_A_TIME:
            yield group
            group = []
    if group:
        yield group


def _give_up(group: Iterable[tuple[Any, Any]]) -> None:
    """Let no thread wait for what is under way of `group`."""
    for _, given in group:
        if isinstance(given, UnderWay):
            given.give_up()


def _read_at_once(picture: Picture) -> bool:
    if isinstance(picture, UnderWay):
        return False
    return callable(picture) or isinstance(picture, str | Path)


def same_bits(one: HasOutputs, other: HasOutputs) -> bool:
    """Whether two answers are the same to the last bit."""
    same_logits = one.logits.tobytes() == other.logits.tobytes()
    return same_logits and one.features.tobytes() == other.features.tobytes()
