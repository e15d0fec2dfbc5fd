"""What a search shows: our networks, classical models, weights at hand, timm's. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from linnaeus.models.catalogue import Known, known_networks, matches
from linnaeus.models.classical.names import classical_names
from linnaeus.models.weights import Backbone

__all__ = ["Listed", "listed"]

Weights = Literal["none", "here", "hub"]


@dataclass(frozen=True)
class Listed:
    """A network as a search shows it.

    `parameters`, `multiply_adds` and `input_shape` (channels, height, width) are the catalogue's,
    None where it does not have the network. `weights` are "here", in `folder`, or to be had from
    the "hub" under the names `pretrained`, or "none". `licences` are those of the weights.
    """

    name: str
    maker: str
    parameters: int | None
    multiply_adds: int | None
    input_shape: tuple[int, int, int] | None
    weights: Weights
    folder: Path | None
    pretrained: tuple[str, ...]
    licences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        folder = None if self.folder is None else str(self.folder)
        return {**vars(self), "folder": folder}


def listed(pattern: str | None, found: Mapping[str, Backbone]) -> list[Listed]:
    """What `pattern` is part of, or matches with * and ?; without one ours and those at hand.

    `found` are the backbones whose weights are here. A pattern with a point looks at the names of
    weights, such as resnet18.a1_in1k, too. Ours come first, then classical models, of which those
    with PCA are not told apart, then what is here, then the rest.
    """
    known = known_networks().values()
    ours = [_ours(one) for one in known if one.maker == "linnaeus"]
    here = [_here(backbone) for backbone in found.values()]
    if pattern is None:
        return [*ours, *here]
    rest = [one for one in known if one.maker == "timm"]
    of_timm = [_of_timm(one) for one in rest]
    if "." in pattern:
        of_timm += [one for network in rest for one in _tagged(network) if one.name not in found]
    classical = [_listed(str(name), None, "none", maker="linnaeus") for name in classical_names()]
    return [one for one in (*ours, *classical, *here, *of_timm) if matches(one.name, pattern)]


def _ours(known: Known) -> Listed:
    return _listed(known.name, known, "none")


def _here(backbone: Backbone) -> Listed:
    known = known_networks().get(backbone.architecture)
    licences = (backbone.licence,) if backbone.licence else ()
    return _listed(backbone.name, known, "here", folder=backbone.folder, licences=licences)


def _of_timm(known: Known) -> Listed:
    licences = tuple(dict.fromkeys(told for told in known.weights.values() if told))
    where: Weights = "hub" if known.weights else "none"
    return _listed(known.name, known, where, pretrained=tuple(known.weights), licences=licences)


def _tagged(known: Known) -> Iterator[Listed]:
    for name, licence in known.weights.items():
        licences = (licence,) if licence else ()
        yield _listed(name, known, "hub", pretrained=(name,), licences=licences)


def _listed(
    name: str,
    known: Known | None,
    weights: Weights,
    *,
    maker: str = "timm",
    folder: Path | None = None,
    pretrained: tuple[str, ...] = (),
    licences: tuple[str, ...] = (),
) -> Listed:
    return Listed(
        name=name,
        maker=known.maker if known else maker,
        parameters=known.parameters if known else None,
        multiply_adds=known.multiply_adds if known else None,
        input_shape=known.input_shape if known else None,
        weights=weights,
        folder=folder,
        pretrained=pretrained,
        licences=licences,
    )
