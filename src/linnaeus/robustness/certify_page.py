"""The page of what is certified: how many answers are proven to stand, by distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linnaeus.evaluation import charts
from linnaeus.evaluation.pages import pages
from linnaeus.version import __version__

if TYPE_CHECKING:
    from linnaeus.robustness.certifying import Certified

__all__ = ["certify_page"]


def certify_page(done: Certified) -> str:
    """The page as HTML; every text that comes from the user is escaped."""
    template = pages("linnaeus.robustness").get_template("certify.html.j2")
    return template.render(done=done, charts=charts, version=__version__)
