"""BentoML with a worker for each processor: `python serve_with_bentoml.py BUNDLE PORT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bentoml
from PIL.Image import Image

import linnaeus


@bentoml.service(workers="cpu_count", traffic={"timeout": 60})
class Served:
    """The bundle behind BentoML's steps."""

    def __init__(self) -> None:
        self.classifier = linnaeus.load(os.environ["BUNDLE"])

    @bentoml.api(route="/predict")
    def predict(self, picture: Image, /) -> dict[str, object]:
        """The likeliest class and all probabilities."""
        answer = self.classifier.predict(picture)
        row = map(float, answer.probabilities[0])
        named = dict(zip(answer.classes, row, strict=True))
        return {"label": answer[0].label, "probabilities": named}


if __name__ == "__main__":
    os.environ |= {"BUNDLE": sys.argv[1], "BENTOML_DO_NOT_TRACK": "True"}
    command = ("-m", "bentoml", "serve", f"{Path(__file__).stem}:Served", "--port", sys.argv[2])
    os.chdir(Path(__file__).parent)
    os.execv(sys.executable, (sys.executable, *command))
