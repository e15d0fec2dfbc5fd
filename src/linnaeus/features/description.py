"""What a picture is described by in place of its pixels, as a record that a bundle keeps."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linnaeus.features.colour_histogram import ColourHistogram
from linnaeus.features.hog import Hog
from linnaeus.features.lbp import Lbp
from linnaeus.features.raw import Raw
from linnaeus.features.sift import Sift

__all__ = ["Description"]

Description = Annotated[Hog | Lbp | ColourHistogram | Sift | Raw, Field(discriminator="kind")]
"""A function from pictures (n, height, width, 3) uint8 RGB to what describes them, (n, …). What a
picture gets does not depend on the others."""
