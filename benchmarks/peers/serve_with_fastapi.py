"""A plain FastAPI handler as tutorials have it: `python serve_with_fastapi.py BUNDLE PORT`.

A function that is not async, which FastAPI runs in threads, and a process for each processor.
"""

from __future__ import annotations

import os
import sys

import uvicorn
from fastapi import Body, FastAPI

import linnaeus

app = FastAPI()
classifier = linnaeus.load(os.environ["BUNDLE"]) if "BUNDLE" in os.environ else None


@app.post("/predict")
def predict(picture: bytes = Body(media_type="image/jpeg")) -> dict[str, object]:
    """The likeliest class and all probabilities."""
    assert classifier is not None
    answer = classifier.predict(picture)
    row = map(float, answer.probabilities[0])
    return {"label": answer[0].label, "probabilities": dict(zip(answer.classes, row, strict=True))}


if __name__ == "__main__":
    os.environ["BUNDLE"] = sys.argv[1]
    sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - where the processes find it
    workers = os.cpu_count() or 1
    uvicorn.run("serve_with_fastapi:app", port=int(sys.argv[2]), workers=workers, access_log=False)
