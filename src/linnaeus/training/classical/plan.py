"""Every choice of a classical model, with its default and the reason for it."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt, Le, Len
from pydantic import BaseModel, ConfigDict

__all__ = ["ClassicalPlan"]

Count = Annotated[int, Ge(1)]
Tried = Annotated[tuple[Count, ...], Len(1)]


class ClassicalPlan(BaseModel):
    """How a classical model such as hog+svm sees pictures and learns.

    Where a field is a list, what suits the validation pictures best is taken, and a single value is
    taken as it is. Without validation pictures, the first of the list is. The strengths of svm,
    rbf-svm and logistic-regression are the recipe's `head_strengths`, and the weights of classes
    `network.class_weights`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    hog_cell_px: Count | None = None
    """Of hog: the side of a cell. None: an eighth of the shorter side, and at least 2."""
    hog_orientations: Annotated[int, Ge(2), Le(90)] = 9
    """Of hog: directions between 0° and 180°."""
    hog_colours: bool = True
    """Of hog: whether the mean colour of each cell is told too. Of 10,000 pictures of CIFAR-10, svm
    then came to 55.2 % in place of 47.5 %. Without, the numbers are scikit-image's alone."""
    lbp_grid: Annotated[int, Ge(1), Le(16)] = 4
    """Of lbp: parts of a picture across and down, each with counts of its own."""
    colour_bins: Annotated[int, Ge(2), Le(32)] = 8
    """Of colour-histogram: steps of red, of green and of blue."""
    sift_step_px: Count = 8
    """Of sift: from one place of the grid to the next."""
    sift_words: Annotated[int, Ge(2), Le(65536)] = 512
    """Of sift: words of the vocabulary, which is made of the training pictures."""
    pca: Annotated[float, Gt(0)] = 0.95
    """Of a name with +pca: how many components are kept or, below 1, which share of the variance
    they have to keep."""
    rbf_gammas: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (1.0, 0.3, 3.0)
    """Of rbf-svm: how fast likeness falls with squared distance; of features whose variances add up
    to 1, so that 1 is what scikit-learn calls "scale"."""
    rbf_landmarks: Count = 2000
    """Of rbf-svm: training pictures, drawn by the seed, that likeness is measured to (Nyström's
    approximation). Where there are no more than these, the machine is exact."""
    neighbours: Tried = (10, 1, 3, 5, 20, 40)
    """Of knn: how many of the nearest training pictures vote."""
    trees: Count = 200
    """Of random-forest: trees; fewer where a budget ends sooner."""
    leaf_pictures: Tried = (1, 5)
    """Of random-forest: least training pictures in a leaf. Leaves of one picture make bundles of
    hundreds of megabytes where there are tens of thousands of pictures: only numbers of at least a
    ten-thousandth of the pictures are tried."""
    depths: Tried = (8, 2, 4, 6, 12, 16)
    """Of decision-tree: most questions in a row."""
    rounds: Count = 200
    """Of gradient-boosting: trees a class, at most; it ends earlier where validation gets no better
    for ten rounds, or with the budget."""
    smoothings: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (
        1e-2, 1e-4, 1e-3, 1e-1, 1.0,
    )  # fmt: skip
    """Of naive-bayes: what is added to each variance, as a share of the largest."""
