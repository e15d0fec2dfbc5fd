"""Errors say what happened, where, and what to do, and keep saying it on the way to the user."""

from __future__ import annotations

import copy
import pickle

import pytest

from linnaeus import errors
from linnaeus.errors import LinnaeusError

EVERY = [getattr(errors, name) for name in errors.__all__]
KINDS = [kind for kind in EVERY if issubclass(kind, LinnaeusError)]
CODES = {
    "LinnaeusError": 70,
    "UsageError": 2,
    "DataError": 3,
    "UnreadableImage": 3,
    "BundleError": 4,
    "MissingError": 5,
    "WriteError": 6,
    "LearningError": 8,
    "Shortfall": 9,
    "Stopped": 130,
}


def test_the_sentence_has_place_reason_and_mend() -> None:
    error = errors.DataError("there is no label", where="row 7", mend="Fill it in.")
    assert str(error) == "row 7: there is no label. Fill it in."
    assert str(errors.DataError("there is no label")) == "there is no label."


def test_only_the_end_by_sigterm_is_no_error_of_ours() -> None:
    (terminated,) = set(EVERY) - set(KINDS)
    assert issubclass(terminated, SystemExit)
    assert terminated().code == terminated.exit_code == 143


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_have_one_root_and_their_documented_code(kind: type[LinnaeusError]) -> None:
    assert issubclass(kind, LinnaeusError)
    assert kind.exit_code == CODES[kind.__name__]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_survive_the_way_from_a_worker(kind: type[LinnaeusError], again: object) -> None:
    error = kind("what", where="where", mend="Mend.")
    same = again(error)  # type: ignore[operator]
    assert type(same) is kind
    assert (same.what, same.where, same.mend, str(same)) == ("what", "where", "Mend.", str(error))
