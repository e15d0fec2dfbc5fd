"""Work of one run that later ones need not do again: exported graphs, and features of pictures.

Each result is one file under a name that says all it depends on, beside the cache of pictures and
within a bound of its own. A file that is not as it was written counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from linnaeus.data.cache import Cache
from linnaeus.errors import WriteError
from linnaeus.files import write_whole
from linnaeus.progress import Progress

__all__ = ["KeptWork", "kept_beside"]

FOLDER = "learning"
SHARE_OF_CACHE = 0.25
"""Of what the cache of pictures may hold: features are about a tenth of the pixels of a photograph,
but for every view and network anew."""

DIGEST_BYTES = 32


@dataclass(frozen=True)
class KeptWork:
    """A folder of results; `bound_bytes` is how large it may become."""

    folder: Path
    bound_bytes: int
    progress: Progress

    def get(self, *key: object) -> bytes | None:
        """What was kept under `key`; None where nothing was, or it is damaged."""
        file = self._file(key)
        try:
            whole = file.read_bytes()
        except OSError:
            return None
        digest, content = whole[:DIGEST_BYTES], whole[DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            return None
        with suppress(OSError):  # a cache that cannot be written to takes no notes
            os.utime(file)
        return content

    def keep(self, content: bytes, *key: object) -> None:
        """Keep `content` under `key`, where there is room for it; the oldest makes it."""
        size_bytes = DIGEST_BYTES + len(content)
        if size_bytes > self.bound_bytes:
            return
        self._make_room(size_bytes, but=self._file(key))
        try:
            write_whole(self._file(key), hashlib.sha256(content).digest() + content)
        except WriteError as error:
            self.progress.warn(f"The work of this run is not kept for later ones: {error}")

    def clear(self, *, older_than_s: float = 0.0) -> int:
        """Remove what was used `older_than_s` ago or earlier; the bytes that this gives back."""
        freed_bytes, last = 0, time.time() - older_than_s
        for file in self.files():
            with suppress(OSError):
                known = file.stat()
                if known.st_mtime <= last:
                    file.unlink()
                    freed_bytes += known.st_size
        return freed_bytes

    def files(self) -> list[Path]:
        """All that is kept, least recently used first."""
        with suppress(OSError):
            return sorted(self.folder.glob("*.kept"), key=lambda file: file.stat().st_mtime)
        return []

    def _file(self, key: tuple[object, ...]) -> Path:
        text = json.dumps(key, default=str)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.kept"

    def _make_room(self, size_bytes: int, *, but: Path) -> None:
        others = [file for file in self.files() if file != but]
        with suppress(OSError):
            sizes = [file.stat().st_size for file in others]
            excess = sum(sizes) + size_bytes - self.bound_bytes
            for file, size in zip(others, sizes, strict=True):
                if excess <= 0:
                    break
                file.unlink()
                excess -= size


def kept_beside(cache: Cache | None, progress: Progress) -> KeptWork | None:
    """The kept work that belongs to `cache`; None without one, or with one that holds nothing."""
    if cache is None or cache.limit_bytes == 0:
        return None
    bound_bytes = int(SHARE_OF_CACHE * cache.bound_bytes())
    return KeptWork(cache.folder.parent / FOLDER, bound_bytes, progress)
