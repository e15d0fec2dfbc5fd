"""Data sets whose folders are their classes, once one knows what the folders' names mean."""

from __future__ import annotations

from functools import partial

from linnaeus.data.catalogue.known import Known
from linnaeus.data.catalogue.pictures import ClassOf, only_below, read_folders
from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.data.store import Store

__all__ = ["FOLDER_SETS"]

IMAGENETTE = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
NATURAL = frozenset("airplane car cat dog flower fruit motorbike person".split())


def _as_it_is(folder: str) -> str | None:
    return folder


def _caltech101(folder: str) -> str | None:
    return None if folder == "BACKGROUND_Google" else folder


def _caltech256(folder: str) -> str | None:
    """Folders are called 001.ak47; the last holds clutter."""
    label = folder.partition(".")[2]
    return None if label == "clutter" else label


def _natural_images(name: str, store: Store) -> Dataset:
    """Kaggle's copy holds everything twice: natural_images/ and data/natural_images/."""
    return _within("natural_images", lambda f: f if f in NATURAL else None, name, store)


def _cats_and_dogs(name: str, store: Store) -> Dataset:
    """PetImages/Cat and PetImages/Dog, with two Thumbs.db and a few files that cannot be read."""
    return _within("PetImages", {"Cat": "Cat", "Dog": "Dog"}.get, name, store)


def _within(folder: str, class_of: ClassOf, name: str, store: Store) -> Dataset:
    below, again = only_below(store, folder)
    return read_folders(class_of, name, below, again)


def _archive(name: str, digest: str, url: str, inner: str = "") -> tuple[Remote, ...]:
    return (Remote(name, Digest.pinned(digest), (url,), inner),)


# Addresses and MD5 digests are those of torchvision 0.26; the SHA-256 of Microsoft's archive is the
# one that other projects pin.
FOLDER_SETS = {
    "eurosat": Known(
        what="land use seen by Sentinel-2, 64 × 64 in colour",
        pictures=27_000,
        classes=10,
        licence="MIT",
        read=partial(read_folders, _as_it_is),
        download_mb=94.3,
        files=_archive(
            "EuroSAT.zip",
            "c8fa014336c82ac7804f0398fcb19387",
            "https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
            "c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
        ),
    ),
    "imagenette": Known(
        what="ten easy classes of ImageNet, shorter side 160 pixels",
        pictures=13_394,
        classes=10,
        licence="ImageNet's terms",
        read=partial(read_folders, IMAGENETTE.get),
        download_mb=99.0,
        files=_archive(
            "imagenette2-160.tgz",
            "e793b78cc4c9e9a4ccc0c1155377a412",
            "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz",
        ),
    ),
    "caltech101": Known(
        what="objects, about 300 × 200 pixels; without its background class",
        pictures=8_677,
        classes=101,
        licence="CC BY 4.0",
        read=partial(read_folders, _caltech101),
        download_mb=137.4,
        files=_archive(
            "caltech-101.zip",
            "3138e1922a9193bfa496528edbbc45d0",
            "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
            inner="caltech-101/101_ObjectCategories.tar.gz",
        ),
    ),
    "caltech256": Known(
        what="objects, of many sizes; without its clutter class",
        pictures=29_780,
        classes=256,
        licence="CC BY 4.0",
        read=partial(read_folders, _caltech256),
        download_mb=1183.0,
        files=_archive(
            "256_ObjectCategories.tar",
            "67b4f42ca05d46448c6bb8ecd2220f6d",
            "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
        ),
    ),
    "country211": Known(
        what="photographs of 211 countries, by their ISO codes",
        pictures=63_300,
        classes=211,
        licence="not stated",
        read=partial(read_folders, _as_it_is),
        download_mb=11_342.0,
        files=_archive(
            "country211.tgz",
            "84988d7644798601126c29e9877aab6a",
            "https://openaipublic.azureedge.net/clip/data/country211.tgz",
        ),
    ),
    "rendered-sst2": Known(
        what="sentences of film reviews as pictures, kind and unkind",
        pictures=9_613,
        classes=2,
        licence="not stated",
        read=partial(read_folders, _as_it_is),
        download_mb=131.0,
        files=_archive(
            "rendered-sst2.tgz",
            "2384d08e9dcfa4bd55b324e610496ee5",
            "https://openaipublic.azureedge.net/clip/data/rendered-sst2.tgz",
        ),
    ),
    "natural-images": Known(
        what="eight kinds of things and beings; from Kaggle",
        pictures=6_899,
        classes=8,
        licence="CC BY-NC-SA 4.0",
        read=_natural_images,
        kaggle="prasunroy/natural-images@1",
    ),
    "cats-vs-dogs": Known(
        what="photographs of cats and dogs, a few of them broken",
        pictures=25_000,
        classes=2,
        licence="Microsoft's own terms",
        read=_cats_and_dogs,
        download_mb=824.9,
        files=_archive(
            "kagglecatsanddogs_5340.zip",
            "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
            "https://download.microsoft.com/download/3/E/1/"
            "3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip",
        ),
    ),
}
