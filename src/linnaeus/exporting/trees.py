"""The graph of a bundle for forms that do not grow trees, which ONNX Runtime alone does."""

from __future__ import annotations

from linnaeus.errors import BundleError
from linnaeus.exporting.source import Source
from linnaeus.models.classical.tree_graphs import DOMAIN

__all__ = ["graph_without_trees"]


def graph_without_trees(source: Source) -> bytes:
    """The ONNX file of `source`. Raises BundleError where trees tell its classes apart, and where
    no graph takes a picture's pixels.
    """
    import onnx

    graph = source.graph()
    if any(node.domain == DOMAIN for node in onnx.load_from_string(graph).graph.node):
        raise BundleError(
            "trees tell its classes apart, which only ONNX Runtime runs",
            where=str(source.folder),
            mend="Export it to onnx, or by --to docker, lambda or wheel.",
        )
    return graph
