"""scikit-learn's trees as ONNX graphs: node by node, with the thresholds as float32 has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.growing import FEATURES, LOGITS, Growing

__all__ = ["append_boosting", "append_forest"]

DOMAIN, VERSION = "ai.onnx.ml", 3  # where ONNX has its trees


@dataclass(frozen=True)
class _Tree:
    """A tree by its nodes, (m,) each: a picture goes left where its feature is not above.

    `leaf` tells which nodes end it; `values` (m, classes) is what those give.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    leaf: NDArray[np.bool_]
    values: NDArray[np.float64]


def append_forest(graph: bytes, trees: Sequence[Any], doubt: float) -> bytes:
    """Add the logarithms of the classes' mean shares of the leaves that a picture falls into.

    `trees`: fitted `DecisionTreeClassifier`s. `doubt` is added to each share, so that none is
    nothing. Only ONNX Runtime runs trees.
    """
    grown = [_of_forest(tree.tree_) for tree in trees]
    growing = Growing(graph)
    classes = grown[0].values.shape[1]
    total = _ensemble(growing, grown, np.zeros(classes))
    share = growing.add("Div", total, growing.constant(np.array([len(grown)], np.float32)))
    growing.add("Log", growing.add("Add", share, growing.constant(np.array([doubt]))), to=LOGITS)
    return growing.done(logits=classes)


def append_boosting(graph: bytes, rounds: Sequence[Sequence[Any]], start: Sequence[float]) -> bytes:
    """Add the sums of boosted trees: `rounds` of scikit-learn's predictors, one for each class.

    Of two classes there is one, the second's against the first. `start`: what is there before.
    """
    two = len(start) == 1
    grown = [
        _of_boosting(one, place, len(start)) for trees in rounds for place, one in enumerate(trees)
    ]
    growing = Growing(graph)
    base = np.array([-start[0] / 2, start[0] / 2]) if two else np.array(start)
    growing.add("Identity", _ensemble(growing, grown, base), to=LOGITS)
    return growing.done(logits=len(base))


def _of_forest(tree: Any) -> _Tree:
    return _Tree(
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        feature=tree.feature.astype(np.int64),
        threshold=tree.threshold,
        leaf=tree.children_left < 0,
        values=tree.value[:, 0],
    )


def _of_boosting(predictor: Any, place: int, sums: int) -> _Tree:
    """The tree that adds to one of so many `sums`; one sum alone is shared by two classes."""
    nodes = predictor.nodes
    values = np.zeros((len(nodes), max(2, sums)))
    if sums == 1:
        values[:, 0], values[:, 1] = -nodes["value"] / 2, nodes["value"] / 2
    else:
        values[:, place] = nodes["value"]
    return _Tree(
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"],
        leaf=nodes["is_leaf"].astype(bool),
        values=values,
    )


def _ensemble(growing: Growing, trees: Sequence[_Tree], base: NDArray[np.float64]) -> str:
    """Add a node that sums what the leaves give; its name."""
    from onnx import helper

    growing.model.opset_import.append(helper.make_opsetid(DOMAIN, VERSION))
    questions = [np.where(tree.leaf, 0, [tree.feature, tree.left, tree.right]) for tree in trees]
    thresholds = [np.where(tree.leaf, 0, _below(tree.threshold)) for tree in trees]
    given = [_given(tree) for tree in trees]
    modes = np.where(np.concatenate([tree.leaf for tree in trees]), "LEAF", "BRANCH_LEQ")
    return growing.add(
        "TreeEnsembleRegressor",
        FEATURES,
        domain=DOMAIN,
        n_targets=len(base),
        base_values=base.tolist(),
        nodes_treeids=_numbered(thresholds),
        nodes_nodeids=_joined([np.arange(len(tree.leaf)) for tree in trees]),
        nodes_featureids=_joined([one[0] for one in questions]),
        nodes_truenodeids=_joined([one[1] for one in questions]),
        nodes_falsenodeids=_joined([one[2] for one in questions]),
        nodes_values=_joined(thresholds),
        nodes_modes=modes.tolist(),
        target_treeids=_numbered([nodes for nodes, _, _ in given]),
        target_nodeids=_joined([nodes for nodes, _, _ in given]),
        target_ids=_joined([classes for _, classes, _ in given]),
        target_weights=_joined([values for _, _, values in given]),
    )


def _given(tree: _Tree) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """What leaves give: their nodes, the classes and the numbers, those that are nothing left out.

    A leaf keeps one number all the same, for runtimes to find.
    """
    told = (tree.values != 0) & tree.leaf[:, None]
    told[tree.leaf, 0] |= ~told[tree.leaf].any(axis=1)
    nodes, classes = np.nonzero(told)
    return nodes, classes, tree.values[nodes, classes]


def _below(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 not above each threshold: features are float32, and fall as before."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _numbered(parts: Sequence[NDArray[Any]]) -> list[int]:
    """The place of the tree that each number belongs to."""
    numbers: list[int] = np.repeat(np.arange(len(parts)), [len(part) for part in parts]).tolist()
    return numbers


def _joined(parts: Sequence[NDArray[Any]]) -> list[Any]:
    joined: list[Any] = np.concatenate(parts).tolist()
    return joined
