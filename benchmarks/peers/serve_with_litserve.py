"""LitServe with a process for each processor: `python serve_with_litserve.py BUNDLE PORT`."""

import os
import sys
from typing import Annotated

import litserve
from fastapi import Body

import linnaeus

# LitServe looks at the annotation itself, so this file cannot postpone its evaluation.


class Api(litserve.LitAPI):
    """The bundle behind LitServe's steps."""

    def setup(self, device: str) -> None:
        """Open the bundle, once a process."""
        self.classifier = linnaeus.load(sys.argv[1])

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> bytes:
        """The bytes of one picture."""
        return request

    def predict(self, picture: bytes) -> dict[str, object]:
        """The likeliest class and all probabilities."""
        answer = self.classifier.predict(picture)
        row = map(float, answer.probabilities[0])
        named = dict(zip(answer.classes, row, strict=True))
        return {"label": answer[0].label, "probabilities": named}

    def encode_response(self, output: dict[str, object]) -> dict[str, object]:
        """As it is."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        Api(), accelerator="cpu", workers_per_device=os.cpu_count() or 1, timeout=60
    )
    server.run(port=int(sys.argv[2]), generate_client_file=False, log_level="error")
