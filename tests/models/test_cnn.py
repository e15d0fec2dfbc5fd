"""The small network: any size, the same from the same seed, and the same answers once exported."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pathlib import Path  # noqa: E402

from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402

SIDES = [(8, 8), (16, 16), (28, 28), (32, 32), (48, 40), (64, 64), (96, 128), (128, 128)]


@pytest.mark.parametrize("side", SIDES)
def test_any_size_gives_logits_that_are_the_heads_answer_to_the_features(side):
    network = small_cnn(7, *side).eval()
    pictures = torch.randn(2, 3, *side)
    logits = network(pictures)
    assert logits.shape == (2, 7)
    assert torch.equal(logits, network.head(network.features(pictures)))


def test_the_same_seed_gives_the_same_weights():
    def weights(seed):
        torch.manual_seed(seed)
        return [p.detach().clone() for p in small_cnn(3, 32, 32).parameters()]

    assert all(map(torch.equal, weights(5), weights(5)))
    assert not all(map(torch.equal, weights(5), weights(6)))


def test_width_scales_the_network():
    def size(width):
        return sum(p.numel() for p in small_cnn(10, 32, 32, width=width).parameters())

    assert 3 < size(2.0) / size(1.0) < 5


@pytest.mark.parametrize("side", SIDES)
def test_pictures_of_noise_start_with_answers_of_ordinary_size(side):
    torch.manual_seed(0)
    logits = small_cnn(10, *side)(torch.randn(8, 3, *side))
    assert 0.01 < logits.std() < 10


def test_normalise_measures_mean_and_deviation_as_numpy_does():
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 5, 4, 3), dtype=np.uint8)
    pixels[..., 1] //= 3
    normalise = Normalise.measured_on(pixels)
    flat = pixels.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(normalise.mean.numpy(), flat.mean(0), rtol=1e-6)
    np.testing.assert_allclose(normalise.std.numpy(), flat.std(0), rtol=1e-6)
    seen = normalise(torch.from_numpy(pixels))
    assert seen.shape == (3000, 3, 5, 4)
    assert seen.is_contiguous(memory_format=torch.channels_last)
    expected = (pixels[7] - flat.mean(0)) / flat.std(0)
    np.testing.assert_allclose(seen[7].permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_a_channel_that_never_varies_is_centred_and_not_blown_up():
    normalise = Normalise.measured_on(np.full((4, 2, 2, 3), 7, np.uint8))
    answer = normalise(torch.full((1, 2, 2, 3), 9, dtype=torch.uint8))
    assert torch.equal(answer, torch.full((1, 3, 2, 2), 2.0))


@pytest.mark.parametrize("side", [(8, 8), (32, 32), (64, 48)])
def test_the_exported_graph_answers_as_the_network_does(side, tmp_path: Path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    pixels = np.random.default_rng(0).integers(0, 256, (5, *side, 3), dtype=np.uint8)
    network = torch.nn.Sequential(Normalise.measured_on(pixels), small_cnn(4, *side)).eval()
    graph = tmp_path / "graph.onnx"
    torch.onnx.export(
        network,
        (torch.from_numpy(pixels[:2]),),
        graph,
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("images")},),
        input_names=["pixels"],
        output_names=["logits"],
        verbose=False,
    )
    session = runtime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"pixels": pixels})
    with torch.no_grad():
        expected = network(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(answer, expected, atol=1e-4)
