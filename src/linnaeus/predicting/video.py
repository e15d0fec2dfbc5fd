"""Frames of a video file, a camera or an RTSP stream, so many a second, through OpenCV."""

from __future__ import annotations

import importlib
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import DataError, MissingError, UnreadableImage, UsageError
from linnaeus.predicting.picture import Frame, Picture, Source

__all__ = ["VIDEO_SUFFIXES", "check_rate_of_frames", "is_live", "live_frames", "video_source"]

VIDEO_SUFFIXES = frozenset(
    ".avi .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split()
)
"""File name endings that promise a video, in lower case."""

COUNTED = frozenset(".avi .m4v .mov .mp4".split())
"""Those whose files say how many frames they hold; of others the number is reckoned from times."""

LOST_S = 1.0
"""Seconds' worth of frames that may be missing before it is told: a clip that was shortened without
coding it anew still counts those before its new beginning, of which none is shown."""

QUIET = "-8"
"""FFmpeg's level at which it says nothing: what cannot be read is told by us, where it belongs."""

NO_FRAME = "no frame of this video can be read"

CAMERA = "camera:"
STREAMS = ("rtsp://", "rtsps://")
OPEN_MS, SILENT_MS = 10_000, 10_000
"""How long a stream may take to begin, and to send its next frame."""


def check_rate_of_frames(fps: float) -> None:
    """Raise UsageError where `fps` is no number of frames a second."""
    if not (math.isfinite(fps) and fps > 0):
        raise UsageError(
            f"{fps:g} is no number of frames a second",
            where="--fps",
            mend="Give one above 0, such as 2, or 0.1 for one in ten seconds.",
        )


def video_source(path: Path, fps: float) -> Source:
    """`fps` frames a second of the video file at `path`, called "PATH@SECONDSs".

    The first is the first of the file, and each further one the first that is due. A file that
    OpenCV cannot open is one picture that cannot be read, and so is what is missing of one that
    holds fewer frames than it promises. Raises MissingError without OpenCV.
    """
    opened = _opened(str(path))
    if not opened.isOpened():
        return Source(lambda: iter([_unreadable(str(path), NO_FRAME)]), 1, inside=str(path))
    opened.release()
    return Source(lambda: _frames_of(path, fps), inside=str(path))


def is_live(given: str) -> bool:
    """Whether `given` names a camera or a stream.

    >>> is_live("camera:0"), is_live("rtsp://door/1"), is_live("door.mp4")
    (True, True, False)
    """
    return given.lower().startswith((CAMERA, *STREAMS))


def live_frames(given: str, fps: float) -> Iterator[list[Picture]]:
    """The newest frame of a camera ("camera:0") or stream, `fps` times a second, until it ends.

    Frames that come in between are left out, and so are those that come while the last one is
    answered. They are called "NAME@TIME", with the time in UTC, and no password in the name. Raises
    DataError where it cannot be opened, UsageError for a camera without a number.
    """
    newest = _Newest(given)
    try:
        due_s = time.monotonic()
        while (frame := newest.wait()) is not None:
            at = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
            now_s = time.monotonic()
            yield [Picture(f"{newest.name}@{at}Z", frame, Frame(newest.name, now_s))]
            due_s = max(due_s + 1 / fps, time.monotonic())
            time.sleep(max(0.0, due_s - time.monotonic()))
    finally:
        newest.close()


class _Newest:
    """Reads all frames in a thread, so that none waits in a queue, and keeps the newest."""

    def __init__(self, given: str) -> None:
        self.name = _without_password(given)
        self._capture = _opened(_camera(given) if given.lower().startswith(CAMERA) else given)
        if not self._capture.isOpened():
            raise DataError(
                "no picture comes from it",
                where=self.name,
                mend="Check that it is switched on, its address, and its name and password.",
            )
        self._frame: NDArray[np.uint8] | None = None
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def wait(self) -> NDArray[np.uint8] | None:
        """The newest frame that was not given yet, (h, w, 3) uint8 RGB; None once it has ended."""
        with self._changed:
            while self._frame is None and not self._ended:
                self._changed.wait(0.1)  # so that Ctrl-C is heard
            frame, self._frame = self._frame, None
        return None if frame is None else _as_rgb(frame)

    def close(self) -> None:
        """Let go of the camera."""
        self._ended = True
        self._thread.join(SILENT_MS / 1000)
        if not self._thread.is_alive():
            self._capture.release()

    def _read(self) -> None:
        while not self._ended:
            there, frame = self._capture.read()
            with self._changed:
                self._ended = self._ended or not there
                self._frame = frame if there else self._frame
                self._changed.notify()


def _frames_of(path: Path, fps: float) -> Iterator[Picture]:
    cv2, opened = _opencv(), _opened(str(path))
    try:
        rate = opened.get(cv2.CAP_PROP_FPS) or 25.0
        promised = opened.get(cv2.CAP_PROP_FRAME_COUNT) if path.suffix.lower() in COUNTED else 0.0
        due_s, at_s, number, clip, timed = 0.0, 0.0, 0, 1, False
        while opened.grab():
            before_s = at_s
            told_s = opened.get(cv2.CAP_PROP_POS_MSEC) / 1000
            timed = timed or told_s > 0  # else nothing tells when its frames are
            at_s = before_s + 1 / rate if timed else number / rate
            at_s = told_s if told_s > 0 else at_s  # of the last ones, 0 may be told
            number += 1
            if at_s + 1 / rate < before_s:  # time begins anew, as where clips were joined
                due_s, clip = at_s, clip + 1
            if at_s + 0.5 / rate < due_s:  # half a frame early is on time
                continue
            there, frame = opened.retrieve()
            name = f"{path}@{at_s:.3f}s" + (f" of clip {clip}" if clip > 1 else "")
            if there:
                yield Picture(name, _as_rgb(frame), Frame(str(path), at_s))
            else:
                yield _unreadable(name, "this frame of the video cannot be decoded")
            due_s += 1 / fps
            due_s = max(due_s, at_s)
        if not number:
            yield _unreadable(str(path), NO_FRAME)
        elif promised - number > LOST_S * rate:
            what = f"only {number:,} of the {promised:,.0f} frames that it promises can be read"
            yield _unreadable(f"{path}@{at_s + 1 / rate:.3f}s", f"the video is damaged: {what}")
    finally:
        opened.release()


def _unreadable(name: str, what: str) -> Picture:
    def refuse() -> bytes:
        raise UnreadableImage(
            what, where=name, mend="Copy it again from where it was made, or convert it to MP4."
        )

    return Picture(name, refuse)


def _as_rgb(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(frame[:, :, ::-1])


def _opened(given: str | int) -> Any:
    cv2 = _opencv()
    with suppress(AttributeError):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we tell it ourselves
    if isinstance(given, str) and given.lower().startswith(STREAMS):
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            OPEN_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            SILENT_MS,
        ]
        return cv2.VideoCapture(given, cv2.CAP_FFMPEG, limits)
    return cv2.VideoCapture(given)


def _opencv() -> Any:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", QUIET)
    try:
        return importlib.import_module("cv2")
    except ImportError:
        raise MissingError(
            "videos and cameras are read by OpenCV, which is not installed",
            mend='Install it: pip install "linnaeus[video]".',
        ) from None


def _camera(given: str) -> int:
    number = given[len(CAMERA) :]
    if not (number.isascii() and number.isdecimal()):
        raise UsageError(
            "a camera is named by its number", where=given, mend="The first one is camera:0."
        )
    return int(number)


def _without_password(given: str) -> str:
    """The address without the name and password that may stand in it.

    >>> _without_password("rtsp://me:secret@door:554/1")
    'rtsp://door:554/1'
    """
    if "@" not in given:
        return given
    parts = urlsplit(given)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
