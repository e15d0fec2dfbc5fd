"""Classifiers on features: scikit-learn's answers, from the graph that a bundle holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from linnaeus.bundle.runtime import Session
from linnaeus.features.raw import Raw
from linnaeus.models.classical.feature_graphs import described_graph, roots_of_shares, words_graph
from linnaeus.models.classical.tree_graphs import append_boosting, append_forest
from linnaeus.progress import Quiet
from linnaeus.training.classical.bayes import fit_bayes
from linnaeus.training.classical.components import principal_components
from linnaeus.training.classical.kernel import fit_kernel
from linnaeus.training.classical.linear import fit_linear
from linnaeus.training.classical.neighbours import fit_neighbours
from linnaeus.training.classical.plan import ClassicalPlan
from linnaeus.training.classical.task import Samples, Task
from linnaeus.training.classical.trees import fit_boosting, fit_forest, fit_tree

Floats = NDArray[np.float32]

PIXELS, LABELS = load_digits(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(len(LABELS))
FEATURES = (PIXELS[ORDER] / 16).astype(np.float32)
CLASSES = LABELS[ORDER].astype(np.int64)
TRAIN, VALIDATION, TEST = slice(0, 400), slice(400, 700), slice(700, 1000)


def task(**changes: object) -> Task:
    """400 digits to learn from and 300 to choose on; 64 features each."""
    whole = Task(
        graph=described_graph(64),
        train=Samples(FEATURES[TRAIN], CLASSES[TRAIN]),
        validation=Samples(FEATURES[VALIDATION], CLASSES[VALIDATION]),
        classes=10,
        parts=None,
        class_weights=np.ones(10),
        strengths=(1e-2, 1e-3, 1e-4),
        plan=ClassicalPlan(),
        seed=0,
        late=lambda: False,
        progress=Quiet(),
    )
    return replace(whole, **changes)


def answers(graph: bytes, features: Floats) -> Floats:
    """The logits that the runtime gives: pixels of which `features` are all that is told."""
    session = Session(graph, "onnxruntime", "float32", "none", Raw())
    levels = np.rint(features * 255).astype(np.uint8).reshape(-1, 1, 64, 1)
    assert np.allclose(levels.reshape(-1, 64) / 255, features, atol=1 / 500)
    return session.run(levels)[0]


def seen(features: Floats) -> Floats:
    """`features` as `answers` sees them, rounded to 8 bits."""
    return (np.rint(features * 255).astype(np.uint8) / np.float32(255)).astype(np.float32)


TESTED = seen(FEATURES[TEST])


def scaled(features: Floats, by: Floats = FEATURES[TRAIN]) -> NDArray[np.float64]:
    """Standardised `by` other features as a whole: their variances add up to 1."""
    known = by.astype(np.float64)
    return (features - known.mean(axis=0)) / np.sqrt(known.var(axis=0).sum())


@pytest.mark.parametrize("balanced", [False, True])
def test_the_machine_is_scikit_learn_s(balanced: bool) -> None:
    strength = 1e-3
    weights = np.linspace(0.2, 3, 10) if balanced else np.ones(10)
    fitted = fit_linear(task(strengths=(strength,), class_weights=weights), loss="hinge")
    total = weights[CLASSES[TRAIN]].sum()
    machine = LinearSVC(
        C=1 / (strength * total),
        intercept_scaling=1e3,  # theirs shrinks the intercept too, and so hardly does
        tol=1e-8,
        max_iter=100_000,
        dual=False,
    )
    machine.fit(scaled(FEATURES[TRAIN]), CLASSES[TRAIN], weights[CLASSES[TRAIN]])
    theirs = machine.decision_function(scaled(TESTED))
    assert np.abs(answers(fitted.graph, FEATURES[TEST]) - theirs).max() < 0.02


def test_a_kernel_with_all_landmarks_is_the_exact_machine() -> None:
    strength, gamma = 1e-3, 1.0
    plan = ClassicalPlan(rbf_gammas=(gamma,))
    fitted = fit_kernel(task(strengths=(strength,), plan=plan))
    mapped = Nystroem(gamma=gamma, n_components=400, random_state=0)
    known = mapped.fit_transform(scaled(FEATURES[TRAIN]))
    spread = known.var(axis=0).sum()  # what a strength means is told of variances that add up to 1
    machine = LinearSVC(
        C=1 / (strength * spread * 400), intercept_scaling=1e3, tol=1e-8, max_iter=100_000
    )
    machine.set_params(dual=False).fit(known, CLASSES[TRAIN])
    theirs = machine.decision_function(mapped.transform(scaled(TESTED)))
    assert np.allclose(known @ known.T, rbf_kernel(scaled(FEATURES[TRAIN]), gamma=gamma), atol=1e-3)
    assert np.abs(answers(fitted.graph, FEATURES[TEST]) - theirs).max() < 0.05


def test_neighbours_are_scikit_learn_s() -> None:
    plan = ClassicalPlan(neighbours=(7,))
    fitted = fit_neighbours(task(plan=plan))
    near = KNeighborsClassifier(7, metric="cosine", weights=lambda far: np.exp(1 - far))
    near.fit(scaled(FEATURES[TRAIN]), CLASSES[TRAIN])
    ours = answers(fitted.graph, FEATURES[TEST])
    theirs = near.predict_proba(scaled(TESTED))
    counts = np.exp(ours) - np.bincount(CLASSES[TRAIN], minlength=10) / 400  # without the doubt
    assert np.abs(counts / counts.sum(axis=1, keepdims=True) - theirs).max() < 1e-4


def test_naive_bayes_is_scikit_learn_s() -> None:
    share = 1e-2
    fitted = fit_bayes(task(plan=ClassicalPlan(smoothings=(share,))))
    ours = log_softmax(answers(fitted.graph, FEATURES[TEST]).astype(np.float64), axis=1)
    known = scaled(FEATURES[TRAIN])
    largest = max(known[CLASSES[TRAIN] == one].var(axis=0).max() for one in range(10))
    # Theirs is a share of the largest variance of all pictures, ours of that within a class.
    bayes = GaussianNB(var_smoothing=share * largest / known.var(axis=0).max())
    bayes.fit(known, CLASSES[TRAIN])
    theirs = bayes.predict_log_proba(scaled(TESTED))
    assert np.abs(ours - theirs).max() < 0.01 * np.abs(theirs).max()
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()


@pytest.mark.parametrize(
    "trees", [DecisionTreeClassifier(max_depth=6), RandomForestClassifier(20)], ids=["one", "many"]
)
def test_the_graph_of_a_forest_answers_as_it_does(
    trees: DecisionTreeClassifier | RandomForestClassifier,
) -> None:
    trees.set_params(random_state=0).fit(seen(FEATURES[TRAIN]), CLASSES[TRAIN])
    graph = append_forest(described_graph(64), getattr(trees, "estimators_", [trees]), 0.25)
    shares = np.exp(answers(graph, FEATURES[TEST])) - 0.25
    assert np.abs(shares - trees.predict_proba(TESTED)).max() < 1e-5


@pytest.mark.parametrize("classes", [2, 10])
def test_the_graph_of_boosted_trees_answers_as_they_do(classes: int) -> None:
    few = CLASSES[TRAIN] < classes
    boosted = HistGradientBoostingClassifier(max_iter=8, random_state=0)
    boosted.fit(seen(FEATURES[TRAIN][few]), CLASSES[TRAIN][few])
    start = boosted._baseline_prediction.ravel()
    graph = append_boosting(described_graph(64), boosted._predictors, start)
    shares = softmax(answers(graph, FEATURES[TEST]), axis=1)
    assert np.abs(shares - boosted.predict_proba(TESTED)).max() < 1e-5


@pytest.mark.parametrize(
    ("fit", "plan", "least"),
    [
        (fit_tree, ClassicalPlan(), 0.65),
        (fit_forest, ClassicalPlan(trees=40), 0.88),
        (fit_boosting, ClassicalPlan(rounds=30), 0.8),
        (fit_neighbours, ClassicalPlan(), 0.9),
        (fit_bayes, ClassicalPlan(), 0.8),
        (fit_kernel, ClassicalPlan(), 0.92),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_it_knows_digits_and_says_what_it_chose(
    fit: object, plan: ClassicalPlan, least: float
) -> None:
    fitted = fit(task(plan=plan))  # type: ignore[operator]
    right = answers(fitted.graph, FEATURES[TEST]).argmax(axis=1) == CLASSES[TEST]
    assert right.mean() >= least
    assert fitted.parameters > 0
    assert fitted.remark.endswith(".")
    again = fit(task(plan=plan.model_copy(update=dict(fitted.settled))))  # type: ignore[operator]
    assert again.graph == fitted.graph


def test_naive_bayes_of_one_picture_a_class_still_answers() -> None:
    """No feature varies within a class then, so that there is nothing to smooth by but all."""
    first = np.array([np.flatnonzero(CLASSES[TRAIN] == digit)[0] for digit in range(10)])
    few = Samples(FEATURES[TRAIN][first], CLASSES[TRAIN][first])
    blank = Samples(np.zeros_like(few.features), few.labels)  # where nothing varies at all
    same = fit_bayes(task(train=blank, validation=blank))
    assert np.isfinite(answers(same.graph, blank.features)).all()
    ours = answers(fit_bayes(task(train=few)).graph, FEATURES[TEST])
    assert np.isfinite(ours).all()
    assert (ours.argmax(axis=1) == CLASSES[TEST]).mean() > 0.4


def test_a_weight_makes_a_class_likelier() -> None:
    heavy = np.ones(10)
    heavy[3] = 50.0
    for fit in (fit_tree, fit_forest, fit_neighbours, fit_bayes):
        plan = ClassicalPlan(trees=20, depths=(4,), neighbours=(10,), smoothings=(0.1,))
        even = answers(fit(task(plan=plan)).graph, FEATURES[TEST]).argmax(axis=1)
        given = fit(task(plan=plan, class_weights=heavy)).graph
        assert (answers(given, FEATURES[TEST]).argmax(axis=1) == 3).sum() > (even == 3).sum()


@pytest.mark.parametrize("late", [False, True])
def test_without_time_the_first_choice_is_taken(late: bool) -> None:
    fitted = fit_tree(task(plan=ClassicalPlan(depths=(2, 8)), late=lambda: late))
    assert fitted.settled["depths"] == ((2,) if late else (8,))


@pytest.mark.parametrize("pictures", [400, 50])  # more than there are features, and fewer
def test_components_are_scikit_learn_s(pictures: int) -> None:
    known = FEATURES[:pictures]
    found = principal_components(known, None, 0.9)
    theirs = PCA(0.9, svd_solver="full").fit(scaled(known, by=known))
    assert found.matrix.shape == (64, theirs.n_components_)
    assert found.kept == pytest.approx(theirs.explained_variance_ratio_.sum())
    apart = np.abs(theirs.transform(scaled(TESTED, by=known)))
    assert np.allclose(np.abs(found(TESTED)), apart, atol=1e-4)
    graph = Session(found.on(described_graph(64)), "onnxruntime", "float32", "none", Raw())
    levels = np.rint(FEATURES[TEST] * 255).astype(np.uint8).reshape(-1, 1, 64, 1)
    assert np.allclose(graph.run(levels)[1], found(TESTED), atol=1e-5)


def test_words_are_counted_where_they_stand() -> None:
    descriptors = np.zeros((1, 3, 128), np.uint8)
    descriptors[0, 0, :2] = 100
    descriptors[0, 1, 5] = 7
    descriptors[0, 2, 5] = 200
    words = roots_of_shares(descriptors[0, [0, 2]])
    regions = np.array([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]], np.float32)

    class Given:
        def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
            return descriptors

    graph = words_graph(words, regions)
    session = Session(graph, "onnxruntime", "float32", "none", Given())  # type: ignore[arg-type]
    _, features = session.run_one(np.zeros((4, 4, 3), np.uint8))
    assert np.allclose(features**2, [1 / 3, 2 / 3, 0.5, 0.5], atol=1e-6)
