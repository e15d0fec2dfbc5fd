"""Features of pictures for the audit: deterministic, standardised, for all that can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from linnaeus import load_dataset
from linnaeus.auditing.appearance import APPEARANCE_PARTS, appearance
from linnaeus.auditing.features import audit_features
from linnaeus.data.scan import scan
from linnaeus.models.weights import find_weights

pytest.importorskip("skimage")


def test_features_are_standardised_and_the_same_for_any_number_of_threads(photo_set: Path) -> None:
    dataset = load_dataset(photo_set)
    looked = scan(dataset)
    one, many = (audit_features(dataset, looked, workers=workers) for workers in (1, 4))
    np.testing.assert_array_equal(one.values, many.values)
    np.testing.assert_array_equal(one.rows, np.arange(72))
    np.testing.assert_allclose(one.values.mean(axis=0), 0, atol=1e-5)
    assert np.square(one.values).sum(axis=1).mean() == pytest.approx(1, abs=0.1)
    assert "HOG" in one.how


def test_pictures_that_cannot_be_read_have_no_features(photo_folder: Path) -> None:
    (photo_folder / "glass" / "broken.jpg").write_bytes(b"no picture")
    dataset = load_dataset(photo_folder)
    features = audit_features(dataset, scan(dataset))
    assert len(features) == len(features.values) == 36
    assert dataset.paths.index("glass/broken.jpg") not in features.rows


@pytest.mark.slow
def test_a_backbone_joins_the_appearance(photo_set: Path, shared_weights: Path) -> None:
    pytest.importorskip("torch")
    dataset = load_dataset(photo_set).subset(range(0, 72, 6))
    (backbone,) = find_weights([shared_weights]).values()
    features = audit_features(dataset, scan(dataset), backbone)
    assert features.values.shape[1] > sum(APPEARANCE_PARTS) + 1_000
    assert np.isfinite(features.values).all()
    assert backbone.name in features.how


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 8), (3, 200), (400, 300)])
def test_pictures_of_any_size_can_be_described(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    described = appearance(random.integers(0, 256, (*size, 3), dtype=np.uint8))
    assert described.shape == (sum(APPEARANCE_PARTS),)
    assert described.dtype == np.float32
    assert np.isfinite(described).all()


def part(described: np.ndarray, place: int) -> np.ndarray:
    return np.split(described, np.cumsum(APPEARANCE_PARTS)[:-1])[place]


def test_whole_colours_are_the_roots_of_their_shares() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:2] = (255, 0, 0)
    colours = part(appearance(pixels), 3)
    assert colours[0] == pytest.approx(np.sqrt(0.75))
    assert colours[5 * 36] == pytest.approx(0.5)
    assert np.square(colours).sum() == pytest.approx(1)


def test_the_grid_holds_means_and_deviations_of_its_cells() -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (40, 80, 3), dtype=np.uint8)
    grid = part(appearance(pixels), 4)
    cells = pixels.astype(float).reshape(4, 10, 4, 20, 3)
    np.testing.assert_allclose(grid[:48], cells.mean(axis=(1, 3)).ravel(), rtol=1e-5)
    np.testing.assert_allclose(grid[48:], cells.std(axis=(1, 3)).ravel(), rtol=1e-5)


def test_texture_tells_stripes_from_dots_and_not_light_from_dark() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::4] = 120
    dots = np.zeros((64, 64, 3), np.uint8)
    dots[::4, ::4] = 120
    textures = [part(appearance(pixels), 5) for pixels in (stripes, stripes + 90, dots)]
    np.testing.assert_allclose(textures[0], textures[1])
    assert np.linalg.norm(textures[0] - textures[2]) > 0.3


def test_texture_is_that_of_a_plain_reading_of_its_definition(
    photographs: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    file = tmp_path / "one.jpg"
    file.write_bytes(next(iter(photographs["glass"].values())))
    pixels = np.asarray(Image.open(file).convert("RGB").resize((20, 16)))
    grey = np.asarray(Image.fromarray(pixels).convert("L")).astype(int)
    ring = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    uniform: dict[str, int] = {}
    for number in range(256):
        bits = f"{number:08b}"[::-1]
        if sum(bits[i] != bits[i - 1] for i in range(8)) <= 2:
            uniform[bits] = len(uniform)
    counts = np.zeros(59)
    for y, x in np.ndindex(*grey.shape):
        around = [grey[min(max(y + dy, 0), 15), min(max(x + dx, 0), 19)] for dy, dx in ring]
        bits = "".join(str(int(level >= grey[y, x])) for level in around)
        counts[uniform.get(bits, 58)] += 1
    texture = part(appearance(pixels), 5)
    np.testing.assert_allclose(np.square(texture[:59]) * grey.size, counts, atol=1e-3)
