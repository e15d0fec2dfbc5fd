"""A Progress that keeps what it is told, for the tests of telling."""

from __future__ import annotations

from linnaeus.progress import Quiet


class Told(Quiet):
    """A Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def warn(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def __contains__(self, words: str) -> bool:
        return any(words in sentence for sentence in self.sentences)
