"""LINNAEUS_WEIGHTS that leads nowhere: told by whoever looks for weights, never passed over."""

from __future__ import annotations

from pathlib import Path

from command_line import linnaeus

SENTENCE = "{folder} (named by LINNAEUS_WEIGHTS): there is no such folder."


def test_a_variable_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    folder = str(tmp_path / "nowhere")
    done = linnaeus("models", LINNAEUS_WEIGHTS=folder)
    assert done.code == 5
    assert done.sentence.startswith(SENTENCE.format(folder=folder))


def test_doctor_tells_of_it_and_of_the_rest(tmp_path: Path) -> None:
    folder = str(tmp_path / "nowhere")
    done = linnaeus("doctor", LINNAEUS_WEIGHTS=folder)
    assert done.code == 0
    assert SENTENCE.format(folder=folder) in done.out
    assert "Python" in done.out
