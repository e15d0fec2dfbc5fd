"""Videos and streams: so many frames a second, each answered as a picture would be."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from stream_server import streaming

import linnaeus
from linnaeus.bundle.answer import Answer
from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.predicting.smoothing import Smoothing
from linnaeus.predicting.video import video_source

if TYPE_CHECKING:
    from linnaeus.training.run import Run

cv2 = pytest.importorskip("cv2")

RATE = 10


def write_video(path: Path, pictures: NDArray[np.uint8], code: str, each: int) -> None:
    """Each of `pictures` (n, h, w, 3) RGB for `each` frames, `RATE` of them a second."""
    height, width = pictures.shape[1:3]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), RATE, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        for _ in range(each):
            writer.write(np.ascontiguousarray(picture[:, :, ::-1]))
    writer.release()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, photo_pixels: NDArray[np.uint8]) -> Path:
    """Two seconds: one photograph, then another."""
    path = tmp_path_factory.mktemp("video") / "door.avi"
    write_video(path, photo_pixels[[0, 11]], "MJPG", RATE)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def probabilities(rows: list[dict[str, str]]) -> NDArray[np.float32]:
    kept = [[cell for name, cell in row.items() if name.startswith("p:")] for row in rows]
    return np.array(kept).astype(np.float32)


def test_frames_are_answered_so_many_a_second_to_the_bits_of_a_picture(
    photo_run: Run, video: Path, tmp_path: Path
) -> None:
    linnaeus.predict(photo_run.folder, video, fps=5, out=tmp_path / "a.csv")
    rows = rows_of(tmp_path / "a.csv")
    assert [row["image"] for row in rows] == [f"{video}@{at / 5:.3f}s" for at in range(10)]
    opened, frames = cv2.VideoCapture(str(video)), []
    while (read := opened.read())[0]:
        frames.append(np.ascontiguousarray(read[1][:, :, ::-1]))
    expected = linnaeus.load(photo_run.bundle).predict(frames[::2]).probabilities
    assert np.array_equal(probabilities(rows), expected)
    assert len(linnaeus.predict(photo_run.folder, video).answers) == 4  # two a second by default
    assert len(linnaeus.predict(photo_run.folder, video, fps=1000).answers) == 2 * RATE


def test_answers_are_smoothed_and_written_into_a_video(
    photo_run: Run, video: Path, tmp_path: Path
) -> None:
    linnaeus.predict(photo_run.folder, video, fps=5, out=tmp_path / "plain.csv")
    out, drawn = tmp_path / "smooth.csv", tmp_path / "drawn.mp4"
    linnaeus.predict(photo_run.folder, video, fps=5, smooth=1, out=out, video_out=drawn)
    plain = probabilities(rows_of(tmp_path / "plain.csv")).astype(np.float64)
    expected = [plain[max(0, at - 4) : at + 1].mean(axis=0) for at in range(10)]
    assert np.allclose(probabilities(rows_of(out)), expected, atol=1e-7)
    written = cv2.VideoCapture(str(drawn))
    assert written.get(cv2.CAP_PROP_FRAME_COUNT) == 10
    assert written.get(cv2.CAP_PROP_FPS) == pytest.approx(5)
    frame = written.read()[1]
    original = cv2.VideoCapture(str(video)).read()[1]
    assert frame.shape == original.shape
    change = np.abs(frame.astype(int) - original)
    assert change[:8].mean() > 3 * change[40:].mean()  # the bar at the top, and coding elsewhere


def test_how_far_a_frame_moved_is_told_of_it_alone(
    photo_run: Run, video: Path, tmp_path: Path
) -> None:
    for name, smooth in (("plain", None), ("smooth", 1)):
        out = tmp_path / f"{name}.csv"
        linnaeus.predict(photo_run.folder, video, smooth=smooth, changed_above=0, out=out)
    plain, smooth_ones = rows_of(tmp_path / "plain.csv"), rows_of(tmp_path / "smooth.csv")
    assert [row["moved"] for row in plain] == [row["moved"] for row in smooth_ones]
    assert {row["changed"] for row in plain} == {"yes"}
    assert not np.array_equal(probabilities(plain), probabilities(smooth_ones))


def test_a_broken_video_has_its_row_and_none_at_all_makes_no_video(
    photo_run: Run, photo_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 100)
    (one,) = linnaeus.predict(photo_run.folder, tmp_path / "broken.mp4").answers
    assert "no frame of this video can be read" in one.error
    picture = next(photo_set.rglob("*.jpg"))
    with pytest.raises(WriteError, match="no frame was answered"):
        linnaeus.predict(photo_run.folder, picture, video_out=tmp_path / "o.mp4", line=str)
    assert not (tmp_path / "o.mp4").exists()


def test_what_is_missing_of_a_video_that_breaks_off_is_told(
    photo_run: Run, photo_pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.avi", tmp_path / "cut.avi"
    write_video(whole, photo_pixels[[0, 11]], "MJPG", 2 * RATE)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    *frames, end = linnaeus.predict(photo_run.folder, cut, fps=2).answers
    assert 3 <= len(frames) <= 5  # of eight
    assert all(not one.error for one in frames)
    assert end.error.startswith("the video is damaged: only ")
    assert "of the 40 frames that it promises can be read" in end.error


def test_clips_that_were_joined_are_answered_to_their_end_and_smoothed_each_by_itself(
    photo_pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    for name, row in (("one.ts", 0), ("two.ts", 11)):
        write_video(tmp_path / name, photo_pixels[[row]], "MPG2", 2 * RATE)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join((tmp_path / name).read_bytes() for name in ("one.ts", "two.ts")))
    pictures = list(video_source(joined, 2).pictures())
    at_s = [one.frame.at_s for one in pictures if one.frame is not None]
    assert min(np.diff(at_s)) < 0  # the time of the second clip begins anew
    # Of its first frame no time is told, so that it counts as the next one of the first clip.
    assert len({one.name for one in pictures}) == len(pictures) == 9
    smoothing = Smoothing(10)
    nothing = np.zeros(1, np.float32)
    means = [
        smoothing(one, Answer(np.float32([place]), nothing, nothing)).probabilities[0]
        for place, one in enumerate(pictures)
    ]
    assert means == [0.0, 0.5, 1.0, 1.5, 2.0, 5.0, 5.5, 6.0, 6.5]


def test_a_last_frame_of_which_no_time_is_told_is_no_frame_of_another_clip(
    photo_pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    height, width = photo_pixels.shape[1:3]
    code = cv2.VideoWriter_fourcc(*"PIM1")
    writer = cv2.VideoWriter(str(tmp_path / "one.mpg"), code, 25, (width, height))
    for _ in range(60):
        writer.write(photo_pixels[0][:, :, ::-1])
    writer.release()
    pictures = list(video_source(tmp_path / "one.mpg", 2).pictures())
    at_s = [one.frame.at_s for one in pictures if one.frame is not None]
    assert at_s == sorted(at_s)
    assert len({one.name for one in pictures}) == len(pictures) == 5


def test_a_stream_is_answered_until_it_ends_and_its_password_is_not_told(
    photo_run: Run, photo_pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    write_video(tmp_path / "door.ts", photo_pixels[[0]], "MPG2", 4 * RATE)
    with streaming(tmp_path / "door.ts", 4.0) as address:
        done = linnaeus.predict(photo_run.folder, address, fps=5, out=tmp_path / "a.csv")
    rows = rows_of(tmp_path / "a.csv")
    assert done.pictures == len(rows) >= 2
    assert all(row["image"].startswith("rtsp://127.0.0.1:") for row in rows)
    assert "secret" not in (tmp_path / "a.csv").read_text("utf-8")
    alone = linnaeus.load(photo_run.bundle).predict(photo_pixels[0]).probabilities[0]
    assert np.abs(probabilities(rows) - alone).max() < 0.1  # it went through a lossy codec


@pytest.mark.parametrize(
    ("pictures", "options", "told"),
    [
        ("door.avi", {"fps": 0}, "0 is no number of frames"),
        ("door.avi", {"smooth": -1}, "-1 is no time to smooth over"),
        ("door.avi", {"smooth": 1, "sets": 0.9}, "holds for answers to single pictures"),
        ("door.avi", {"video_out": "a.gif"}, "not written to files that end in"),
        ("camera:front", {}, "named by its number"),
        ("camera:１", {}, "named by its number"),
        (["camera:0", "a.jpg"], {}, "has no end"),
        ("camera:0", {"out": "a.parquet"}, "which is never"),
        ("camera:0", {"out": "a.csv", "resume": True}, "cannot be gone on with"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    photo_run: Run, video: Path, pictures: str, options: dict[str, object], told: str
) -> None:
    given = video if pictures == "door.avi" else pictures
    with pytest.raises(UsageError, match=told):
        linnaeus.predict(photo_run.folder, given, **options)  # type: ignore[arg-type]


def test_a_camera_that_is_not_there_is_told(photo_run: Run) -> None:
    with pytest.raises(DataError, match="no picture comes from it"):
        linnaeus.predict(photo_run.folder, "camera:99")
