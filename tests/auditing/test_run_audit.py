"""The whole audit, as `linnaeus.audit` runs it: label errors, the map, notes, and the page."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.data.findings import Audit
from linnaeus.errors import MissingError, UsageError

pytest.importorskip("skimage")


@pytest.fixture(scope="module")
def mislabelled(some_digits: linnaeus.Dataset) -> tuple[linnaeus.Dataset, set[str]]:
    """Digits of which twenty have another's label, and the paths of those."""
    rows = np.random.default_rng(0).choice(len(some_digits), 20, replace=False)
    labels = some_digits.labels.copy()
    labels[rows] = (labels[rows] + 3) % 10
    return replace(some_digits, labels=labels), {some_digits.paths[row] for row in rows}


def kinds(found: Audit) -> list[str]:
    return [finding.kind for finding in found.findings]


def test_label_errors_are_looked_for_unless_told_otherwise(
    mislabelled: tuple[linnaeus.Dataset, set[str]],
) -> None:
    dataset, planted = mislabelled
    found = linnaeus.audit(dataset, cache=False)
    (finding,) = (one for one in found.findings if one.kind == "label-errors")
    named = {path for (path,) in finding.files}
    assert len(named & planted) >= 15
    assert "outlines (HOG)" in finding.sentence
    without = linnaeus.audit(dataset, cache=False, label_errors=False)
    assert "label-errors" not in kinds(without)
    assert without.notes[-1] == "Label errors were not looked for, as asked."


@pytest.mark.slow
def test_a_backbone_describes_the_pictures_where_weights_are_named(
    photo_set: Path, shared_weights: Path
) -> None:
    pytest.importorskip("torch")
    dataset = linnaeus.load_dataset(photo_set)
    labels = dataset.labels.copy()
    labels[:4] = 4  # of cardboard, called plastic
    spoilt = replace(dataset, labels=labels).subset(np.arange(0, 72, 2))
    found = linnaeus.audit(spoilt, weights=shared_weights, cache=False)
    (finding,) = (one for one in found.findings if one.kind == "label-errors")
    assert "mobilenetv2_100.same_in1k with outlines" in finding.sentence


def test_a_folder_without_weights_is_refused_before_the_work(
    photo_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(MissingError, match="no pretrained weights"):
        linnaeus.audit(photo_set, weights=tmp_path, label_errors=False)


def test_what_could_not_be_judged_is_noted(some_digits: linnaeus.Dataset) -> None:
    sets = np.eye(10, dtype=bool)[some_digits.labels]
    several = replace(some_digits, labels=np.full(len(some_digits), -1), label_sets=sets)
    found = linnaeus.audit(several, cache=False)
    assert found.notes[-1].startswith("Label errors are not looked for where pictures have several")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, photo_set: Path) -> Path:
    """The folder of an audit of photographs, one broken and one twice, in a class <b>."""
    folder = tmp_path_factory.mktemp("dirty") / "photos"
    shutil.copytree(photo_set, folder)
    (folder / "metal").rename(folder / "<b>metal")
    (folder / "glass" / "broken.jpg").write_bytes(b"no picture")
    first = min((folder / "glass").glob("glass*.jpg"))
    shutil.copy(first, folder / "<b>metal" / "copy.jpg")
    linnaeus.audit(folder, out=folder.parent / "audit", label_errors=False, cache=False)
    return folder.parent / "audit"


def test_the_page_shows_every_finding_with_its_advice(page: Path) -> None:
    text = (page / "audit.html").read_text(encoding="utf-8")
    found = json.loads((page / "audit.json").read_text(encoding="utf-8"))["findings"]
    assert {one["kind"] for one in found} >= {"unreadable", "contradicting-labels"}
    for one in found:
        assert f'id="{one["kind"]}"' in text
        assert one["advice"][:40] in text
    assert "copy.jpg" in text
    assert text.count("data:image/") > 60  # twelve samples of each class at least


def test_the_page_asks_the_network_for_nothing_and_escapes_names(page: Path) -> None:
    text = (page / "audit.html").read_text(encoding="utf-8")
    assert "<b>metal" not in text
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""", markup)


def test_the_map_has_every_picture_with_its_class(page: Path) -> None:
    pytest.importorskip("plotly")
    text = (page / "audit.html").read_text(encoding="utf-8")
    held = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', text, re.S)
    assert held is not None
    chart = json.loads(held[1])
    assert len(chart["paths"]) == sum(len(trace["ids"]) for trace in chart["traces"]) == 73
    for trace in chart["traces"]:
        assert {chart["said"][place] for place in trace["ids"]} == {trace["name"]}
    assert len(chart["sheets"]) == 1


def test_the_limit_of_pixels_is_of_choice(photo_folder: Path, tmp_path: Path) -> None:
    """A picture above it is refused by name; one below another limit is read and shown."""
    Image.new("RGB", (700, 600), "teal").save(photo_folder / "glass" / "large.png")
    strict = linnaeus.audit(photo_folder, max_pixels=400_000, label_errors=False)
    refused = next(one for one in strict.findings if "glass/large.png" in one.reasons)
    assert refused.severity == "error"
    assert "700 × 600 pixels are more than the limit" in refused.reasons["glass/large.png"]
    roomy = linnaeus.audit(photo_folder, max_pixels=420_000, out=tmp_path / "audit")
    assert roomy.readable == roomy.images


def test_a_limit_that_is_none_is_refused(photo_folder: Path) -> None:
    with pytest.raises(UsageError, match="--max-pixels: 0 is no number of pixels"):
        linnaeus.audit(photo_folder, max_pixels=0)
