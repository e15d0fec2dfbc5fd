"""To a wheel: a package of this one model, which `pip install` takes like any other."""

from __future__ import annotations

import keyword
import re
import sys
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any
from zipfile import ZipFile

from linnaeus.errors import UsageError
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.own_wheel import write_wheel
from linnaeus.exporting.source import Source
from linnaeus.manifest import read_listed
from linnaeus.version import __version__

__all__ = ["to_wheel"]

CODE = Template('''\
"""$summary

    import $package
    $package.predict("photo.jpg")[0].label
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from linnaeus import Classifier, load
from linnaeus.bundle.predictions import Predictions

__all__ = ["BUNDLE", "classifier", "predict"]

BUNDLE = Path(__file__).parent / "bundle"


@cache
def classifier() -> Classifier:
    """The classifier, opened and checked when it is first asked for."""
    return load(BUNDLE)


def predict(images: object, **options: object) -> Predictions:
    """Classify pictures, as `linnaeus.Classifier.predict` does."""
    return classifier().predict(images, **options)
''')

SAID = Template("""\
Metadata-Version: 2.1
Name: $name
Version: $version
Summary: $summary
Requires-Python: >=3.11
Requires-Dist: linnaeus$extras>=$linnaeus
""")

PROGRAM = """
from pathlib import Path
import numpy, {package}
files = sorted(Path(sys.argv[1]).glob("*.png"))
numpy.save(Path(sys.argv[1]) / "answers.npy", {package}.predict(files).probabilities)
"""


def to_wheel(source: Source, folder: Path, name: str | None) -> tuple[Answering, dict[str, Any]]:
    """Write NAME-VERSION-py3-none-any.whl to `folder`; its version is when the bundle was made."""
    record = source.record
    called = name or f"{record.data.get('name', 'picture')}-classifier"
    package = _package(called, given=name is not None)
    made = datetime.fromisoformat(record.created)
    version = (
        f"{made:%Y}.{made.month}.{made.day}.{made.hour * 10000 + made.minute * 100 + made.second}"
    )
    classes = ", ".join(record.classes[:10]) + (", …" if len(record.classes) > 10 else "")
    summary = " ".join(f"Tells pictures of {classes} apart.".split()).replace('"', "'")
    told = {"package": package, "summary": summary.replace("\\", "/"), "version": version}
    name = package.replace("_", "-")  # pip wants the file's name and this one to be the same
    extras = f"[{','.join(source.extras)}]" if source.extras else ""
    said = SAID.substitute(told, name=name, extras=extras, linnaeus=__version__)
    bundle = [(f"{package}/bundle/{one}", content) for one, content in read_listed(source.folder)]
    files = [(f"{package}/__init__.py", CODE.substitute(told).encode()), *bundle]
    wheel = write_wheel(folder, package, version, files, said.encode())

    def answering(pixels: Any) -> Any:
        place = folder.with_name("installed")
        with ZipFile(folder / wheel) as archive:  # what pip does with a wheel of pure Python
            archive.extractall(place)
        program = PROGRAM.format(package=package)
        return answers_of(program, pixels, path=[place, OWN], where=wheel, alone=False)

    return answering, {"wheel": wheel, "package": package, "version": version}


OWN = Path(__file__).parents[2]
"""Where Linnaeus itself is found."""


def _package(name: str, *, given: bool) -> str:
    """`name` as Python imports it. Raises UsageError where a given one cannot be a package's."""
    package = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    taken = {"linnaeus", *keyword.kwlist, *sys.stdlib_module_names}
    if package and not package[0].isdigit() and package not in taken:
        return package
    if not given:
        return "picture_classifier"
    raise UsageError(
        f'"{name}" is no name for a package',
        where="--name",
        mend="Give one of letters, digits and hyphens that begins with a letter.",
    )
