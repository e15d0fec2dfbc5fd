"""What counts as one picture: groups, and copies of one picture in several of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linnaeus.data.together import copies_among, together

PICTURES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", *"12345"])))


def test_copies_join_the_groups_that_they_stand_in() -> None:
    groups = np.array(["ann", "bob", "ann", "cid", "dan"])
    joined = together(groups, ["1", "2", "3", "3", ""])
    assert joined is not None
    assert joined.tolist() == ["ann", "bob", "ann", "ann", "dan"]


def test_pictures_without_copies_are_left_as_they_are() -> None:
    groups = np.array(["ann", "bob"])
    assert together(groups, ["1", "2"]) is groups
    assert together(None, ["1", "2"]) is None


def test_pictures_that_cannot_be_read_are_nobodys_copies() -> None:
    assert together(None, ["", "", ""]) is None
    joined = together(None, ["", "7", "", "7"])
    assert joined is not None
    assert len(set(joined.tolist())) == 3
    assert copies_among(["", "7", "", "7"]) == 1


@given(PICTURES)
def test_what_is_tied_shares_a_group_and_nothing_else_does(pictures: list[tuple[str, str]]) -> None:
    groups = np.array([group for group, _ in pictures], np.str_)
    digests = [digest for _, digest in pictures]
    joined = together(groups, digests)
    assert joined is not None
    reached = _reached(pictures)
    for one in range(len(pictures)):
        for other in range(len(pictures)):
            assert (joined[one] == joined[other]) == (other in reached[one])


def _reached(pictures: list[tuple[str, str]]) -> list[set[int]]:
    """For each picture, which can be reached from it by steps of one group or one digest."""
    found = []
    for start in range(len(pictures)):
        seen, waiting = {start}, [start]
        while waiting:
            group, digest = pictures[waiting.pop()]
            near = {
                at
                for at, (own, pixels) in enumerate(pictures)
                if own == group or (pixels and pixels == digest)
            }
            waiting += near - seen
            seen |= near
        found.append(seen)
    return found
