"""How the pictures of a data set are to be parted: the choices, and which of them go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from linnaeus.data.dataset import Dataset
from linnaeus.data.split import TEST_SHARE, VALIDATION_SHARE
from linnaeus.errors import UsageError

__all__ = ["NearPolicy", "Parting", "check_columns"]

NearPolicy = Literal["keep-together", "ignore"]


@dataclass(frozen=True)
class Parting:
    """How pictures are to be parted.

    `validation`, `test`: shares. `resplit`: part anew what came parted. `allow_tiny`: take classes
    of one picture. `near_duplicates`: whether pictures that look alike stay on one side.
    `time_column`: the newest pictures by this column are the test. `domain_column`, `test_domain`:
    the pictures that have this value in this column are the test.

    Raises UsageError for what cannot be meant together.
    """

    seed: int = 0
    validation: float = VALIDATION_SHARE
    test: float = TEST_SHARE
    resplit: bool = False
    allow_tiny: bool = False
    near_duplicates: NearPolicy = "keep-together"
    time_column: str | None = None
    domain_column: str | None = None
    test_domain: str | None = None

    def __post_init__(self) -> None:
        if self.near_duplicates not in get_args(NearPolicy):
            raise UsageError(
                f"'{self.near_duplicates}' is neither keep-together nor ignore",
                where="--near-duplicates",
                mend="Give one of the two.",
            )
        if self.time_column is not None and self.domain_column is not None:
            raise UsageError(
                "each of them says which pictures are the test",
                where="--time-column and --domain-column",
                mend="Give only one of the two.",
            )
        if self.test_domain is not None and self.domain_column is None:
            raise UsageError(
                f"the domain '{self.test_domain}' of which column is not said",
                where="--test-domain",
                mend="Name the column with --domain-column.",
            )


def check_columns(dataset: Dataset, parting: Parting) -> None:
    """Raise UsageError where `dataset` lacks a column that `parting` names."""
    if parting.time_column is not None:
        dataset.column(parting.time_column, "--time-column")
    if parting.domain_column is not None:
        dataset.column(parting.domain_column, "--domain-column")
