"""To a build context: `docker build` makes an image of it that serves the bundle."""

from __future__ import annotations

import sys
from pathlib import Path
from string import Template
from typing import Any
from zipfile import ZipFile

from linnaeus.exporting.compared import Answering
from linnaeus.exporting.dependencies import SERVING, dependencies_of
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.own_wheel import write_own_wheel
from linnaeus.exporting.source import Source
from linnaeus.files import copy_listed, write_whole

__all__ = ["to_docker"]

DOCKERFILE = Template("""\
# docker build -t $name .
# docker run -p 8000:8000 -v "$$PWD/serve-keys.json:/keys/serve-keys.json:ro" $name
FROM python:$python-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home --uid 10001 linnaeus
WORKDIR /app
COPY requirements.txt $wheel ./
RUN pip install --requirement requirements.txt && pip install --no-deps ./$wheel && rm $wheel
COPY bundle bundle
USER linnaeus
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-c", \\
  "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=2)"]
CMD ["linnaeus", "serve", "bundle", "--host", "0.0.0.0", "--keys", "/keys/serve-keys.json"]
""")

README = Template("""\
# $name, served over HTTP

Everything that the image is made of lies here; building it downloads the packages that
`requirements.txt` pins.

    docker build -t $name .
    linnaeus serve-keys add me --scope predict --keys serve-keys.json
    docker run -p 8000:8000 -v "$$PWD/serve-keys.json:/keys/serve-keys.json:ro" $name
    curl -H "Authorization: Bearer KEY" -F images=@photo.jpg http://localhost:8000/predict

It runs as the user linnaeus (10001), and tells Docker that it is healthy once it answers. The file
of keys must be readable for that user; it holds digests, not keys.
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
    """Write Dockerfile, requirements.txt, README.md, our wheel and bundle/ to `folder`."""
    name = _tag(str(source.record.data.get("name", "")))
    wheel = write_own_wheel(folder)
    copy_listed(source.folder, folder / "bundle")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    told = {"name": name, "wheel": wheel, "python": python}
    write_whole(folder / "Dockerfile", DOCKERFILE.substitute(told))
    write_whole(folder / "README.md", README.substitute(told))
    write_whole(folder / "requirements.txt", "\n".join(_pinned(source)) + "\n")
    write_whole(folder / ".dockerignore", "*\n!requirements.txt\n!*.whl\n!bundle\n")

    def answering(pixels: Any) -> Any:
        place = folder.with_name("installed")
        with ZipFile(folder / wheel) as archive:  # what pip does with a wheel of pure Python
            archive.extractall(place)
        program = PROGRAM.format(own=str(place), bundle=str(folder / "bundle"))
        return answers_of(program, pixels, path=[place], where=str(wheel), alone=False)

    return answering, {"image": name, "wheel": wheel}


def _pinned(source: Source) -> list[str]:
    """The packages that serve, in the versions that serve here."""
    engine = ("openvino",) if "openvino" in source.classifier.engine else ()
    packages = dependencies_of("linnaeus", *SERVING, *engine)
    return [f"{name}=={one.version}" for name, one in sorted(packages.items())]


def _tag(name: str) -> str:
    """`name` as Docker takes it for an image."""
    tag = "".join(one if one.isascii() and one.isalnum() else "-" for one in name.lower())
    return tag.strip("-") or "classifier"
