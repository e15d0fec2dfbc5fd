"""A server that squeezes pictures first, and looks for those that were changed on purpose."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from running import Running, running

import linnaeus
from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import BundleError, UsageError
from linnaeus.training.run import Run

pytest.importorskip("fastapi")

ABOVE = 1.5


@pytest.fixture(scope="module")
def server(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("squeezing")
    options = ("--squeeze", "median", "--changed-above", str(ABOVE), "--workers", "1")
    with running(folder, f"digits={digits_run.folder}", *options, "--deadline", "60") as one:
        yield one


@pytest.fixture(scope="module")
def pictures(some_digits: linnaeus.Dataset) -> list[bytes]:
    return [some_digits.source.read(some_digits.paths[row]) for row in range(12)]


@pytest.fixture(scope="module")
def expected(digits_run: Run, pictures: list[bytes]) -> Predictions:
    squeezing = linnaeus.load(digits_run.bundle).squeezing("median")
    return squeezing.detecting(ABOVE).predict(pictures)


def test_an_answer_is_that_of_the_library_and_says_how_it_came_about(
    server: Running, pictures: list[bytes], expected: Predictions
) -> None:
    answer = server.predict(*pictures).json
    assert answer["model"]["squeeze"] == "median"
    for said, row, one in zip(answer["predictions"], expected.probabilities, expected, strict=True):
        assert list(said["probabilities"].values()) == row.tolist()
        assert (said["moved"], said["changed"]) == (one.moved, one.changed)
    assert 0 < expected.changed.sum() < len(pictures)
    (told,) = server.get("/models").json["models"]
    assert (told["squeeze"], told["changed_above"], told["promises"]) == ("median", ABOVE, False)
    assert "Every picture is squeezed first" in server.log.read_text()
    refused = server.predict(pictures[0], query="?sets=0.9")
    assert (refused.status, refused.kind) == (422, "not-valid")
    assert "not squeezed first" in refused.json["detail"]


def test_tensors_have_the_same_and_explanations_are_of_what_is_answered(
    server: Running, pictures: list[bytes], expected: Predictions
) -> None:
    data = [base64.b64encode(one).decode() for one in pictures]
    images = {"name": "images", "datatype": "BYTES", "shape": [len(data)], "data": data}
    told = server.send_json("POST", "/v2/models/digits/infer", {"inputs": [images]}).json
    outputs = {one["name"]: one["data"] for one in told["outputs"]}
    assert outputs["probabilities"] == expected.probabilities.ravel().tolist()
    assert outputs["changed"] == expected.changed.tolist()
    assert outputs["moved"] == [one.moved for one in expected]
    assert told["parameters"]["squeeze"] == "median"
    facts = server.get("/v2/models/digits").json
    assert {one["name"] for one in facts["outputs"]} == set(outputs)
    explained = server.call("POST", "/explain?method=superpixels", pictures[0]).json
    sure = float(expected.probabilities[0].max())
    assert explained["explanation"]["confidence"] == pytest.approx(sure, rel=1e-6)


def test_what_cannot_be_meant_is_refused_before_anything_is_served(
    digits_run: Run, pairs_run: Run
) -> None:
    with pytest.raises(UsageError, match="3 is no distance"):
        linnaeus.serve(digits_run.bundle, changed_above=3, port=0)
    with pytest.raises(UsageError, match="no squeezer 'blur'"):
        linnaeus.serve(digits_run.bundle, squeeze="blur", port=0)  # type: ignore[arg-type]
    with pytest.raises(BundleError, match="gives a picture several labels"):
        linnaeus.serve(pairs_run.bundle, changed_above=0.5, workers=1, port=0)
