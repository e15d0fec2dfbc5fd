"""Pictures that are near copies of each other: found by hashes, verified by their thumbnails."""

from linnaeus.data.near.duplicates import NearDuplicates, near_duplicates
from linnaeus.data.near.search import near_pairs

__all__ = ["NearDuplicates", "near_duplicates", "near_pairs"]
