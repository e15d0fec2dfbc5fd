"""What the folders of a data set mean: class folders, split folders, wrapping folders and strays.

Works on names alone, so that a folder and an archive of it mean the same.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from linnaeus.counted import are, pictures
from linnaeus.data.one_spelling import one_spelling
from linnaeus.data.store import SYSTEM_FILES, Listing, outside_system_folders
from linnaeus.errors import DataError
from linnaeus.images.decode import IMAGE_SUFFIXES, UNREAD_SUFFIXES

__all__ = [
    "SPLIT_NAMES",
    "Layout",
    "Sample",
    "from_root",
    "is_picture",
    "is_unread_kind",
    "listed",
    "quoted",
    "read_layout",
    "stray_reason",
]

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""What people call the three splits, in lower case."""

OTHER_SOURCES = (".csv", ".tsv", ".zip", ".tar", ".tgz", ".gz", ".txz", ".xz", ".bz2")
"""Endings of files that may be meant where a folder holds no pictures."""

NO_PICTURES = "it holds no pictures"
UNREAD_KIND = "a kind of picture that is not read; save it as JPEG or PNG"
OURS = "Linnaeus wrote it"
OURS_WITH_PICTURES = (("explanations.json", "index.html"), ("attack.json", "index.html"))
"""Beside these lie pictures, in a folder of their own."""

OUR_PICTURES = "pictures"
OUR_PAIRS = (
    *OURS_WITH_PICTURES,  # of which there may be none
    ("metrics.json", "index.html"),  # a report, of whichever verb
    ("stress.json", "index.html"),
    ("certify.json", "index.html"),
    ("comparison.json", "index.html"),
    ("compression.json", "compression.html"),
    ("lr-find.json", "lr-find.svg"),
    ("index.json", "frame.safetensors"),  # of a search
    ("bundle.json", "manifest.json"),
    ("audit.json", "audit.html"),
    ("recipe.json", "split.csv"),  # a run
    ("recipe.json", "audit.json"),
    ("begun.json", "lock"),  # a run that was broken off
    ("begun.json", "log.jsonl"),
    ("begun.json", "checkpoints"),
    ("begun.json", "*.unfinished"),  # an index
    ("study.json", "in-use"),
    ("study.json", "splits"),
    ("choices.csv", "table.csv"),  # a cleaned table
    ("export.json", "model.*"),
    ("export.json", "saved_model.pb"),
    ("export.json", "function.zip"),
    ("export.json", "Dockerfile"),
    ("export.json", "*.whl"),
)
"""Two of such names are nobody else's: of a folder, and of the files and folders in it. A user who
works in the folder of the data has such folders beside the classes."""

OUR_DRAWINGS = frozenset(("lr-find.svg",))
"""Of a kind of picture that is not read."""

LEAVES = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")
"""In the name of a file of an archive: it would lie outside."""

DATA_SUFFIXES = frozenset(".csv .tsv .json .jsonl .xml .txt .md .yaml .yml .parquet".split())
NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Sample:
    """One picture: `path` as in the listing, class name, and split ("" where none is given)."""

    path: str
    label: str
    split: str


@dataclass
class Layout:
    """What a listing means. `root` ("" or ending in "/") is where the data set begins."""

    root: str
    samples: list[Sample] = field(default_factory=list)
    left_alone: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Tree:
    """The listing by folder: names of sub-folders, pictures and other files of each folder.

    `refused`: {path: why} of all that the store does not read; `refused_beneath`: how many of these
    would be pictures, by folder. Such a folder is among the `folders`: it may be meant as a class.
    """

    where: str
    folders: dict[str, list[str]]
    pictures: dict[str, list[str]]
    others: dict[str, list[str]]
    pictures_beneath: Counter[str]
    refused: dict[str, str]
    refused_beneath: Counter[str]


def read_layout(listing: Listing, where: str) -> Layout:
    """Read classes and splits out of folder names. `where` names the data set in errors.

    Raises DataError when there is no picture, a label without pictures, or pictures without a
    label.
    """
    tree = _grow(listing, where)
    if not tree.pictures_beneath[""]:
        raise _without_pictures(tree)
    root = _see_through_wrapping(tree)
    layout = Layout(root + "/" if root else "", left_alone=dict(listing.refused))
    if splits := _split_folders(tree, root):
        _read_split_folders(tree, root, splits, layout)
    else:
        _read_class_folders(tree, root, "", layout)
    _leave_alone_what_is_outside(tree, layout)
    return layout


def from_root(root: str, left_alone: Mapping[str, str]) -> dict[str, str]:
    """What is left alone, by paths that start at `root` ("" or ending in "/"), as the samples' do.

    Names that would leave their archive stay as they are.
    """
    if not root:
        return dict(sorted(left_alone.items()))
    return {_seen_from(root, path): why for path, why in sorted(left_alone.items())}


def _seen_from(root: str, path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        return path
    return posixpath.relpath(path, root) + ("/" if path.endswith("/") else "")


def listed(names: Iterable[str], between: str = ", ") -> str:
    """The first few names of many, for a sentence.

    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    >>> listed("abcdefg", " = ")
    'a = b = c = d = e and 2 more'
    """
    every = list(names)
    rest = len(every) - NAMED_AT_MOST
    return between.join(every[:NAMED_AT_MOST]) + (f" and {rest:,} more" if rest > 0 else "")


def quoted(names: Iterable[str]) -> str:
    """The first few names of many, as `listed`, each in quotation marks."""
    return listed(f"“{name}”" for name in names)


def is_picture(path: str) -> bool:
    """Whether a path's name promises a picture: it is not hidden and has such an ending."""
    return not _last(path).startswith(".") and _suffix(path) in IMAGE_SUFFIXES


def is_unread_kind(path: str) -> bool:
    """Whether a path's name promises a picture of a kind that is not read."""
    return not _last(path).startswith(".") and _suffix(path) in UNREAD_SUFFIXES


def _grow(listing: Listing, where: str) -> _Tree:
    folders, pictures, others = defaultdict(list), defaultdict(list), defaultdict(list)
    beneath: Counter[str] = Counter()
    refused = _refused_in_place(listing)
    refused_beneath = Counter(
        above for path in refused for above in _and_above(posixpath.dirname(path))
    )
    for path in sorted(listing.folders | (refused_beneath.keys() - {""})):
        folders[posixpath.dirname(path)].append(path)
    for path in listing.files:
        if not is_picture(path):
            others[posixpath.dirname(path)].append(path)
        else:
            folder = posixpath.dirname(path)
            pictures[folder].append(path)
            for above in _and_above(folder):
                beneath[above] += 1
    return _Tree(where, folders, pictures, others, beneath, listing.refused, refused_beneath)


def _refused_in_place(listing: Listing) -> list[str]:
    """What would be pictures of this listing if they were not refused.

    Names that would leave their archive tell of no folder in it.
    """
    inside = (path for path in listing.refused if not LEAVES.search(path))
    return [path for path in outside_system_folders(inside)[0] if is_picture(path)]


def _and_above(folder: str) -> Iterable[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _see_through_wrapping(tree: _Tree) -> str:
    """The folder that the data set begins in: below folders that hold one folder and no picture."""
    root = ""
    while not tree.pictures[root]:
        folders = [f for f in tree.folders[root] if not _is_ours(tree, f)]
        holding = [f for f in folders if tree.pictures_beneath[f]]
        if len(holding) != 1 or tree.pictures[holding[0]] or _split_folders(tree, root):
            break
        root = holding[0]
    return root


def _split_folders(tree: _Tree, root: str) -> dict[str, str]:
    """{folder: split} when folders named like splits hold class folders, else nothing."""
    named = {f: SPLIT_NAMES[_name(f)] for f in tree.folders[root] if _name(f) in SPLIT_NAMES}
    if any(tree.pictures_beneath[sub] for folder in named for sub in tree.folders[folder]):
        return named
    if named and len(named) == len(tree.folders[root]) and tree.pictures_beneath[root]:
        raise _without_labels(tree, min(named))
    return {}


def _read_split_folders(tree: _Tree, root: str, splits: dict[str, str], layout: Layout) -> None:
    beside = f"it stands beside {listed(map(_last, splits))}, so it is in no split"
    classes = [inner for folder in splits for inner in tree.folders[folder]]
    known = frozenset(_label(folder) for folder in classes if tree.pictures[folder])
    for folder in tree.folders[root]:
        if not tree.pictures_beneath[folder]:
            _leave_alone_empty_folders(tree, [folder], layout)
        elif folder not in splits:
            count = tree.pictures_beneath[folder]
            layout.left_alone[folder + "/"] = f"{beside}; pictures in it: {count:,}"
        elif len(tree.pictures[folder]) == tree.pictures_beneath[folder]:
            raise _without_labels(tree, folder)
        else:
            _read_class_folders(tree, folder, splits[folder], layout, known)
    _leave_alone_loose_files(tree, root, layout)


def _read_class_folders(
    tree: _Tree, root: str, split: str, layout: Layout, known: frozenset[str] = frozenset()
) -> None:
    """Take the folders in `root` as classes. Those `known` from another split may be empty."""
    ours = [folder for folder in tree.folders[root] if _is_ours(tree, folder)]
    layout.left_alone |= {folder + "/": OURS for folder in ours}
    folders = [folder for folder in tree.folders[root] if folder not in ours]
    _check_class_folders(tree, root, folders, known)
    for folder in folders:
        layout.samples += [Sample(path, _label(folder), split) for path in tree.pictures[folder]]
        _leave_alone_others(tree, folder, layout)
        _leave_alone_empty_folders(tree, tree.folders[folder], layout)
    _leave_alone_loose_files(tree, root, layout)


def _is_ours(tree: _Tree, folder: str) -> bool:
    """Whether a verb wrote it, or all that is in it: no class has such files and no picture.

    What holds a picture that cannot be read is a class, too: one that is to be told of.
    """
    if tree.refused_beneath[folder] or _unread_beneath(tree, folder):
        return False
    if not tree.pictures_beneath[folder]:
        places = (folder, *tree.folders[folder])
        return any(_has_one(_names_of(tree, place), OUR_PAIRS) for place in places)
    holding = {inner for inner in tree.folders[folder] if tree.pictures_beneath[inner]}
    own = holding == {f"{folder}/{OUR_PICTURES}"} and not tree.pictures[folder]
    return own and _has_one(_names_of(tree, folder), OURS_WITH_PICTURES)


def _unread_beneath(tree: _Tree, folder: str) -> bool:
    """Whether pictures of kinds that are not read lie in it, or deeper, that are not our own."""
    others = _others_beneath(tree, folder)
    return any(is_unread_kind(path) and _last(path) not in OUR_DRAWINGS for path in others)


def _names_of(tree: _Tree, folder: str) -> list[str]:
    return [_last(path) for path in (folder, *tree.others[folder], *tree.folders[folder])]


def _has_one(names: list[str], pairs: Iterable[tuple[str, str]]) -> bool:
    return any(all(fnmatch.filter(names, name) for name in pair) for pair in pairs)


def _check_class_folders(tree: _Tree, root: str, folders: list[str], known: frozenset[str]) -> None:
    """Raise DataError unless the `folders` in `root` hold pictures, and hold them directly."""
    if not folders:
        raise _without_labels(tree, root)
    nested = [i for f in folders for i in tree.folders[f] if tree.pictures_beneath[i]]
    if nested:
        raise DataError(
            f"class folders hold folders with pictures in them ({listed(nested)})",
            where=tree.where,
            mend="Give the folder whose sub-folders are the classes, or move the pictures up into"
            " their class folder.",
        )
    if empty := [f for f in folders if not tree.pictures[f] and _label(f) not in known]:
        raise _empty_classes(tree, empty)


def _empty_classes(tree: _Tree, empty: list[str]) -> DataError:
    """The error for class folders without a picture, with the reason where there is one."""
    own = {folder for folder in empty if tree.refused_beneath[folder]}
    refused = [path for path in tree.refused if is_picture(path) and own & {*_and_above(path)}]
    unread = [p for folder in empty for p in _others_beneath(tree, folder) if is_unread_kind(p)]
    what, mend = f"class folders without a picture: {listed(empty)}", "Put pictures into them"
    if refused:
        what += f" ({pictures(len(refused))} {are(len(refused))} refused, {_first(tree, refused)})"
    elif unread:
        what += f" that is read ({_of_unread_kinds(unread)})"
        mend = "Save these pictures as JPEG or PNG"
    return DataError(what, where=tree.where, mend=f"{mend} or take them out.")


def _without_pictures(tree: _Tree) -> DataError:
    beside = [_last(path) for path in tree.others[""] if path.lower().endswith(OTHER_SOURCES)]
    mend = "Pictures are known by their endings: .jpg, .png, .webp, .tif, .bmp, .gif and others."
    others = [path for paths in tree.others.values() for path in paths]
    said = [f"files of other kinds: {len(others):,}"] if others else []
    if unread := [path for path in others if is_unread_kind(path)]:
        said.append(_of_unread_kinds(unread))
        mend = "Save these pictures as JPEG or PNG."
    if tree.refused:
        said.append(f"refused: {len(tree.refused):,}, {_first(tree, list(tree.refused))}")
    if beside:
        mend = f"Did you mean a file in it: {listed(beside)}?"
    what = f"there is no picture in it ({'; '.join(said)})" if said else "there is nothing in it"
    return DataError(what, where=tree.where, mend=mend)


def _first(tree: _Tree, refused: list[str]) -> str:
    return f"first: {refused[0]}: {tree.refused[refused[0]]}"


def _of_unread_kinds(paths: list[str]) -> str:
    kinds = listed(sorted({_suffix(path) for path in paths}))
    return f"{pictures(len(paths))} {are(len(paths))} of kinds that are not read: {kinds}"


def _without_labels(tree: _Tree, folder: str) -> DataError:
    count = len(tree.pictures[folder])
    loose = f"{pictures(count)} {'lies' if count == 1 else 'lie'} loose"
    place = f" in '{folder}'" if folder else ""
    return DataError(
        f"{loose}{place}, without a class folder, so without a label",
        where=tree.where,
        mend="Sort them into one folder a class, or give a table (CSV) of paths and labels.",
    )


def _leave_alone_loose_files(tree: _Tree, folder: str, layout: Layout) -> None:
    for path in tree.pictures[folder]:
        layout.left_alone[path] = "a picture outside the class folders has no label"
    _leave_alone_others(tree, folder, layout)


def _leave_alone_others(tree: _Tree, folder: str, layout: Layout) -> None:
    for path in tree.others[folder]:
        layout.left_alone[path] = stray_reason(_last(path))


def _leave_alone_empty_folders(tree: _Tree, folders: Iterable[str], layout: Layout) -> None:
    """Name folders without pictures; in place of one with such as are not read, all in it."""
    for folder in folders:
        others = list(_others_beneath(tree, folder))
        if tree.refused_beneath[folder] or any(map(is_unread_kind, others)):
            for path in others:  # the refused are named already
                layout.left_alone[path] = stray_reason(_last(path))
        else:
            layout.left_alone[folder + "/"] = NO_PICTURES


def _others_beneath(tree: _Tree, folder: str) -> Iterable[str]:
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        yield from tree.others[place]
        waiting += tree.folders[place]


def _leave_alone_what_is_outside(tree: _Tree, layout: Layout) -> None:
    """Name the strays beside the wrapping folders, and folders beside them."""
    inside = layout.root.rstrip("/")
    while inside:
        outside = posixpath.dirname(inside)
        _leave_alone_others(tree, outside, layout)
        beside = [folder for folder in tree.folders[outside] if folder != inside]
        _leave_alone_empty_folders(tree, beside, layout)
        inside = outside


def stray_reason(name: str) -> str:
    """Why a file of this name is left alone beside pictures."""
    if reason := SYSTEM_FILES.get(name.lower()):
        return reason
    if name.startswith("."):
        return "it is hidden"
    if is_unread_kind(name):
        return UNREAD_KIND
    suffix = _suffix(name)
    if suffix in DATA_SUFFIXES:
        return "it is a text or a table, not a picture"
    return f"{suffix} is no ending of a picture" if suffix else "its name has no ending"


def _label(folder: str) -> str:
    return one_spelling(_last(folder))


def _name(folder: str) -> str:
    return _last(folder).lower()


def _last(path: str) -> str:
    return posixpath.basename(path)


def _suffix(path: str) -> str:
    return posixpath.splitext(_last(path))[1].lower()
