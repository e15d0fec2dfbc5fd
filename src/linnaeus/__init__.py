"""Linnaeus: labelled pictures in, a classifier you can trust out."""

from linnaeus.version import __version__

__all__ = ["__version__"]
