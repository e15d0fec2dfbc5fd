"""To a build context: `docker build` makes an image of it that serves the bundle."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from string import Template
from typing import Any
from zipfile import ZipFile

from linnaeus.exporting.compared import Answering
from linnaeus.exporting.dependencies import SERVING, dependencies_of, modules_beside
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.own_wheel import write_own_wheel
from linnaeus.exporting.source import Source
from linnaeus.files import write_whole
from linnaeus.manifest import copy_listed

__all__ = ["to_docker"]

MOST_OF_A_NAME = 64

DOCKERFILE = Template("""\
# docker build -t $name .
# docker run -p 8000:8000 -v "$$PWD/keys:/keys:ro" $name
FROM python:$python-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN useradd --create-home --uid 10001 linnaeus
WORKDIR /app
COPY requirements.txt $wheel ./
RUN pip install --no-deps --requirement requirements.txt && pip install ./$wheel && rm $wheel
COPY --chown=10001:10001 bundle bundle
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-c", \\
  "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=2)"]
# Docker sends SIGTERM, and 10 s later what ends it at once: what was begun has 8 s.
CMD ["linnaeus", "serve", "$name=bundle", "--host", "0.0.0.0", "--port", "8000", \\
  "--keys", "/keys/serve-keys.json", "--drain-timeout", "8"]
""")

README = Template("""\
# $name, served over HTTP

Everything that the image is made of lies here, but for `python:$python-slim` and the packages that
`requirements.txt` pins, which building it downloads. Running it takes no network.

    docker build -t $name .
    linnaeus serve-keys add me --scope predict --keys keys/serve-keys.json
    chmod a+rx keys && chmod a+r keys/serve-keys.json
    docker run -p 8000:8000 -v "$$PWD/keys:/keys:ro" $name
    curl -H "Authorization: Bearer KEY" -F images=@photo.jpg http://localhost:8000/predict

It runs as the user 10001, who has to be able to read the keys' file; that holds digests, not keys.
Mount its folder and not the file alone: the file is replaced as a whole when keys are added or
taken back, and a running server then sees the new one.

The server writes nowhere but to /tmp, where it keeps a copy of the bundle, and needs no rights:

    docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\
      -p 8000:8000 -v "$$PWD/keys:/keys:ro" $name

Docker tells it healthy once it answers. `docker stop` lets it answer what it has begun.
""")

PROGRAM = """
from pathlib import Path
import linnaeus, numpy
assert linnaeus.__file__.startswith({own!r}), linnaeus.__file__
files = sorted(Path(sys.argv[1]).glob("*.png"))
answers = linnaeus.load({bundle!r}).predict(files, unknown_rate=None)
numpy.save(Path(sys.argv[1]) / "answers.npy", answers.probabilities)
"""


def to_docker(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write Dockerfile, requirements.txt, README.md, our wheel and bundle/ to `folder`.

    What answers here in its place finds the packages alone that it pins.
    """
    name = _tag(str(source.record.data.get("name", "")))
    wheel = write_own_wheel(folder)
    copy_listed(source.folder, folder / "bundle")
    packages = _packages(source)
    write_whole(folder / "requirements.txt", _pins(packages))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    told = {"name": name, "wheel": wheel, "python": python}
    write_whole(folder / "Dockerfile", DOCKERFILE.substitute(told))
    write_whole(folder / "README.md", README.substitute(told))
    write_whole(folder / ".dockerignore", "*\n!requirements.txt\n!*.whl\n!bundle\n")

    def answering(pixels: Any) -> Any:
        place = folder.with_name("installed")
        with ZipFile(folder / wheel) as archive:  # what pip does with a wheel of pure Python
            archive.extractall(place)
        program = PROGRAM.format(own=str(place), bundle=str(folder / "bundle"))
        lacking = modules_beside(packages)
        return answers_of(program, pixels, path=[place], where=str(wheel), without=lacking)

    return answering, {"image": name, "wheel": wheel}


def _packages(source: Source) -> dict[str, Distribution]:
    """The packages that serve, as they serve here."""
    engine = ("openvino",) if "openvino" in source.classifier.engine else ()
    return dependencies_of("linnaeus", *SERVING, *engine, *source.packages)


def _pins(packages: Mapping[str, Distribution]) -> str:
    return "".join(f"{name}=={one.version}\n" for name, one in sorted(packages.items()))


def _tag(name: str) -> str:
    """`name` as Docker takes it for an image, and the server for a model."""
    tag = "".join(one if one.isascii() and one.isalnum() else "-" for one in name.lower())
    return tag.strip("-")[:MOST_OF_A_NAME].strip("-") or "classifier"
