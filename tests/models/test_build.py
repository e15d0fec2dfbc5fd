"""Networks by name: as large as published, the same once exported, and refused in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from torch import nn  # noqa: E402

from linnaeus.errors import LinnaeusError, MissingError, UsageError  # noqa: E402
from linnaeus.models.build import build  # noqa: E402
from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.counting import count  # noqa: E402
from linnaeus.models.export import FeatureGraph, append_head, export_features  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.models.weights import Backbone, find_weights  # noqa: E402

OURS = [
    "mlp",
    "mlp-64",
    "plain",
    "plain-512",
    "alexnet",
    *(
        f"cnn-{size}{v}"
        for size in ("tiny", "small", "medium", "large")
        for v in ("", "-se", "-cbam", "-stn")
    ),
]


def parameters_of(name: str, classes: int, side_px: int, channels: int = 3, **options: Any) -> int:
    """Counted on the meta device: nothing is computed."""
    with torch.device("meta"):
        network = build(
            name,
            classes=classes,
            height_px=side_px,
            width_px=side_px,
            channels=channels,
            **options,
        )
    return sum(p.numel() for p in network.parameters())


# As published


@pytest.mark.parametrize(
    ("name", "classes", "side_px", "summary"),
    [  # the lines of Keras' summary() of the same network, layer by layer
        ("plain", 10, 32, [896, 18_496, 73_856, 65_664, 8_256, 2_080, 330]),
        ("plain-512", 2, 150, [896, 18_496, 73_856, 18_940_416, 1_026]),
        ("mlp-1024-512", 10, 32, [3_146_752, 524_800, 5_130]),
    ],
)
def test_textbook_networks_have_the_parameters_that_keras_prints(
    name: str, classes: int, side_px: int, summary: list[int]
) -> None:
    assert parameters_of(name, classes, side_px) == sum(summary)


def test_batch_normalisation_adds_a_scale_and_a_shift_and_takes_the_bias() -> None:
    filters = 32 + 64 + 128
    plain = parameters_of("plain", 10, 32)
    assert parameters_of("plain", 10, 32, batch_norm=True) == plain + 2 * filters - filters


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "vgg11", "densenet121", "mnasnet1_0"])
def test_counts_are_those_that_torchvision_publishes(name: str) -> None:
    models = pytest.importorskip("torchvision.models")
    published = models.get_model_weights(name).DEFAULT.meta
    ours = {"mnasnet1_0": "mnasnet_100"}.get(name, name)
    assert parameters_of(ours, 1000, 224) == published["num_params"]
    counted = count(lambda: build(ours, classes=1000, height_px=224, width_px=224), (3, 224, 224))
    assert counted.parameters == published["num_params"]
    assert counted.multiply_adds / 1e9 == pytest.approx(published["_ops"], rel=0.01, abs=0.002)


@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "vit_tiny_patch16_224", "vgg11"])
def test_timm_s_own_network_has_as_many_parameters(name: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(name, num_classes=7)
    assert parameters_of(name, 7, 224) == sum(p.numel() for p in theirs.parameters())


def test_alexnet_answers_as_torchvision_s_does_with_the_same_weights() -> None:
    models = pytest.importorskip("torchvision.models")
    theirs = models.alexnet(num_classes=5).eval()
    ours = build("alexnet", classes=5, height_px=96, width_px=80).eval()
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.copy_(other)
        pictures = torch.randn(2, 3, 96, 80)
        torch.testing.assert_close(ours(pictures), theirs(pictures))


@pytest.mark.parametrize("name", ["small_cnn", "cnn-small"])
def test_the_small_network_is_the_same_under_both_names_and_from_its_own_module(name: str) -> None:
    torch.manual_seed(3)
    direct = small_cnn(7, 32, 40)
    torch.manual_seed(3)
    built = build(name, classes=7, height_px=32, width_px=40)
    assert all(map(torch.equal, direct.state_dict().values(), built.state_dict().values()))
    pictures = torch.randn(2, 3, 32, 40)
    assert torch.equal(direct(pictures), built(pictures))


# Any shape


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(("channels", "height_px", "width_px"), [(1, 64, 64), (3, 75, 64)])
def test_ours_take_any_size_and_number_of_channels(
    name: str, channels: int, height_px: int, width_px: int
) -> None:
    with torch.device("meta"):
        shape = {"height_px": height_px, "width_px": width_px, "channels": channels}
        network = build(name, classes=2, **shape).eval()
        pictures = torch.empty(3, channels, height_px, width_px)
        assert network(pictures).shape == (3, 2)
        assert network.features(pictures).shape == (3, network.head.in_features)


@pytest.mark.parametrize(
    "name", ["resnet18", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"]
)
@pytest.mark.parametrize(
    "head",
    ["linear", "pool-linear", "flatten-dense16-relu-linear", "pool-dense256-relu-dropout-linear"],
)
def test_networks_of_timm_take_any_size_channels_and_head(name: str, head: str) -> None:
    with torch.device("meta"):
        network = build(name, classes=4, height_px=64, width_px=96, channels=2, head=head).eval()
        assert network(torch.empty(3, 2, 64, 96)).shape == (3, 4)


def test_a_pooled_head_sees_the_mean_of_timm_s_last_map() -> None:
    network = build("resnet18", classes=4, height_px=64, width_px=64, head="pool-linear").eval()
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        last_map = network.body.network.forward_features(pictures)
        torch.testing.assert_close(network.features(pictures), last_map.mean((2, 3)))


def test_pretrained_weights_are_taken_for_any_channels(shared_weights: Any) -> None:
    found: dict[str, Backbone] = find_weights([shared_weights])
    backbone = found["mobilenetv2_100.same_in1k"]
    size = {"classes": 3, "height_px": 64, "width_px": 64}
    network = build(backbone.name, **size, pretrained=backbone).eval()
    theirs: Any = timm.create_model(f"local-dir:{backbone.folder}", pretrained=True).eval()
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = theirs.forward_head(theirs.forward_features(pictures), pre_logits=True)
        torch.testing.assert_close(network.features(pictures), expected)
        grey = build(backbone.name, **size, channels=1, pretrained=backbone).eval()
        assert grey(pictures[:, :1]).shape == (2, 3)


# Dropout


def dropouts_of(network: nn.Module) -> list[float]:
    return [module.p for module in network.modules() if isinstance(module, nn.Dropout)]


def test_dropout_stands_where_the_network_has_it() -> None:
    size = {"classes": 3, "height_px": 64, "width_px": 64}
    assert dropouts_of(build("plain", **size)) == []
    assert dropouts_of(build("plain", **size, dropout=0.2)) == [0.2] * 3
    assert dropouts_of(build("cnn-small", **size, dropout=0.2)) == [0.2]
    assert dropouts_of(build("alexnet", **size)) == [0.5, 0.5]


# Exported


@pytest.mark.parametrize(
    ("name", "height_px", "width_px", "options"),
    [
        ("mlp", 8, 8, {}),
        ("plain-512", 45, 37, {"batch_norm": True, "dropout": 0.3}),
        ("cnn-medium-se", 32, 32, {}),
        ("cnn-small-cbam", 32, 48, {"head": "flatten-dense16-gelu-batchnorm-linear"}),
        ("cnn-small-stn", 33, 28, {}),
        pytest.param("alexnet", 75, 64, {}, marks=pytest.mark.slow),
        ("resnet18", 64, 64, {"head": "pool-dense32-relu-dropout-linear"}),
        pytest.param("vit_tiny_patch16_224", 64, 96, {}, marks=pytest.mark.slow),
    ],
)
def test_the_exported_graph_answers_as_the_network_does(
    name: str, height_px: int, width_px: int, options: dict[str, Any]
) -> None:
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    pixels = np.random.default_rng(0).integers(0, 256, (5, height_px, width_px, 3), dtype=np.uint8)
    network = build(name, classes=4, height_px=height_px, width_px=width_px, **options)
    nn.init.normal_(network.head.weight)  # answers that differ, whatever it starts with
    normalise = Normalise.measured_on(pixels)
    given = torch.from_numpy(pixels)
    with torch.no_grad():
        network.train()(normalise(given))  # statistics other than a new network's
        expected = network.eval()(normalise(given)).numpy()
    graph = export_features(FeatureGraph(normalise, Features(network)), height_px, width_px)
    head = [tensor.detach().numpy() for tensor in (network.head.weight, network.head.bias)]
    session = runtime.InferenceSession(
        append_head(graph, *head), providers=["CPUExecutionProvider"]
    )
    for pictures in (1, 5):
        (logits,) = session.run(["logits"], {"pixels": pixels[:pictures]})
        np.testing.assert_allclose(logits, expected[:pictures], atol=1e-4, rtol=1e-4)
    assert np.ptp(expected) > 0.1


class Features(nn.Module):
    """A network without its last layer."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Any) -> Any:
        return self.network.features(x)


# Refused


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"name": "resnet81"}, MissingError, 'no network called "resnet81"'),
        ({"name": "cnn-smal"}, MissingError, "Did you mean cnn-small"),
        ({"name": "alexnet", "height_px": 32}, UsageError, "Choose a size of 63 px or more"),
        ({"name": "cnn-small", "width_px": 7}, UsageError, "too small for it"),
        ({"name": "cnn-small", "batch_norm": True}, UsageError, "Leave batch_norm out"),
        ({"name": "resnet18", "batch_norm": False}, UsageError, "Leave batch_norm out"),
        ({"classes": 1}, UsageError, "two classes or more"),
        ({"dropout": 1.0}, UsageError, "1 is not a share from 0 to below 1"),
        ({"head": "pool-dropout.-linear"}, UsageError, '"dropout." is none of its parts'),
        ({"head": "pool-dense-linear"}, UsageError, '"dense" is none of its parts'),
        ({"head": "dense64"}, UsageError, 'it ends in "dense64"'),
        ({"head": "dense64-pool-linear"}, UsageError, '"pool" can only come first'),
        ({"name": "levit_128s", "height_px": 20}, UsageError, "Choose another size"),
        ({"name": "coat_tiny", "head": "pool-linear"}, UsageError, "has no one map to pool"),
    ],
)
def test_what_cannot_be_built_is_told_in_a_sentence(
    options: dict[str, Any], kind: type[LinnaeusError], said: str
) -> None:
    asked = {"name": "plain", "classes": 3, "height_px": 64, "width_px": 64, **options}
    with pytest.raises(kind) as told:
        build(asked.pop("name"), **asked)
    assert said in str(told.value)
    assert "\n" not in str(told.value)
