"""Good, corrupted and attacked pictures side by side: a page in the run that they judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linnaeus.bundle.load import bundle_folder
from linnaeus.errors import WriteError
from linnaeus.evaluation import charts
from linnaeus.evaluation.in_100 import in_100, times
from linnaeus.evaluation.pages import pages
from linnaeus.files import write_json, write_whole
from linnaeus.progress import Progress
from linnaeus.runs.standing import ROBUSTNESS, Kind, Stand, read_standing, run_of
from linnaeus.version import __version__

__all__ = ["keep_with_run", "standing_words"]

TITLES = {
    "good": "Good pictures",
    "corrupted": "Corrupted pictures",
    "moved": "Turned and moved",
    "attacked": "Attacked pictures",
    "proven": "Proven",
}
COMMANDS = {
    "corrupted": "linnaeus stress",
    "attacked": "linnaeus attack",
    "proven": "linnaeus certify",
}


def keep_with_run(
    bundle: Path, kind: Kind, found: Mapping[str, Any], progress: Progress
) -> Path | None:
    """Keep what was `found` in the run that `bundle` is of, in place of what was there of its kind,
    and write the page that puts all kinds side by side; its path.

    None where the bundle is of no run, or the disk refuses, which is told: what was found was told
    already.
    """
    run = run_of(bundle_folder(bundle))
    if run is None:
        return None
    page = run / ROBUSTNESS / "index.html"
    try:
        write_json(run / ROBUSTNESS / f"{kind}.json", found)
        write_whole(page, _page(run))
    except WriteError as error:
        progress.warn(f"The run does not get to know of this. {error}")
        return None
    progress.say(f"Side by side with what else was measured of this run: {page}")
    return page


def standing_words(standing: Mapping[str, Stand]) -> str:
    """The answer in a sentence.

    >>> from linnaeus.evaluation.figure import Figure
    >>> standing_words({"good": Stand(Figure(0.9, 0.8, 0.95), 100, "")})
    'Right 90 times in 100 on good pictures.'
    """
    others = {"corrupted": "on corrupted ones", "attacked": "on attacked ones"}
    parts = [f"Right {times(standing['good'].right.value)} in 100 on good pictures"]
    parts += [
        f"{in_100(standing[name].right.value)} {words}"
        for name, words in others.items()
        if name in standing
    ]
    return f"{', '.join(parts[:-1])} and {parts[-1]}." if len(parts) > 1 else f"{parts[0]}."


def _page(run: Path) -> str:
    standing = read_standing(run)
    return (
        pages("linnaeus.robustness")
        .get_template("standing.html.j2")
        .render(
            run=run.name,
            answer=standing_words(standing),
            stands=[(TITLES[name], stand) for name, stand in standing.items()],
            good=standing["good"].right,
            missing=[
                (TITLES[name], command)
                for name, command in COMMANDS.items()
                if name not in standing
            ],
            charts=charts,
            version=__version__,
        )
    )
