"""Decision trees, forests of them, and boosted ones: scikit-learn's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.in_threads import processors
from linnaeus.models.classical.tree_graphs import append_boosting, append_forest
from linnaeus.randomness import number
from linnaeus.training.classical.task import Fitted, Task, loss_of

__all__ = ["fit_boosting", "fit_forest", "fit_tree"]

DOUBT = 0.01
"""Added to each class's share of a leaf or a forest: shares of nothing would be certain, which no
calibration could bring back."""

TREES_AT_ONCE = 10  # planted between two looks at the clock
ROUNDS_AT_ONCE = 5
PATIENCE = 10  # rounds without a better log loss on validation
SHARES_OF_LEAVES = 10_000
"""Leaves that a tree may have, about: two hundred trees of as many are tens of megabytes."""


def fit_tree(task: Task) -> Fitted:
    """One tree, as deep as suits validation best."""
    from sklearn.tree import DecisionTreeClassifier

    depths = task.plan.depths if len(task.validation) else task.plan.depths[:1]
    grown: dict[int, Any] = {}
    for depth in depths:
        if grown and task.late():
            break
        tree = DecisionTreeClassifier(max_depth=depth, random_state=_seed(task, "tree"))
        grown[depth] = tree.fit(task.train.features, task.train.labels, task.sample_weights)
    best = _best(task, grown)
    tree = grown[best]
    how = f", the best of {len(grown)} on validation" if len(grown) > 1 else ""
    return Fitted(
        graph=append_forest(task.graph, [tree], DOUBT),
        parameters=_numbers(tree),
        remark=f"At most {best} questions in a row{how}; {tree.get_n_leaves():,} leaves.",
        settled={"depths": (best,)},
    )


def fit_forest(task: Task) -> Fitted:
    """A forest whose leaves are as large as suits validation best."""
    least = len(task.train) // SHARES_OF_LEAVES
    allowed = dict.fromkeys(max(pictures, least) for pictures in task.plan.leaf_pictures)
    sizes = list(allowed) if len(task.validation) else list(allowed)[:1]
    grown: dict[int, Any] = {}
    for pictures in sizes:
        if grown and task.late():
            break
        grown[pictures] = _forest(task, pictures)
    best = _best(task, grown)
    forest = grown[best]
    how = f", the best of {len(grown)} on validation" if len(grown) > 1 else ""
    return Fitted(
        graph=append_forest(task.graph, forest.estimators_, DOUBT),
        parameters=sum(map(_numbers, forest.estimators_)),
        remark=f"{len(forest.estimators_)} trees, with at least {best} pictures in a leaf{how}.",
        settled={"leaf_pictures": (best,), "trees": len(forest.estimators_)},
    )


def fit_boosting(task: Task) -> Fitted:
    """As many rounds as suit validation best, each a tree a class."""
    from threadpoolctl import threadpool_limits

    # Its sums over several threads come in any order, and their last bits with them.
    with threadpool_limits(1):
        boosting, losses = _boosted(task)
    judged = len(task.validation) > 0
    best: int = min(losses, key=lambda rounds: losses[rounds]) if judged else max(losses)
    rounds = boosting._predictors[:best]  # scikit-learn has no other door to its boosted trees
    how = f", the best of {max(losses)} on validation" if judged else ""
    return Fitted(
        graph=append_boosting(task.graph, rounds, boosting._baseline_prediction.ravel()),
        parameters=sum(2 * one.nodes.size for trees in rounds for one in trees),
        remark=f"{best} rounds of boosting{how}.",
        settled={"rounds": best},
    )


def _boosted(task: Task) -> tuple[Any, dict[int, float]]:
    """Boosted trees, and the log loss on validation after so many rounds."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    boosting = HistGradientBoostingClassifier(
        early_stopping=False, warm_start=True, random_state=_seed(task, "boosting")
    )
    losses: dict[int, float] = {}
    with task.progress.stage("Boosting trees", task.plan.rounds) as stage:
        for rounds in _steps(task.plan.rounds, ROUNDS_AT_ONCE):
            boosting.set_params(max_iter=rounds)
            boosting.fit(task.train.features, task.train.labels, task.sample_weights)
            losses[rounds] = _loss(task, boosting, 0.0)
            stage.advance(min(ROUNDS_AT_ONCE, rounds))
            best = min(losses, key=lambda one: losses[one])
            if task.late() or (len(task.validation) and rounds - best >= PATIENCE):
                break
    return boosting, losses


def _forest(task: Task, leaf_pictures: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        min_samples_leaf=leaf_pictures,
        warm_start=True,
        n_jobs=processors(),
        random_state=_seed(task, "forest"),
    )
    with task.progress.stage("Growing trees", task.plan.trees) as stage:
        for trees in _steps(task.plan.trees, TREES_AT_ONCE):
            forest.set_params(n_estimators=trees)
            forest.fit(task.train.features, task.train.labels, task.sample_weights)
            stage.advance(min(TREES_AT_ONCE, trees))
            if task.late():
                break
    return forest


def _best(task: Task, grown: dict[int, Any]) -> int:
    """Which of the models, by what was chosen for them, has the least log loss on validation."""
    losses = {choice: _loss(task, model, DOUBT) for choice, model in grown.items()}
    return min(losses, key=lambda choice: losses[choice])


def _loss(task: Task, model: Any, doubt: float) -> float:
    if len(task.validation) == 0:
        return 0.0
    shares: NDArray[np.float64] = model.predict_proba(task.validation.features)
    least = float(np.finfo(np.float32).tiny)
    return loss_of(np.log(shares + max(doubt, least)), task.validation.labels)


def _numbers(tree: Any) -> int:
    """The numbers of a tree: a feature and a threshold of each question, shares of each leaf."""
    leaves = int(tree.get_n_leaves())
    return 2 * (int(tree.tree_.node_count) - leaves) + leaves * int(tree.tree_.value.shape[2])


def _steps(total: int, step: int) -> Iterator[int]:
    """`step`, twice as many and so on, and `total` at last."""
    yield from range(step, total, step)
    yield total


def _seed(task: Task, purpose: str) -> int:
    return number(task.seed, purpose) % 2**32
