"""One file that lies elsewhere: its name, its pinned digest, and the addresses it can be had at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Digest", "Remote"]

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Digest:
    """What a file's bytes must come to: an algorithm of `hashlib`, and hexadecimal digits.

    MD5 is what many publishers pinned, and it guards against broken downloads; it would not stop
    somebody who forges a file on purpose.
    """

    algorithm: str
    digits: str

    @classmethod
    def pinned(cls, digits: str) -> Digest:
        """The digest of these digits; their number tells the algorithm: 32 for MD5, 64 SHA-256.

        >>> Digest.pinned("f68b3c2dcbeaaa9fbdd348bbdeb94873").algorithm
        'md5'
        """
        return cls({32: "md5", 64: "sha256"}[len(digits)], digits)

    def of(self, path: Path) -> Digest:
        """The digest of the file at `path`, by the same algorithm."""
        hashing = hashlib.new(self.algorithm, usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                hashing.update(chunk)
        return Digest(self.algorithm, hashing.hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm.upper()} {self.digits[:12]}…"


@dataclass(frozen=True)
class Remote:
    """A file to download: its `name` here, its digest, and `urls`, the first choice first.

    `inner`: the one file that is wanted of a zip, "" for all that there is.
    """

    name: str
    digest: Digest
    urls: tuple[str, ...]
    inner: str = ""
