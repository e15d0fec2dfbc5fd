"""Data sets whose labels and splits stand in lists beside their pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.catalogue.flower_names import FLOWERS
from linnaeus.data.catalogue.known import Known, not_as_published
from linnaeus.data.catalogue.matlab import read_matlab
from linnaeus.data.catalogue.opened import the_file
from linnaeus.data.catalogue.pictures import data_set_of_files
from linnaeus.data.catalogue.traffic_signs import SIGNS
from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.data.gather import Entry
from linnaeus.data.store import Store

__all__ = ["LIST_SETS"]

TRACKS_NOTE = (
    "Groups are tracks: the pictures of one sign, taken as a car drives up to it, belong together."
)


def _food101(name: str, store: Store) -> Dataset:
    """meta/train.txt and test.txt: class/number; classes.txt and labels.txt: names in words."""
    words = dict(
        zip(
            _lines(name, store, "meta/classes.txt"),
            _lines(name, store, "meta/labels.txt"),
            strict=True,
        )
    )
    root = _root(name, store, "meta/train.txt")
    entries = [
        Entry(f"{root}images/{line}.jpg", (words[line.partition("/")[0]],), split)
        for split in ("train", "test")
        for line in _lines(name, store, f"meta/{split}.txt")
    ]
    return data_set_of_files(name, store, entries)


def _textures(name: str, store: Store) -> Dataset:
    """labels/train1.txt, val1.txt and test1.txt, the first of ten partitions: class/file."""
    root = _root(name, store, "labels/train1.txt")
    files = {"train": "train1", "validation": "val1", "test": "test1"}
    entries = [
        Entry(f"{root}images/{line}", (line.partition("/")[0],), split)
        for split, file in files.items()
        for line in _lines(name, store, f"labels/{file}.txt")
    ]
    return data_set_of_files(name, store, entries)


def _pets(name: str, store: Store) -> Dataset:
    """annotations/trainval.txt and test.txt: picture, class, kind, breed; pictures in images/.

    A picture is called BREED_NUMBER, and underscores part the words of a breed.
    """
    root = _root(name, store, "annotations/test.txt")
    entries = []
    for split, file in (("train", "trainval"), ("test", "test")):
        for line in _lines(name, store, f"annotations/{file}.txt"):
            picture = line.split()[0]
            breed = picture.rpartition("_")[0].replace("_", " ")
            label = breed[:1].upper() + breed[1:]
            entries.append(Entry(f"{root}images/{picture}.jpg", (label,), split))
    return data_set_of_files(name, store, entries)


def _flowers(name: str, store: Store) -> Dataset:
    """imagelabels.mat: the class of each picture; setid.mat: the numbers of each split's."""
    labels = _matlab(name, store, "imagelabels.mat", "labels")
    splits = {"train": "trnid", "validation": "valid", "test": "tstid"}
    root = _root(name, store, "imagelabels.mat")
    entries = [
        Entry(f"{root}jpg/image_{number:05}.jpg", (FLOWERS[labels[number - 1] - 1],), split)
        for split, variable in splits.items()
        for number in _matlab(name, store, "setid.mat", variable).tolist()
    ]
    return data_set_of_files(name, store, entries)


def _signs(name: str, store: Store) -> Dataset:
    """Training/CLASS/TRACK_FRAME.ppm, and Final_Test/Images with their classes in a table."""
    entries, tests = [], {}
    for path in store.listing.files:
        *_, above, kind, file = ("", "", *path.split("/"))
        if above == "Training" and kind.isdecimal() and file.endswith(".ppm"):
            track = f"{kind}/{file.partition('_')[0]}"
            entries.append(Entry(path, (SIGNS[int(kind)],), "train", track))
        elif (above, kind) == ("Final_Test", "Images"):
            tests[file] = path
    table = store.read_whole(the_file(name, store, "GT-final_test.csv")).decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(table), delimiter=";"):
        file = row["Filename"]
        path = tests.get(file, f"Final_Test/Images/{file}")
        entries.append(Entry(path, (SIGNS[int(row["ClassId"])],), "test", f"test/{file}"))
    return data_set_of_files(name, store, entries, grouped=True, notes=[TRACKS_NOTE])


def _scenes(name: str, store: Store) -> Dataset:
    """ClassName.txt: "/a/abbey" and the like, which are folders too; the letter says nothing."""
    root = _root(name, store, "ClassName.txt")
    classes = {
        f"{root}{line.strip('/')}/": line[3:] for line in _lines(name, store, "ClassName.txt")
    }
    entries = [
        Entry(path, (classes[path.rpartition("/")[0] + "/"],))
        for path in store.listing.files
        if path.endswith(".jpg") and path.rpartition("/")[0] + "/" in classes
    ]
    return data_set_of_files(name, store, entries)


def _lines(name: str, store: Store, ending: str) -> Iterator[str]:
    """The lines of a list, without empty ones and remarks."""
    text = store.read_whole(the_file(name, store, ending)).decode("utf-8", "replace")
    return (line.strip() for line in text.splitlines() if line.strip() and line[0] != "#")


def _root(name: str, store: Store, ending: str) -> str:
    """The folder ("" or ending in "/") that the path `ending` starts from."""
    return the_file(name, store, ending).removesuffix(ending)


def _matlab(name: str, store: Store, file: str, variable: str) -> NDArray[np.int64]:
    path = the_file(name, store, file)
    try:
        return read_matlab(store.read_whole(path))[variable].reshape(-1).astype(np.int64)
    except (ValueError, KeyError) as error:
        raise not_as_published(name, f"it does not hold {variable} ({error})", path) from None


def _remotes(above: str, digests: dict[str, str]) -> tuple[Remote, ...]:
    """Files below one address, {name: digest}."""
    return tuple(
        Remote(file, Digest.pinned(digits), (above + file,)) for file, digits in digests.items()
    )


# Addresses and MD5 digests are those of torchvision 0.26.
LIST_SETS = {
    "flowers102": Known(
        what="flowers of Britain, about 500 pixels and more",
        pictures=8_189,
        classes=102,
        licence="not stated",
        read=_flowers,
        download_mb=344.9,
        files=_remotes(
            "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
            {
                "102flowers.tgz": "52808999861908f626f3c1f4e79d11fa",
                "imagelabels.mat": "e0620be6f572b9609742df49c70aed4d",
                "setid.mat": "a5357ecc9cb78c4bef273ce3793fc85c",
            },
        ),
    ),
    "oxford-pets": Known(
        what="breeds of cats and dogs",
        pictures=7_349,
        classes=37,
        licence="CC BY-SA 4.0",
        read=_pets,
        download_mb=811.1,
        files=_remotes(
            "https://www.robots.ox.ac.uk/~vgg/data/pets/data/",
            {
                "images.tar.gz": "5c4f3ee8e5d25df40f4fd59a7f44e54c",
                "annotations.tar.gz": "95a8c909bbe2e81eed6a22bccdf3f68f",
            },
        ),
    ),
    "food101": Known(
        what="dishes, longer side 512 pixels; some labels of train are wrong on purpose",
        pictures=101_000,
        classes=101,
        licence="not stated",
        read=_food101,
        download_mb=4996.3,
        files=_remotes(
            "http://data.vision.ee.ethz.ch/cvl/",
            {"food-101.tar.gz": "85eeb15f3717b99a5da872d97d918f87"},
        ),
    ),
    "dtd": Known(
        what="textures, by the words that people have for them",
        pictures=5_640,
        classes=47,
        licence="for research",
        read=_textures,
        download_mb=625.2,
        files=_remotes(
            "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/",
            {"dtd-r1.0.1.tar.gz": "fff73e5086ae6bdbea199a49dfb8a4c1"},
        ),
    ),
    "gtsrb": Known(
        what="German traffic signs, 15 to 250 pixels, grouped by track",
        pictures=39_270,
        classes=43,
        licence="not stated",
        read=_signs,
        download_mb=276.6,
        files=_remotes(
            "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/",
            {
                "GTSRB-Training_fixed.zip": "513f3c79a4c5141765e10e952eaa2478",
                "GTSRB_Final_Test_Images.zip": "c7e4e6327067d32654124b0fe9e82185",
                "GTSRB_Final_Test_GT.zip": "fe31e9c9270bbcd7b84b7f21a9d9d9e5",
            },
        ),
    ),
    "sun397": Known(
        what="scenes, indoors and outdoors; a huge download",
        pictures=108_754,
        classes=397,
        licence="not stated",
        read=_scenes,
        download_mb=37_000.0,
        files=_remotes(
            "http://vision.princeton.edu/projects/2010/SUN/",
            {"SUN397.tar.gz": "8ca2778205c41d23104230ba66911c7a"},
        ),
    ),
}
