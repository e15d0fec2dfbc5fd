"""`predict`: what pictures show, from anywhere and as many as there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from linnaeus.api.several import several
from linnaeus.predicting.asked import Asked
from linnaeus.predicting.job import Job
from linnaeus.predicting.predict_all import Predicted
from linnaeus.predicting.sources import FPS
from linnaeus.progress import Progress, Quiet

__all__ = ["predict"]


def predict(
    bundle: str | Path,
    pictures: str | Path | Sequence[str | Path] = (),
    *,
    out: str | Path | None = None,
    sort_into: str | Path | None = None,
    link: bool = False,
    resume: bool = False,
    files_from: str | Path | None = None,
    image_column: str | None = None,
    allow_url: bool = False,
    watch: bool = False,
    fps: float = FPS,
    smooth: float | None = None,
    video_out: str | Path | None = None,
    top: int | None = None,
    sets: float | None = None,
    sets_method: Literal["lac", "aps", "raps", "class-conditional"] | None = None,
    max_error: float | None = None,
    min_confidence: float | None = None,
    unknown_rate: float | None = None,
    squeeze: Literal["bits", "median"] | None = None,
    changed_above: float | None = None,
    progress: Progress | None = None,
    line: Callable[[str], None] | None = None,
) -> Predicted:
    """Say what `pictures` show, from anywhere and as many as there are, by `bundle`.

    `pictures`: files, folders, archives, tables with a column of paths, videos, patterns
    ("photos/**/*.jpg"), or "-" for one picture's bytes on standard input. `files_from`: a list with
    a path a line. With `allow_url`, all of these may be public https addresses.

    `out`: a table of the answers, whose ending (.csv, .jsonl, .parquet) says which; rows are added
    while answers come, and with `resume` a table that broke off is gone on with, one row a picture
    exactly. `sort_into`: a folder for copies of the pictures, or for `link`s, one folder a label.
    Without either, the answers themselves are in what comes back, and `line` is called with
    each line that the command line prints.

    `watch`: `pictures` are folders, and what comes into them is answered until KeyboardInterrupt,
    each file once; `out` is then written to directly, and `resume` goes on with it.

    Of videos, of a camera ("camera:0") and of a stream ("rtsp://…"), `fps` frames a second are
    answered; `smooth` averages over so many seconds of them, and `video_out` is a video of these
    frames with the answers written in.

    `top`: name so many classes, instead of all. `sets`, `sets_method` ("lac" if not given) and
    `max_error`: as in `Classifier.promise`. `min_confidence`: answers below it are withheld.
    `unknown_rate`: as in `Classifier.gather`. `squeeze`: make every picture poorer first, as in
    `Classifier.squeezing`. `changed_above`: also tell what may have been changed on purpose, as in
    `Classifier.detecting`.

    A picture that cannot be read is counted in `unread`, told by `progress`, and has its row.
    Raises as `load` and `predicting.sources.sources_of` do, UsageError for options that cannot be
    meant, WriteError where a file cannot be written, DataError where `resume` finds other pictures.
    """
    asked = Asked(
        top=top,
        sets=sets,
        sets_method=sets_method,
        max_error=max_error,
        min_confidence=min_confidence,
        unknown_rate=unknown_rate,
        smooth=smooth,
        squeeze=squeeze,
        changed_above=changed_above,
    )
    job = Job(
        several(pictures),
        files_from=files_from,
        image_column=image_column,
        out=None if out is None else Path(out),
        sort_into=None if sort_into is None else Path(sort_into),
        link=link,
        resume=resume,
        allow_url=allow_url,
        watch=watch,
        fps=fps,
        video_out=None if video_out is None else Path(video_out),
    )
    return job.run(Path(bundle), asked, progress or Quiet(), line)
