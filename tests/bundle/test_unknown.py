"""What shows none of the classes is called unknown, and what is known hardly ever."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.special import logsumexp
from sklearn.neighbors import NearestNeighbors

import linnaeus
from linnaeus.bundle.appearance import APPEARANCE, appearance
from linnaeus.bundle.predictions import Familiarity, Predictions
from linnaeus.bundle.strangeness import SCORES, Known, Sketching, scores_of
from linnaeus.bundle.table import write_csv
from linnaeus.bundle.unknown import UNKNOWN_FILE
from linnaeus.errors import BundleError, UsageError
from linnaeus.manifest import write_manifest

if TYPE_CHECKING:
    from linnaeus.bundle.classifier import Classifier
    from linnaeus.training.run import Run

DIGITS = range(200)


@pytest.fixture
def bundle(tmp_path: Path, digits_run: Run) -> Path:
    """A copy of a bundle, to be spoilt."""
    return Path(shutil.copytree(digits_run.bundle, tmp_path / "bundle"))


@pytest.fixture(scope="module")
def classifier(digits_run: Run) -> Classifier:
    return digits_run.classifier()


@pytest.fixture(scope="module")
def digits(some_digits: linnaeus.Dataset) -> list[bytes]:
    """Some digits, most of which the classifier has learnt."""
    return [some_digits.source.read(some_digits.paths[row]) for row in DIGITS]


@pytest.fixture(scope="module")
def noise() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(50)]


def test_what_is_none_of_the_classes_is_called_unknown(
    classifier: Classifier, digits: list[bytes], noise: list[NDArray[np.uint8]]
) -> None:
    strange, usual = classifier.predict(noise), classifier.predict(digits)
    assert strange.unknown.mean() > 0.9
    assert usual.unknown.mean() < 0.12  # 5 % are allowed, of a small sample
    first = strange[int(np.flatnonzero(strange.unknown)[0])]
    assert (first.label, first.labels, first.unknown) == ("unknown", (), True)
    assert np.isnan(first.confidence)
    assert 0 < first.familiarity <= 0.05
    known = usual[int(np.flatnonzero(~usual.unknown)[0])]
    assert known.label in classifier.classes
    assert known.familiarity > 0.05
    assert not known.unknown


def test_the_rate_says_how_many_and_changes_nothing_else(
    classifier: Classifier, digits: list[bytes]
) -> None:
    rates = (0, 0.02, 0.05, 0.3)
    told = [classifier.predict(digits, unknown_rate=rate) for rate in rates]
    counts = [int(one.unknown.sum()) for one in told]
    assert counts == sorted(counts)
    assert counts[0] == 0 < counts[-1]
    assert all((one.probabilities == told[0].probabilities).all() for one in told)


@pytest.mark.parametrize("rate", [-0.1, 1, 5, float("nan")])
def test_what_is_no_share_is_refused(classifier: Classifier, rate: float) -> None:
    with pytest.raises(UsageError, match="no share of known pictures"):
        classifier.predict([], unknown_rate=rate)


def test_a_picture_is_ranked_among_the_held_out_ones_and_itself(classifier: Classifier) -> None:
    unknown = classifier.unknown
    rising = np.sort(unknown.held_out)
    n = len(rising)
    between = (rising[-3] + rising[-2]) / 2  # two held-out pictures are stranger
    strangeness = np.array([rising[-1] + 1, between, rising[0] - 1, np.nan], np.float32)
    told = unknown.familiar(strangeness, 0.05)
    assert told.familiarity[:3] == pytest.approx([1 / (n + 1), 3 / (n + 1), 1])
    assert np.isnan(told.familiarity[3])
    assert told.unknown.tolist() == [True, 3 / (n + 1) <= 0.05, False, False]


def test_too_few_held_out_pictures_are_told(classifier: Classifier, digits: list[bytes]) -> None:
    fewest = len(classifier.unknown.held_out)
    answered = classifier.predict(digits, unknown_rate=0.5 / (fewest + 1))
    assert not answered.unknown.any()
    (remark,) = classifier.remarks(answered)
    assert remark.startswith(f"Nothing is called unknown: of {fewest:,} held-out pictures")
    assert classifier.remarks(classifier.predict(digits)) == ()


def test_promises_leave_out_what_is_unknown(
    classifier: Classifier, digits: list[bytes], noise: list[NDArray[np.uint8]]
) -> None:
    answered = classifier.predict([*digits, *noise])
    promised = classifier.promise(answered, coverage=0.9, max_error=0.5)
    assert promised.inside is not None
    assert promised.given is not None
    assert promised.silence is not None
    assert answered.unknown.any()
    assert not promised.inside[answered.unknown].any()
    assert not promised.given[answered.unknown].any()
    known = classifier.unknown.held_out  # about one in twenty would itself be called unknown
    assert 0.9 * len(known) < promised.silence.pictures < len(known)
    plain = classifier.predict([*digits, *noise], unknown_rate=0)
    every = classifier.promise(plain, max_error=0.5).silence
    assert every is not None
    assert every.pictures == len(classifier.held_out)


def test_answers_can_be_taken_at_another_rate(
    classifier: Classifier, noise: list[NDArray[np.uint8]]
) -> None:
    answered = classifier.predict(noise)
    never = answered.at_rate(0)
    assert answered.unknown.any()
    assert not never.unknown.any()
    assert {one.label for one in never} <= set(classifier.classes)


def test_a_bundle_from_before_there_was_a_score_answers_as_it_did(
    bundle: Path, digits: list[bytes], classifier: Classifier
) -> None:
    (bundle / UNKNOWN_FILE).unlink()
    write_manifest(bundle)
    older = linnaeus.load(bundle)
    assert not older.tells_unknown
    assert any("cannot tell pictures of something else" in notice for notice in older.notices)
    answered = older.predict(digits[:20])
    assert (answered.probabilities == classifier.predict(digits[:20]).probabilities).all()
    assert answered.familiar is None
    assert not answered.unknown.any()
    with pytest.raises(BundleError, match="cannot tell pictures of something else"):
        older.predict(digits[:1], unknown_rate=0.05)


def test_other_golden_strangeness_is_refused(bundle: Path) -> None:
    kept = load_file(bundle / UNKNOWN_FILE)
    save_file({**kept, "golden.float32": kept["golden.float32"] + 1}, bundle / UNKNOWN_FILE)
    write_manifest(bundle)
    with pytest.raises(BundleError, match="finds the golden inputs more or less strange"):
        linnaeus.load(bundle)


@pytest.mark.parametrize("spoilt", [b"", b"\x10\x00\x00\x00\x00\x00\x00\x00not safetensors"])
def test_a_damaged_score_is_told(bundle: Path, spoilt: bytes) -> None:
    (bundle / UNKNOWN_FILE).write_bytes(spoilt)
    write_manifest(bundle)
    with pytest.raises(BundleError, match=r"unknown\.safetensors: what tells unknown pictures"):
        linnaeus.load(bundle)


def test_both_runtimes_find_pictures_as_strange(
    bundle: Path, digits: list[bytes], noise: list[NDArray[np.uint8]]
) -> None:
    pytest.importorskip("openvino")
    strangeness = []
    for engine in ("openvino", "onnxruntime"):
        record = json.loads((bundle / "bundle.json").read_text())
        record["serving"] = {
            "engine": engine, "engine_version": "", "precision": "float32", "why": "asked",
        }  # fmt: skip
        (bundle / "bundle.json").write_text(json.dumps(record))
        write_manifest(bundle)
        answered = linnaeus.load(bundle).predict([*digits[:30], *noise])
        assert answered.familiar is not None
        strangeness.append(answered.familiar.strangeness)
    assert strangeness[0] == pytest.approx(strangeness[1], rel=1e-3, abs=1e-2)


def test_a_bundle_of_several_labels_refuses_it(pairs_run: Run) -> None:
    classifier = pairs_run.classifier()
    assert not (pairs_run.bundle / UNKNOWN_FILE).exists()
    assert not classifier.tells_unknown
    with pytest.raises(UsageError, match="calls nothing unknown"):
        classifier.predict(np.zeros((8, 16, 3), np.uint8), unknown_rate=0.05)


def test_the_table_says_unknown_and_how_familiar(tmp_path: Path) -> None:
    half = np.full((3, 2), 0.5, np.float32)
    half[2] = np.nan
    familiar = Familiarity(
        np.array([9.0, 0.0, np.nan], np.float32), np.array([0.01, 0.5, np.nan]), 0.05
    )
    told = Predictions(
        ("a", "b", "c"),
        ("cat", "dog"),
        half,
        np.full(3, -1),
        row_errors={2: "empty"},
        familiar=familiar,
    )
    write_csv(tmp_path / "out.csv", told)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["prediction"] for row in rows] == ["unknown", "cat", ""]
    assert [row["confidence"] for row in rows] == ["", "0.5", ""]
    assert [row["familiarity"] for row in rows] == ["0.01", "0.5", ""]
    assert [row["p:dog"] for row in rows] == ["0.5", "0.5", ""]


# The scores


def test_scores_are_those_of_their_definitions() -> None:
    random = np.random.default_rng(1)
    bank, looks = random.normal(size=(40, 3)), random.normal(size=(40, 2))
    bank, looks = bank.astype(np.float16), looks.astype(np.float16)
    middles = np.array([[0, 0, 0], [np.nan] * 3, [5, 5, 5]], np.float32)
    spread = np.cov(random.normal(size=(3, 50)))
    known = Known(bank, looks, middles, np.linalg.inv(spread).astype(np.float32))
    sketches = random.normal(size=(7, 6)).astype(np.float32)
    logits = (random.normal(size=(7, 3)) * 5).astype(np.float32)
    scores = dict(zip(SCORES, scores_of(sketches, logits, known).T, strict=True))

    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert scores["softmax"] == pytest.approx(1 - powers.max(axis=1) / powers.sum(axis=1), abs=1e-6)
    assert scores["energy"] == pytest.approx(-logsumexp(logits.astype(float), axis=1))
    nearest = NearestNeighbors(n_neighbors=5).fit(bank.astype(float))
    assert scores["neighbours"] == pytest.approx(
        nearest.kneighbors(sketches[:, :3])[0][:, -1], rel=1e-4
    )
    nearest = NearestNeighbors(n_neighbors=5).fit(looks.astype(float))
    assert scores["appearance"] == pytest.approx(
        nearest.kneighbors(sketches[:, 4:])[0][:, -1], rel=1e-4
    )
    apart = [sketches[:, :3] - middle for middle in middles[[0, 2]]]
    squared = [np.einsum("nq,qr,nr->n", d, np.linalg.inv(spread), d) for d in apart]
    assert scores["mahalanobis"] == pytest.approx(np.sqrt(np.min(squared, axis=0)), rel=1e-4)
    assert scores["residual"] == pytest.approx(sketches[:, 3])


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (8, 8), (33, 20), (40, 200), (150, 131)])
def test_pictures_of_every_size_have_an_appearance(size: tuple[int, int]) -> None:
    random = np.random.default_rng(2)
    for pixels in (np.zeros((*size, 3), np.uint8), random.integers(0, 256, (*size, 3), np.uint8)):
        told = appearance(pixels)
        assert (told.shape, told.dtype) == ((APPEARANCE,), np.float32)
        assert np.isfinite(told).all()


@pytest.mark.parametrize("size", [(8, 8), (40, 200), (32, 900)])  # the last: rows of many numbers
def test_an_appearance_is_the_same_alone_and_beside_others(size: tuple[int, int]) -> None:
    pictures = np.random.default_rng(3).integers(0, 256, (5, *size, 3), np.uint8)
    alone = np.array([appearance(one) for one in pictures])
    assert appearance(pictures).tobytes() == alone.tobytes()


@pytest.mark.parametrize("features", [64, 9000])  # as of five networks that answer together
def test_a_sketch_is_the_same_alone_and_beside_others(features: int) -> None:
    random = np.random.default_rng(4)
    axes, looks = (random.normal(size=(7, n)).astype(np.float32) for n in (features, APPEARANCE))
    sketching = Sketching(axes[0], axes[1:4], looks[0], looks[1:3])
    given = [random.normal(size=(6, n)).astype(np.float32) for n in (features, APPEARANCE)]
    alone = np.array([sketching(*one) for one in zip(*given, strict=True)])
    assert sketching(*given).tobytes() == alone.tobytes()


def test_an_appearance_tells_colours_contrast_and_detail() -> None:
    grey = np.full((32, 32, 3), 128, np.uint8)
    red = grey * np.array([1, 0, 0], np.uint8)
    striped = np.where(np.arange(32)[None, :, None] % 2 == 0, 0, 255) * np.ones((32, 1, 3))
    across, turned = (
        appearance(one.astype(np.uint8)) for one in (striped, striped.transpose(1, 0, 2))
    )
    assert appearance(grey)[0] == pytest.approx(128 / 255)
    assert np.abs(appearance(red) - appearance(grey)).max() > 0.3
    assert np.abs(across - appearance(grey)).max() > 3
    assert np.abs(across - turned).max() > 3


def test_where_axes_leave_nothing_out_of_features_nothing_is_left_but_rounding() -> None:
    """Told as so many deviations, rounding would differ between making a bundle and opening it."""
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(64, 64)))[0].astype(np.float32)
    sketching = Sketching(
        np.full(64, 0.1, np.float32), axes, np.zeros(3, np.float32), np.eye(3, dtype=np.float32)
    )
    features = random.uniform(size=(200, 64)).astype(np.float32)
    sketches = sketching(features, np.zeros((200, 3), np.float32))
    assert sketches[:, 64].max() < 1e-6
    less = Sketching(sketching.middle, axes[:40], sketching.look_middle, sketching.look_axes)
    apart = features / np.linalg.norm(features, axis=1, keepdims=True) - sketching.middle
    expected = np.linalg.norm(apart.astype(np.float64) @ axes[40:].T.astype(np.float64), axis=1)
    found = less(features, np.zeros((200, 3), np.float32))[:, 40]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
