"""SIPaKMeD: cells of Pap smears in five classes, cropped, or the slides that they lie on.

Each class is a folder im_CLASS (in another of that name) of slides, NNN.bmp, and its folder CROPPED
has the cells of each slide, NNN_MM.bmp. The .dat files beside them hold outlines. (M. E. Plissiti
et al. 2018, doi:10.1109/ICIP.2018.8451588.)
"""

from __future__ import annotations

import re
from functools import partial

from linnaeus.data.catalogue.known import Known
from linnaeus.data.catalogue.pictures import data_set_of_files
from linnaeus.data.dataset import Dataset
from linnaeus.data.gather import Entry
from linnaeus.data.layout import is_picture
from linnaeus.data.store import Store

__all__ = ["SIPAKMED_SETS"]

CLASS_FOLDER = re.compile(r"im_([A-Za-z-]+)", re.IGNORECASE)
CROPPED = "cropped"
CELL = re.compile(r"(\d+)_\d+\.\w+")
SLIDE = re.compile(r"(\d+)\.\w+")

CELLS_NOTE = "Groups are slides, so that the cells of one slide stay on one side of a split."


def _read(cropped: bool, name: str, store: Store) -> Dataset:
    """Cells or slides, each with its slide (class and number) as its group."""
    entries, left_alone = [], {}
    for path in store.listing.files:
        if not is_picture(path):
            continue
        *folders, file = path.split("/")
        kind = next((m[1] for f in folders if (m := CLASS_FOLDER.fullmatch(f))), "")
        in_cropped = bool(folders) and folders[-1].lower() == CROPPED
        slide = (CELL if in_cropped else SLIDE).fullmatch(file)
        if not kind or not slide:
            left_alone[path] = "its folder and name tell no class and slide"
        elif in_cropped != cropped:
            left_alone[path] = _other(in_cropped)
        else:
            entries.append(Entry(path, (kind,), group=f"{kind}/{slide[1]}"))
    entries, again = _once(entries)
    return data_set_of_files(
        name,
        store,
        entries,
        left_alone=left_alone | again,
        grouped=True,
        notes=[CELLS_NOTE] if cropped else [],
    )


def _other(in_cropped: bool) -> str:
    if in_cropped:
        return "it is a cropped cell, which sipakmed reads"
    return "it is a whole slide, which sipakmed-slides reads"


def _once(entries: list[Entry]) -> tuple[list[Entry], dict[str, str]]:
    """Of entries with the same class and file name the one highest up, and why not the others."""
    first: dict[tuple[str, str], Entry] = {}
    again = {}
    for entry in sorted(entries, key=lambda one: (one.path.count("/"), one.path)):
        key = (entry.labels[0], entry.path.rpartition("/")[2])
        if kept := first.get(key):
            again[entry.path] = f"it is there already, as {kept.path}"
        else:
            first[key] = entry
    return list(first.values()), again


SIPAKMED_SETS = {
    "sipakmed": Known(
        what="cells of Pap smears, cropped, grouped by slide; from Kaggle",
        pictures=4_049,
        classes=5,
        licence="not stated",
        read=partial(_read, True),
        kaggle="prahladmehandiratta/cervical-cancer-largest-dataset-sipakmed@1",
    ),
    "sipakmed-slides": Known(
        what="the slides of sipakmed, whole",
        pictures=966,
        classes=5,
        licence="not stated",
        read=partial(_read, False),
        beside="sipakmed",
    ),
}
