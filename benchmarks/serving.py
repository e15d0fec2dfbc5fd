"""What `linnaeus serve` holds: throughput, load, hostile pictures, swaps and killed workers.

    python benchmarks/serving.py [PART …] [--bundle BUNDLE] [--small]

Parts, all by default:

`throughput`  answers a second against the same pictures decoded and answered in one process
`same`        every photograph by library, command line and server: the same bits
`peers`       LitServe, BentoML and a plain FastAPI handler, with the same model and client
`steady`      70 % of capacity at random times: errors, and the slowest hundredth
`overload`    three times capacity: what is still answered, how soon the rest is refused, memory
`mutated`     hostile files, and 20,000 files with bytes changed, cut or doubled: faults and hangs
`fuzz`        schemathesis on every operation
`swaps`       200 changes of the model under load, every fifth to a broken bundle
`kills`       50 workers killed under load

The bundle is of TrashNet at 144 × 192 pixels with a pretrained MobileNetV2, trained here unless one
is given; `fuzz` and `swaps`, which ask the server rather than the network, have cnn-tiny on digits.
Callers and server share this machine's processors. Peers and schemathesis are looked for
in `--aside`, a folder made by `pip install --target FOLDER litserve bentoml schemathesis`; without
them their parts say so and are left out. `--small` does a little of everything, to see that it
runs. Ends with 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from _measuring import DATA, machine, needed
from _serving_asked import Asked
from _serving_hardship import fuzz, kills, mutated, swaps
from _serving_load import overload, peers, same, steady, throughput


def main() -> int:
    """Print a table for each part; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all by default")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--aside", type=Path)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(given.bundle, _photographs(), given.aside, Path(folder), given.small)
        reached = [PARTS[part](asked) for part in given.parts or PARTS]
    return int(not all(reached))


def _photographs() -> list[bytes]:
    """Every twelfth of TrashNet."""
    with zipfile.ZipFile(needed(DATA / "trashnet192.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        return [archive.read(name) for name in names[::12]]


PARTS: dict[str, Callable[[Asked], bool]] = {
    "throughput": throughput,
    "same": same,
    "peers": peers,
    "steady": steady,
    "overload": overload,
    "mutated": mutated,
    "fuzz": fuzz,
    "swaps": swaps,
    "kills": kills,
}

if __name__ == "__main__":
    sys.exit(main())
