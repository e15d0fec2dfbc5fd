"""Pictures that are near copies of each other: found by hashes, verified by their thumbnails."""

from linnaeus.data.near.duplicates import SEARCH_VERSION, NearDuplicates, near_duplicates
from linnaeus.data.near.search import near_pairs

__all__ = ["SEARCH_VERSION", "NearDuplicates", "near_duplicates", "near_pairs"]
