"""Named data sets from files that lie as their publishers lay them: NAME:PATH."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from published import (
    arrays,
    cats_and_dogs,
    cifar10_files,
    idx,
    mnist_files,
    natural_images,
    sipakmed,
    traffic_signs,
    usps_file,
)
from trees import tar_of, write_tree, zip_of

from linnaeus import Dataset, audit, load_dataset
from linnaeus.data.named import NAMED
from linnaeus.errors import DataError, UsageError

Photographs = dict[str, dict[str, bytes]]


def pixels_of(dataset: Dataset, path: str) -> np.ndarray:
    with Image.open(io.BytesIO(dataset.source.read(path))) as image:
        return np.asarray(image)


def labels_of(dataset: Dataset) -> dict[str, str]:
    return {path: dataset.labels_of(row)[0] for row, path in enumerate(dataset.paths)}


def jpegs(photographs: Photographs, count: int) -> list[bytes]:
    return [jpeg for files in photographs.values() for jpeg in files.values()][:count]


def test_mnist_is_read_from_its_four_files(tmp_path: Path) -> None:
    train, test = arrays(30, 10, (28, 28)), arrays(12, 10, (28, 28), seed=1)
    write_tree(tmp_path, mnist_files(train, test))
    dataset = load_dataset(f"mnist:{tmp_path}")
    assert str(dataset) == "mnist: 42 pictures (30 train, 12 test) of 10 classes"
    assert dataset.classes == tuple("0123456789")
    assert labels_of(dataset)["train/3/23.pgm"] == "3"
    np.testing.assert_array_equal(pixels_of(dataset, "train/3/23.pgm"), train[0][23])
    np.testing.assert_array_equal(pixels_of(dataset, "test/1/11.pgm"), test[0][11])


def test_mnist_may_be_decompressed_already(tmp_path: Path) -> None:
    files = mnist_files(arrays(20, 10, (28, 28)), arrays(10, 10, (28, 28)))
    packed = load_dataset(f"mnist:{write_tree(tmp_path / 'gz', files)}")
    plain = {name.removesuffix(".gz"): gzip.decompress(file) for name, file in files.items()}
    unpacked = load_dataset(f"mnist:{write_tree(tmp_path / 'raw', plain)}")
    assert unpacked.fingerprint == packed.fingerprint


def test_the_classes_of_fashion_mnist_are_words(tmp_path: Path) -> None:
    write_tree(tmp_path, mnist_files(arrays(20, 10, (28, 28)), arrays(10, 10, (28, 28))))
    dataset = load_dataset(f"fashion-mnist:{tmp_path}")
    assert labels_of(dataset)["train/T-shirt-top/00.pgm"] == "T-shirt/top"
    assert labels_of(dataset)["test/Ankle boot/9.pgm"] == "Ankle boot"


def test_the_letters_of_emnist_stand_upright_and_begin_with_a(tmp_path: Path) -> None:
    pixels, labels = arrays(26, 26, (28, 28), first=1)
    files = {
        f"gzip/emnist-letters-{split}-{kind}-ubyte.gz": gzip.compress(idx(values))
        for split in ("train", "test")
        for kind, values in (("images-idx3", pixels), ("labels-idx1", labels))
    }
    archive = zip_of(write_tree(tmp_path / "tree", files), tmp_path / "emnist.zip")
    dataset = load_dataset(f"emnist-letters:{archive}")
    assert dataset.classes == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    np.testing.assert_array_equal(pixels_of(dataset, "train/B/01.pgm"), pixels[1].T)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda files: files.pop("t10k-labels-idx1-ubyte.gz"), "there is no file t10k-labels"),
        (
            lambda files: files.update({"train-images-idx3-ubyte.gz": b"\x1f\x8bnot gzip"}),
            "this is no IDX file",
        ),
        (
            lambda files: files.update({"train-labels-idx1-ubyte.gz": idx(np.zeros(3, np.uint8))}),
            "pictures and labels of train do not fit together",
        ),
    ],
)
def test_files_that_are_not_as_published_are_named(damage, said: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    files = mnist_files(arrays(20, 10, (28, 28)), arrays(10, 10, (28, 28)))
    damage(files)
    write_tree(tmp_path, files)
    with pytest.raises(DataError, match=said) as caught:
        load_dataset(f"mnist:{tmp_path}")
    assert "linnaeus data fetch mnist" in str(caught.value)


CIFAR_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def test_cifar10_is_read_from_its_binary_version(tmp_path: Path) -> None:
    batches = [arrays(20, 10, (32, 32, 3), seed=seed) for seed in range(5)]
    test = arrays(10, 10, (32, 32, 3), seed=9)
    tree = write_tree(tmp_path / "tree", cifar10_files(batches, test, CIFAR_CLASSES))
    archive = tar_of(tree, tmp_path / "cifar-10-binary.tar.gz")
    for place in (archive, tree, tree / "cifar-10-batches-bin"):
        dataset = load_dataset(f"cifar10:{place}")
        assert str(dataset) == "cifar10: 110 pictures (100 train, 10 test) of 10 classes"
        assert dataset.classes == tuple(CIFAR_CLASSES)
        assert labels_of(dataset)["train/dog/65.ppm"] == "dog"
        np.testing.assert_array_equal(pixels_of(dataset, "train/dog/65.ppm"), batches[3][0][5])
        np.testing.assert_array_equal(pixels_of(dataset, "test/truck/9.ppm"), test[0][9])


def test_a_batch_of_cifar10_that_was_cut_short_is_named(tmp_path: Path) -> None:
    batches = [arrays(20, 10, (32, 32, 3))] * 5
    files = cifar10_files(batches, arrays(10, 10, (32, 32, 3)), CIFAR_CLASSES)
    files["cifar-10-batches-bin/data_batch_3.bin"] = b"\0" * 5000
    with pytest.raises(DataError, match=r"data_batch_3\.bin: its 5,000 bytes are no whole number"):
        load_dataset(f"cifar10:{write_tree(tmp_path, files)}")


def test_cifar100_has_its_fine_labels(tmp_path: Path) -> None:
    pixels, fine = arrays(100, 100, (32, 32, 3))
    record = [
        bytes([label // 5, label]) + one.transpose(2, 0, 1).tobytes()
        for one, label in zip(pixels, fine.tolist(), strict=True)
    ]
    names = [f"thing {number:02}" for number in range(100)]
    files = {
        "train.bin": b"".join(record),
        "test.bin": b"".join(record[:20]),
        "fine_label_names.txt": "\n".join(names).encode(),
    }
    dataset = load_dataset(f"cifar100:{write_tree(tmp_path, files)}")
    assert labels_of(dataset)["train/thing 42/42.ppm"] == "thing 42"
    np.testing.assert_array_equal(pixels_of(dataset, "train/thing 42/42.ppm"), pixels[42])


def test_stl10_is_turned_upright_and_what_has_no_label_is_told(tmp_path: Path) -> None:
    pixels, labels = arrays(10, 10, (96, 96, 3), first=1)
    files = {"class_names.txt": "\n".join(CIFAR_CLASSES).encode(), "unlabeled_X.bin": b"\0" * 27648}
    for split in ("train", "test"):
        files[f"{split}_X.bin"] = pixels.transpose(0, 3, 2, 1).tobytes()
        files[f"{split}_y.bin"] = labels.tobytes()
    dataset = load_dataset(f"stl10:{write_tree(tmp_path, files)}")
    np.testing.assert_array_equal(pixels_of(dataset, "test/bird/2.ppm"), pixels[2])
    assert "unlabeled_X.bin" in dataset.notes[0]


def test_svhn_is_read_without_scipy_as_scipy_wrote_it(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    pixels, labels = arrays(20, 10, (32, 32, 3), first=1)
    for split in ("train", "test"):
        content = {"X": pixels.transpose(1, 2, 3, 0), "y": labels[:, None]}
        scipy_io.savemat(tmp_path / f"{split}_32x32.mat", content, do_compression=split == "train")
    dataset = load_dataset(f"svhn:{tmp_path}")
    np.testing.assert_array_equal(pixels_of(dataset, "train/0/09.ppm"), pixels[9])
    np.testing.assert_array_equal(pixels_of(dataset, "test/4/03.ppm"), pixels[3])
    assert Counter(labels_of(dataset).values())["0"] == 4


def test_flowers_have_names_and_their_three_splits(
    tmp_path: Path, photographs: Photographs
) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    files = {
        f"jpg/image_{number:05}.jpg": jpeg
        for number, jpeg in enumerate(jpegs(photographs, 6), start=1)
    }
    write_tree(tmp_path, files)
    kinds = np.array([[1, 1, 1, 102, 102, 102]], np.uint8)
    scipy_io.savemat(tmp_path / "imagelabels.mat", {"labels": kinds}, do_compression=True)
    parts = {"trnid": [[1, 4]], "valid": [[2, 5]], "tstid": np.array([[3, 6]], np.uint16)}
    scipy_io.savemat(tmp_path / "setid.mat", parts, do_compression=True)
    dataset = load_dataset(f"flowers102:{tmp_path}")
    assert dataset.classes == ("blackberry lily", "pink primrose")
    assert {split: sum(n.values()) for split, n in dataset.counts().items()} == {
        "train": 2,
        "validation": 2,
        "test": 2,
    }
    assert dataset.source.read("jpg/image_00004.jpg") == files["jpg/image_00004.jpg"]


def test_usps_and_semeion_are_read_from_text(tmp_path: Path) -> None:
    pixels, labels = arrays(20, 10, (16, 16))
    write_tree(
        tmp_path, {"usps.bz2": usps_file(pixels, labels), "usps.t.bz2": usps_file(pixels, labels)}
    )
    dataset = load_dataset(f"usps:{tmp_path}")
    np.testing.assert_array_equal(pixels_of(dataset, "train/3/13.pgm"), pixels[13])
    ink = pixels > 127
    lines = [
        " ".join([*(f"{v:.4f}" for v in one.ravel()), *("01"[d == label] for d in range(10))])
        for one, label in zip(ink, labels.tolist(), strict=True)
    ]
    (tmp_path / "semeion.data").write_text("\n".join(lines) + "\n")
    dataset = load_dataset(f"semeion:{tmp_path}")
    np.testing.assert_array_equal(pixels_of(dataset, "7/17.pgm"), ink[17] * np.uint8(255))


def test_food101_takes_labels_in_words_and_its_own_split(
    tmp_path: Path, photographs: Photographs
) -> None:
    first, second, third, *_ = jpegs(photographs, 3)
    files = {
        "food-101/meta/classes.txt": b"apple_pie\nhot_dog\n",
        "food-101/meta/labels.txt": b"Apple pie\nHot dog\n",
        "food-101/meta/train.txt": b"apple_pie/1\nhot_dog/2\n",
        "food-101/meta/test.txt": b"hot_dog/3\n",
        "food-101/meta/train.json": b"{}",
        "food-101/images/apple_pie/1.jpg": first,
        "food-101/images/hot_dog/2.jpg": second,
        "food-101/images/hot_dog/3.jpg": third,
    }
    archive = tar_of(write_tree(tmp_path / "tree", files), tmp_path / "food-101.tar.gz")
    dataset = load_dataset(f"food101:{archive}")
    assert labels_of(dataset) == {
        "food-101/images/apple_pie/1.jpg": "Apple pie",
        "food-101/images/hot_dog/2.jpg": "Hot dog",
        "food-101/images/hot_dog/3.jpg": "Hot dog",
    }
    assert dataset.splits.tolist() == ["train", "train", "test"]
    (tmp_path / "tree/food-101/images/hot_dog/2.jpg").unlink()
    with pytest.raises(
        DataError, match=r"pictures are missing \(1\): food-101/images/hot_dog/2\.jpg"
    ):
        load_dataset(f"food101:{tmp_path / 'tree'}")


def test_textures_and_pets_are_labelled_by_their_lists(
    tmp_path: Path, photographs: Photographs
) -> None:
    pictures = jpegs(photographs, 4)
    textures = {
        "dtd/labels/train1.txt": b"banded/a.jpg\nwoven/b.jpg\n",
        "dtd/labels/val1.txt": b"banded/c.jpg\n",
        "dtd/labels/test1.txt": b"woven/d.jpg\n",
        **{
            f"dtd/images/{path}": jpeg
            for path, jpeg in zip(
                ("banded/a.jpg", "woven/b.jpg", "banded/c.jpg", "woven/d.jpg"),
                pictures,
                strict=True,
            )
        },
    }
    dataset = load_dataset(f"dtd:{write_tree(tmp_path / 'dtd', textures)}")
    assert dataset.counts()["train"] == {"banded": 1, "woven": 1}
    assert set(dataset.splits) == {"train", "validation", "test"}
    pets = {
        "annotations/trainval.txt": b"Abyssinian_100 1 1 1\namerican_bulldog_7 2 2 1\n",
        "annotations/test.txt": b"# a remark\nAbyssinian_2 1 1 1\n",
        "annotations/trimaps/Abyssinian_2.png": b"",
        "images/Abyssinian_100.jpg": pictures[0],
        "images/american_bulldog_7.jpg": pictures[1],
        "images/Abyssinian_2.jpg": pictures[2],
        "images/Abyssinian_100.mat": b"",
    }
    dataset = load_dataset(f"oxford-pets:{write_tree(tmp_path / 'pets', pets)}")
    assert set(labels_of(dataset).values()) == {"Abyssinian", "American bulldog"}
    assert len(dataset) == 3
    assert "annotations/trimaps/" in dataset.left_alone


def test_traffic_signs_of_one_track_are_one_group(tmp_path: Path, photographs: Photographs) -> None:
    dataset = load_dataset(f"gtsrb:{traffic_signs(tmp_path, photographs)}")
    assert dataset.classes == ("speed limit 20", "stop")
    assert dataset.groups is not None
    groups = dict(zip(dataset.paths, dataset.groups.tolist(), strict=True))
    assert (
        groups["GTSRB/Training/00014/00001_00000.ppm"]
        == groups["GTSRB/Training/00014/00001_00001.ppm"]
    )
    assert len(set(groups.values())) == 4 + 3
    assert labels_of(dataset)["GTSRB/Final_Test/Images/00001.ppm"] == "speed limit 20"


def test_lists_that_somebody_changed_are_refused_in_one_sentence(
    tmp_path: Path, photographs: Photographs
) -> None:
    signs = traffic_signs(tmp_path / "signs", photographs)
    for table in (b"Filename;ClassId\n00000.ppm;99\n", b"Name;Kind\na;b\n", b"\xff\xfe"):
        (signs / "GT-final_test.csv").write_bytes(table)
        with pytest.raises(DataError, match=r"gtsrb|signs: ") as caught:
            load_dataset(f"gtsrb:{signs}")
        assert "linnaeus data fetch gtsrb" in str(caught.value)
    lists = {"meta/classes.txt": b"a\n", "meta/labels.txt": b"A\nB\n", "meta/train.txt": b"c/1\n"}
    food = write_tree(tmp_path / "food", {**lists, "meta/test.txt": b"", "images/c/1.jpg": b""})
    with pytest.raises(DataError, match="do not read as they were published"):
        load_dataset(f"food101:{food}")


def test_scenes_may_be_nested(tmp_path: Path, photographs: Photographs) -> None:
    first, second = jpegs(photographs, 2)
    files = {
        "SUN397/ClassName.txt": b"/a/abbey\n/c/church/indoor\n",
        "SUN397/a/abbey/sun_1.jpg": first,
        "SUN397/c/church/indoor/sun_2.jpg": second,
    }
    dataset = load_dataset(f"sun397:{write_tree(tmp_path, files)}")
    assert dataset.classes == ("abbey", "church/indoor")


def test_imagenette_has_words_for_its_classes(tmp_path: Path, photographs: Photographs) -> None:
    files = {
        f"imagenette2-160/{split}/{kind}/{number}.JPEG": jpeg
        for split in ("train", "val")
        for kind in ("n01440764", "n03888257")
        for number, jpeg in enumerate(jpegs(photographs, 2))
    }
    dataset = load_dataset(f"imagenette:{write_tree(tmp_path, files)}")
    assert dataset.classes == ("parachute", "tench")
    assert set(dataset.splits) == {"train", "validation"}


def test_the_clutter_of_caltech_is_no_class(tmp_path: Path, photographs: Photographs) -> None:
    first, second, third = jpegs(photographs, 3)
    one = {
        "101_ObjectCategories/ant/image_0001.jpg": first,
        "101_ObjectCategories/wrench/image_0001.jpg": second,
        "101_ObjectCategories/BACKGROUND_Google/image_0001.jpg": third,
    }
    dataset = load_dataset(f"caltech101:{write_tree(tmp_path / 'one', one)}")
    assert dataset.classes == ("ant", "wrench")
    assert dataset.left_alone["101_ObjectCategories/BACKGROUND_Google/"]
    two = {
        "256_ObjectCategories/001.ak47/001_0001.jpg": first,
        "256_ObjectCategories/002.american-flag/002_0001.jpg": second,
        "256_ObjectCategories/257.clutter/257_0001.jpg": third,
    }
    dataset = load_dataset(f"caltech256:{write_tree(tmp_path / 'two', two)}")
    assert dataset.classes == ("ak47", "american-flag")


CELLS = ("Dyskeratotic", "Koilocytotic", "Metaplastic", "Parabasal", "Superficial-Intermediate")


def test_sipakmed_is_its_cropped_cells_grouped_by_slide(
    tmp_path: Path, photographs: Photographs
) -> None:
    dataset = load_dataset(f"sipakmed:{sipakmed(tmp_path, photographs)}")
    assert dataset.classes == CELLS
    assert len(dataset) == 5 * 4
    assert all("/CROPPED/" in path for path in dataset.paths)
    assert dataset.groups is not None
    groups = dict(zip(dataset.paths, dataset.groups.tolist(), strict=True))
    cell = "im_Metaplastic/im_Metaplastic/CROPPED/002_{}.bmp"
    assert groups[cell.format("01")] == groups[cell.format("02")] == "Metaplastic/002"
    assert Counter(groups.values()) == {f"{kind}/{s}": 2 for kind in CELLS for s in ("001", "002")}
    assert "sipakmed-slides" in dataset.left_alone["im_Parabasal/im_Parabasal/001.bmp"]


def test_sipakmed_s_slides_are_read_by_choice(tmp_path: Path, photographs: Photographs) -> None:
    dataset = load_dataset(f"sipakmed-slides:{sipakmed(tmp_path, photographs)}")
    assert len(dataset) == 5 * 2
    assert not any("CROPPED" in path for path in dataset.paths)
    assert dataset.groups is not None
    assert len(set(dataset.groups)) == 10


def test_sipakmed_is_found_whatever_wraps_it(tmp_path: Path, photographs: Photographs) -> None:
    tree = sipakmed(tmp_path / "tree", photographs)
    whole = load_dataset(f"sipakmed:{tree}")
    zipped = load_dataset(f"sipakmed:{zip_of(tree, tmp_path / 'a.zip', beneath='archive/')}")
    assert zipped.counts() == whole.counts()
    flat = {
        path.relative_to(tree).as_posix().partition("/")[2]: path.read_bytes()
        for path in tree.rglob("*.bmp")
    }
    assert (
        load_dataset(f"sipakmed:{write_tree(tmp_path / 'flat', flat)}").counts() == whole.counts()
    )


def test_a_copy_of_a_class_within_itself_counts_once(
    tmp_path: Path, photographs: Photographs
) -> None:
    tree = sipakmed(tmp_path, photographs)
    again = tree / "backup" / "im_Parabasal" / "CROPPED" / "001_01.bmp"
    again.parent.mkdir(parents=True)
    again.write_bytes((tree / "im_Parabasal/im_Parabasal/CROPPED/001_01.bmp").read_bytes())
    dataset = load_dataset(f"sipakmed:{tree}")
    assert len(dataset) == 5 * 4
    assert [why for why in dataset.left_alone.values() if "there already" in why]


def test_natural_images_takes_one_of_its_two_copies(
    tmp_path: Path, photographs: Photographs
) -> None:
    tree = natural_images(tmp_path, photographs)
    dataset = load_dataset(f"natural-images:{tree}")
    assert len(dataset) == 16
    assert len(dataset.classes) == 8
    assert "holds again" in dataset.left_alone["data/natural_images/"]
    inside = load_dataset(f"natural-images:{tree / 'natural_images'}")
    assert inside.counts() == dataset.counts()


def test_cats_and_dogs_keep_their_broken_files_to_be_told_of(
    tmp_path: Path, photographs: Photographs
) -> None:
    tree = cats_and_dogs(tmp_path / "tree", photographs)
    archive = zip_of(tree, tmp_path / "kagglecatsanddogs_5340.zip")
    dataset = load_dataset(f"cats-vs-dogs:{archive}")
    assert dataset.counts() == {"": {"Cat": 3, "Dog": 3}}
    assert "thumbnails" in dataset.left_alone["PetImages/Cat/Thumbs.db"]
    found = {finding.kind: finding for finding in audit(dataset).findings}
    broken = {file for finding in found.values() for files in finding.files for file in files}
    assert {"PetImages/Cat/666.jpg", "PetImages/Dog/666.jpg"} <= broken


def test_a_name_with_an_empty_or_wrong_place_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder follows the name"):
        load_dataset("sipakmed:")
    with pytest.raises(DataError, match="there is no such file or folder"):
        load_dataset(f"sipakmed:{tmp_path / 'nowhere'}")
    with pytest.raises(DataError, match="there is none of its pictures"):
        load_dataset(f"sipakmed:{tmp_path}")


def test_columns_cannot_be_named_for_a_named_data_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no table and no columns of one"):
        load_dataset(f"mnist:{tmp_path}", label_column="digit")


@pytest.mark.parametrize("name", [name for name in NAMED if not NAMED[name].built_in])
def test_every_name_says_what_is_wrong_with_an_empty_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        load_dataset(f"{name}:{tmp_path}")
