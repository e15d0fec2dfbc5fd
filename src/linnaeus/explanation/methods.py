"""The methods by name, and an explainer that applies any of them to a bundle's pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import load
from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.errors import BundleError, MissingError, UsageError
from linnaeus.explanation.enlarging import enlarged, smoothed
from linnaeus.explanation.faithfulness import STEPS, Mapped, deletion_and_insertion
from linnaeus.explanation.hiding import WINDOW, cover_for, occlusion, superpixel_permutation
from linnaeus.explanation.segments import Parts, segments_of
from linnaeus.explanation.surrogates import kernel_shap, lime

if TYPE_CHECKING:
    from torch import Tensor, nn

    from linnaeus.explanation.layers import MapLayer
    from linnaeus.models.reopened import Reopened

__all__ = ["METHODS", "OF_CAMS", "OF_NETWORKS", "Explainer", "Method", "check_method", "readable"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
Targets = NDArray[np.int64]

Method = Literal[
    "grad-cam",
    "grad-cam++",
    "score-cam",
    "layer-cam",
    "saliency",
    "smooth-grad",
    "integrated-gradients",
    "gradient-shap",
    "attention-rollout",
    "occlusion",
    "superpixels",
    "lime",
    "kernel-shap",
]
METHODS: tuple[Method, ...] = get_args(Method)
SCORED_CHANNELS = 64
"""Of Score-CAM: those with the largest spread. Each costs a pass of the network; a last map of
1,280 channels takes half a minute a picture on two cores, and most of them are flat."""

MOST_SIZES = 4  # of maps among which a layer is chosen

OF_CAMS = ("grad-cam", "grad-cam++", "score-cam", "layer-cam")
OF_GRADIENTS = ("saliency", "smooth-grad", "integrated-gradients", "gradient-shap")
OF_NETWORKS = (*OF_CAMS, *OF_GRADIENTS, "attention-rollout")
"""Methods that look inside the network and need PyTorch; the others ask the bundle alone."""


class Explainer:
    """Explains the answers of the bundle in `folder`.

    `layer`: the one whose map a class activation map is of; None: the last, until `choose_layer`.
    `cover`: what stands where a picture is hidden, see `hiding.cover_for`. `parts`: see
    `segments.segments_of`. `window`: the side of what occlusion hides at a time, as a share of the
    picture's shorter one. `seed`: of what is drawn. `squeeze`: as in `Classifier.squeezing`; what
    looks inside the network knows nothing of it.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        layer: str | None = None,
        cover: str = "blur",
        parts: Parts | None = None,
        window: float = WINDOW,
        seed: int = 0,
        squeeze: SqueezerName | None = None,
    ) -> None:
        self.classifier: Classifier = load(folder).squeezing(squeeze)
        self._answering = self.classifier.knowing(None)  # of each picture it takes half the time
        self._folder = folder
        self._layer = layer
        self._cover = cover
        self._parts = parts
        self._window = window
        self.seed = seed

    @cached_property
    def network(self) -> Reopened:
        """The network. Raises BundleError where there is none, MissingError without torch."""
        try:
            from linnaeus.models.reopened import reopen
        except ImportError as error:
            raise MissingError(
                f"looking inside a network needs PyTorch ({error.name} is missing)",
                where="--method",
                mend='Install it with pip install "linnaeus[train]", or use --method occlusion.',
            ) from None
        return reopen(self._folder)

    @property
    def default(self) -> Method:
        """grad-cam where the network can be opened and has a map, otherwise occlusion."""
        try:
            return "grad-cam" if self._maps else "occlusion"
        except (BundleError, MissingError):
            return "occlusion"

    @property
    def usable(self) -> tuple[Method, ...]:
        """The methods that this bundle can be explained by."""
        try:
            network = self.network
        except (BundleError, MissingError):
            return tuple(method for method in METHODS if method not in OF_NETWORKS)
        from linnaeus.explanation.rollout import attention_rollout

        left_out = set() if self._maps else set(OF_CAMS)
        try:
            attention_rollout(network, self._black)
        except UsageError:
            left_out.add("attention-rollout")
        return tuple(method for method in METHODS if method not in left_out)

    def layer_name(self) -> str:
        """The layer that class activation maps are of. Raises UsageError where there is none."""
        return self._map_layer().short

    def choose_layer(self, pixels: Pixels, targets: Targets, *, steps: int = STEPS) -> str:
        """Take, where no layer was named, the one whose Grad-CAM maps of `pixels` (n, h, w, 3) part
        best what the answers for `targets` (n,) go by from what they do not; returns its name.

        Among the last layers of each size of map: the last of all may be too coarse for small
        things, and the first ones know no classes. Judged by insertion less deletion area,
        in so many `steps`.
        """
        if self._layer is None:
            from linnaeus.explanation.layers import last_of_each_size

            names = [layer.name for layer in last_of_each_size(self._maps)[:MOST_SIZES]]
            if names:
                found = [self._grad_cam_at(name, pixels, targets) for name in names]
                each = zip(pixels, targets.tolist(), np.stack(found, axis=1), strict=True)
                mapped = [Mapped(one, of, self.cover_of(one), maps) for one, of, maps in each]
                curves = deletion_and_insertion(self.answer, mapped, steps=steps)
                margins = [[curve.margin for curve in of_one] for of_one in curves]
                self._layer = names[int(np.mean(margins, axis=0).argmax())]
        return self.layer_name()

    def _grad_cam_at(self, layer: str, pixels: Pixels, targets: Targets) -> Maps:
        there = copy(self)
        there._layer = layer
        return there.explain(pixels, targets, "grad-cam")

    def answer(self, pixels: Iterable[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The bundle's probabilities (n, classes) for any number of `pixels` (h, w, 3) uint8."""
        return np.stack([one.probabilities for one in self._answering.predict_pixels(pixels)])

    def cover_of(self, picture: Pixels) -> Pixels:
        """What stands where `picture` (h, w, 3) is hidden, of its shape."""
        return cover_for(picture, self._cover)

    def explain(
        self, pixels: Pixels, targets: Targets, method: Method, *, network: Reopened | None = None
    ) -> Maps:
        """(n, h, w) float32: how much each place of `pixels` (n, h, w, 3) uint8, which
        `classifier.record.preprocessing` has read, speaks for its class of `targets` (n,).

        Larger is more; below 0 speaks against, where a method can tell. `network` explains another
        one than the bundle's, such as one with random weights. Raises UsageError for a method that
        there is not, or that this network has nothing for.
        """
        check_method(method)
        if method not in OF_NETWORKS:
            pairs = zip(pixels, targets, strict=True)
            return np.stack([self._by_answers(one, int(of), method) for one, of in pairs])
        return self._inside(network or self.network, pixels, targets, method)

    def _by_answers(self, picture: Pixels, target: int, method: Method) -> NDArray[np.float32]:
        cover = self.cover_of(picture)
        if method == "occlusion":
            side = max(1, round(self._window * min(picture.shape[:2])))
            return occlusion(self.answer, picture, target, cover, window_px=(side, side))
        segments = segments_of(picture, parts=self._parts)
        if method == "superpixels":
            return superpixel_permutation(self.answer, picture, target, cover, segments)
        surrogate = {"lime": lime, "kernel-shap": kernel_shap}[method]
        return surrogate(self.answer, picture, target, cover, segments, seed=self.seed)

    def _inside(self, network: Reopened, pixels: Pixels, targets: Targets, method: Method) -> Maps:
        import torch

        given = torch.from_numpy(np.ascontiguousarray(pixels)).float()
        of = torch.from_numpy(targets.astype(np.int64))
        if method in OF_GRADIENTS:
            return _over_channels(self._by_gradients(network, given, of, method), method)
        if method == "attention-rollout":
            from linnaeus.explanation.rollout import attention_rollout

            maps = attention_rollout(network, given)
        else:
            layer = network.get_submodule(self._map_layer().name)
            maps = self._cam(method)(network, layer, given, of)
        return enlarged(maps.numpy(), *self._size)

    def _by_gradients(self, network: Reopened, given: Tensor, of: Tensor, method: Method) -> Tensor:
        from linnaeus.explanation import gradients

        if method == "saliency":
            return gradients.saliency(network, given, of)
        if method == "smooth-grad":
            return gradients.smooth_grad(network, given, of, seed=self.seed)
        mean = network.normalise.mean
        if method == "integrated-gradients":
            return gradients.integrated_gradients(network, given, of, baseline=mean)
        baselines = mean.expand(1, *given.shape[1:])
        return gradients.gradient_shap(network, given, of, baselines=baselines, seed=self.seed)

    def _cam(self, method: Method) -> Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]:
        from linnaeus.explanation import cams

        by_name: dict[str, Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]] = {
            "grad-cam": cams.grad_cam,
            "grad-cam++": cams.grad_cam_plus_plus,
            "layer-cam": cams.layer_cam,
            "score-cam": partial(
                cams.score_cam,
                most_channels=SCORED_CHANNELS,
                several=self.classifier.record.task == "multi",
            ),
        }
        return by_name[method]

    def _map_layer(self) -> MapLayer:
        from linnaeus.explanation.layers import last_map, layer_called

        return (
            last_map(self._maps) if self._layer is None else layer_called(self._maps, self._layer)
        )

    @cached_property
    def _maps(self) -> list[MapLayer]:
        """The layers of the network that give a map, as they are computed.

        The picture itself, made ready for the network, is none: that is all of one that an mlp has.
        """
        from linnaeus.explanation.layers import maps_of

        found = maps_of(self.network, self._black)
        return [layer for layer in found if layer.name.startswith("network.")]

    @property
    def _black(self) -> Tensor:
        import torch

        return torch.zeros(1, *self._size, 3)

    @property
    def _size(self) -> tuple[int, int]:
        how = self.classifier.record.preprocessing
        return how.height_px, how.width_px


def check_method(method: str, *others: str) -> None:
    """Raise UsageError where there is no `method`, naming those that there are, and `others`."""
    if method not in METHODS:
        raise UsageError(
            f"there is no method {method!r}",
            where="--method",
            mend=f"Give one of {', '.join((*others, *METHODS))}.",
        )


def readable(importance: NDArray[np.float32], method: Method) -> NDArray[np.float32]:
    """A map (h, w) as it is shown and measured: of gradients, smoothed, since what a single pixel
    of theirs says is noise."""
    return smoothed(importance) if method in OF_GRADIENTS else importance


def _over_channels(attributions: Tensor, method: Method) -> Maps:
    """One number a place: those of the three levels added up; of saliency, the largest."""
    if method in ("saliency", "smooth-grad"):
        return attributions.amax(3).numpy()  # as in their papers
    summed: Maps = attributions.sum(3).numpy()
    return summed
