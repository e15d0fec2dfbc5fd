"""The catalogue that the package ships says what the networks are, and is found by their names."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from linnaeus.models.catalogue import is_known, is_ours, known_networks, matches, unknown_network
from linnaeus.models.listing import listed

OURS = [known for known in known_networks().values() if known.maker == "linnaeus"]
SAMPLED = 12
LARGEST = 60e6  # parameters of a network that a test counts


def some_of_timm() -> list[str]:
    known = known_networks().values()
    small = [one.name for one in known if one.maker == "timm" and one.parameters < LARGEST]
    return sorted(np.random.default_rng(0).choice(small, SAMPLED, replace=False))


@pytest.mark.parametrize("known", OURS, ids=lambda known: known.name)
def test_ours_are_as_large_as_the_catalogue_says(known):
    pytest.importorskip("timm")
    from linnaeus.models.build import build
    from linnaeus.models.counting import count

    _, height, width = known.input_shape
    make = lambda: build(known.name, classes=10, height_px=height, width_px=width)  # noqa: E731
    assert count(make, known.input_shape) == (known.parameters, known.multiply_adds)


@pytest.mark.parametrize("name", some_of_timm())
def test_networks_of_timm_are_as_large_as_the_catalogue_says(name):
    torch = pytest.importorskip("torch")
    timm = pytest.importorskip("timm")
    if not timm.is_model(name):
        pytest.skip(f"timm {timm.__version__} does not have {name}")
    with torch.device("meta"):
        theirs = timm.create_model(name)
    assert sum(p.numel() for p in theirs.parameters()) == known_networks()[name].parameters


def test_the_catalogue_has_nearly_all_that_this_timm_has():
    timm = pytest.importorskip("timm")
    missing = set(timm.list_models()) - set(known_networks())
    assert len(missing) < 0.2 * len(known_networks()), "run: python benchmarks/count_networks.py"


def test_published_figures_stand_in_the_catalogue():
    resnet = known_networks()["resnet50"]  # He and others 2016: 25.6 million, 4.1 billion
    assert resnet.parameters == 25_557_032
    assert resnet.multiply_adds == pytest.approx(4.09e9, rel=0.01)
    assert resnet.input_shape == (3, 224, 224)
    assert resnet.weights["resnet50.a1_in1k"] == "apache-2.0"


@pytest.mark.parametrize("name", ["mlp", "mlp-1024-512", "plain-512", "cnn-large-stn", "small_cnn"])
def test_ours_are_known_by_their_names(name):
    assert is_ours(name)
    assert is_known(name)


@pytest.mark.parametrize(
    "name", ["mlp-0", "mlp-", "plain-a", "cnn", "cnn-huge", "alexnet-2", "MLP", "mlp-1２"]
)
def test_nothing_else_is_ours(name):
    assert not is_ours(name)


def test_timm_s_are_known_with_and_without_the_tag_of_their_weights():
    assert is_known("resnet18")
    assert is_known("resnet18.a1_in1k")
    assert not is_known("resnet19")


@pytest.mark.parametrize(
    ("pattern", "finds"),
    [("resnet1", True), ("RESNET", True), ("res*18", True), ("res?et18", True), ("18*", False)],
)
def test_a_pattern_is_a_part_or_has_stars(pattern, finds):
    assert matches("resnet18", pattern) is finds


def test_a_pattern_with_a_point_finds_weights_by_name():
    assert "resnet18.a1_in1k" in [one.name for one in listed("resnet18.*", {})]
    assert "resnet18.a1_in1k" not in [one.name for one in listed("resnet18*", {})]


def test_an_unknown_name_is_told_with_those_nearest_to_it():
    assert "resnet18" in unknown_network("resent18").mend
    assert "Did you mean" not in unknown_network("a network of my own").mend


def test_searching_loads_neither_torch_nor_timm():
    code = (
        "import sys; from linnaeus.models.listing import listed; assert listed('vit', {});"
        "print({'torch', 'timm', 'onnx'} & set(sys.modules))"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "set()\n"
