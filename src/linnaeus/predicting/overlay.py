"""The frames that were answered as a video, with what was said of each written into it."""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from linnaeus.bundle.predictions import NONE_OF_THEM, Prediction
from linnaeus.errors import MissingError, UsageError, WriteError
from linnaeus.files import whole_file
from linnaeus.images.lettering import font_for
from linnaeus.predicting.asked import Answered

__all__ = ["Overlay"]

CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "mp4v"}
"""What OpenCV writes with no more than it brings itself."""

TEXT_SHARE = 0.06
"""Height of the writing as a share of the picture's: readable when shown small."""


class Overlay:
    """Writes each frame that is answered to the video at `path`, `fps` of them a second.

    Frames of another size than the first are brought to that. The file stands there once the work
    is done. To be used in a `with` statement. Raises UsageError for an ending that is not written,
    MissingError without OpenCV, WriteError where the video cannot be written.
    """

    def __init__(self, path: Path, fps: float) -> None:
        if path.suffix.lower() not in CODECS:
            raise UsageError(
                f'videos are not written to files that end in "{path.suffix}"',
                where=f"--video-out {path}",
                mend=f"Name one that ends in {', '.join(CODECS)}.",
            )
        self._path, self._fps = path, fps
        self._cv2 = _opencv()
        self._open = ExitStack()
        self._aside = path
        self._writer: Any = None
        self._size = (0, 0)
        self._count = 0

    def __enter__(self) -> Overlay:
        self._aside = self._open.enter_context(whole_file(self._path))
        return self

    def __exit__(self, *failure: Any) -> None:
        if self._writer is not None:
            self._writer.release()
        if failure[0] is None:
            self._check()
        self._open.__exit__(*failure)

    def add(self, answered: Answered) -> None:
        """Write those of the pictures that are frames."""
        for place, (picture, one) in enumerate(
            zip(answered.pictures, answered.predictions, strict=True)
        ):
            if isinstance(picture.source, np.ndarray):
                image = Image.fromarray(picture.source)
                self._write(_written_on(image, _words(one, answered.promised.withheld(place))))

    def _write(self, image: Image.Image) -> None:
        if self._writer is None:
            width, height = image.size
            self._size = (width - width % 2 or 2, height - height % 2 or 2)  # codecs want even ones
            code = self._cv2.VideoWriter_fourcc(*CODECS[self._path.suffix.lower()])
            self._writer = self._cv2.VideoWriter(str(self._aside), code, self._fps, self._size)
        if image.size != self._size:
            image = image.resize(self._size)
        self._writer.write(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
        self._count += 1

    def _check(self) -> None:
        """OpenCV says nothing where a disk is full, so what was written is looked at."""
        written = self._cv2.VideoCapture(str(self._aside))
        frames = int(written.get(self._cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
        if not self._count or frames < self._count:
            told = "no frame was answered" if not self._count else "it could not be written whole"
            raise WriteError(
                told,
                where=f"--video-out {self._path}",
                mend="Give a video, camera or stream, and a disk with room.",
            )


def _words(one: Prediction, withheld: bool) -> str:
    if one.error:
        return "could not be read"
    after = ", changed?" if one.changed else ""
    if withheld:
        return f"withheld{after}"
    if one.unknown:
        return f"{one.label}{after}"
    return f"{one.label or NONE_OF_THEM} {one.confidence:.2f}{after}"


def _written_on(image: Image.Image, words: str) -> Image.Image:
    """White on a dark bar at the top."""
    size = max(10, round(TEXT_SHARE * image.height))
    font = font_for(words, size)
    draw = ImageDraw.Draw(image, "RGBA")
    draw.rectangle((0, 0, image.width, round(1.6 * size)), fill=(0, 0, 0, 160))
    draw.text((size // 2, size // 4), words, fill="white", font=font)
    return image


def _opencv() -> Any:
    try:
        return importlib.import_module("cv2")
    except ImportError:
        raise MissingError(
            "videos are written by OpenCV, which is not installed",
            mend='Install it: pip install "linnaeus[video]".',
        ) from None
