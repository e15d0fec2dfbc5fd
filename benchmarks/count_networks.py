"""What each network costs: measures all of them and writes the catalogue that the package ships.

    python benchmarks/count_networks.py

counts parameters and multiply-adds of ours and of every network of the installed timm, at its own
input size, and writes src/linnaeus/models/catalogue.json, with the names and licences of the
pretrained weights. Nothing is computed or downloaded; takes about seven minutes. A network that
cannot be counted ends it. Run it again for a newer timm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import timm
from timm.layers import set_fused_attn
from timm.models import get_arch_pretrained_cfgs, get_pretrained_cfg

from linnaeus.files import write_whole
from linnaeus.models.build import build
from linnaeus.models.counting import count

CATALOGUE = Path(__file__).parents[1] / "src" / "linnaeus" / "models" / "catalogue.json"

SIZES = ("tiny", "small", "medium", "large")
VARIANTS = ("", "-se", "-cbam", "-stn")
OURS = {
    "small_cnn": 32,
    **{f"cnn-{size}{variant}": 32 for variant in VARIANTS for size in SIZES},
    "airbench-tiny": 32,
    "airbench-small": 32,
    "airbench-medium": 32,
    "airbench94": 32,
    "airbench96": 32,
    "plain-128-64-32": 32,
    "plain-512": 32,
    "mlp": 32,
    "alexnet": 224,
}
"""Our networks, in the order in which they are listed, and the side that each is counted at;
small_cnn is the older name of cnn-small."""

CLASSES = 10  # of ours; timm's have their own, mostly 1,000


def main() -> None:
    """Count everything and write the catalogue."""
    set_fused_attn(False)  # so that attention's matrix products are seen and counted
    networks = {name: ours(name, side) for name, side in OURS.items()}
    networks |= {name: of_timm(name) for name in timm.list_models()}
    write_whole(CATALOGUE, as_text(networks))
    print(f"{len(networks):,} networks, timm {timm.__version__}: {CATALOGUE}")


def ours(name: str, side_px: int) -> dict[str, Any]:
    """The catalogue's row of one of our networks."""
    shape = (3, side_px, side_px)
    counts = count(lambda: build(name, classes=CLASSES, height_px=side_px, width_px=side_px), shape)
    return {**counts._asdict(), "input_shape": shape}


def of_timm(name: str) -> dict[str, Any]:
    """The catalogue's row of a network of timm."""
    config = get_pretrained_cfg(name)
    shape = tuple(config.input_size) if config else (3, 224, 224)
    counts = count(lambda: timm.create_model(name), shape)
    row = {**counts._asdict(), "input_shape": shape}
    if weights := weights_of(name):
        row["weights"] = weights
    return row


def weights_of(name: str) -> dict[str, str]:
    """{tag: licence} of the weights that the hub has under a network's own name, timm's choice
    first.
    """
    configs = get_arch_pretrained_cfgs(name)
    at_hub = [c for full, c in configs.items() if c.hf_hub_id == f"timm/{full}"]
    first = getattr(get_pretrained_cfg(name), "tag", None)
    at_hub.sort(key=lambda config: config.tag != first)
    return {config.tag: config.license or "" for config in at_hub}


def as_text(networks: dict[str, Any]) -> str:
    """The catalogue as JSON, a network a line, so that a newer timm changes few of them."""
    rows = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in networks.items()]
    joined = ",\n".join(rows)
    return f'{{"timm": "{timm.__version__}", "networks": {{\n{joined}\n}}}}\n'


if __name__ == "__main__":
    main()
