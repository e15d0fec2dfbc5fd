"""Bars of a terminal fit into it, and show names as they are."""

from __future__ import annotations

import pytest

pytest.importorskip("rich")

from linnaeus.cli.bars import Bars


@pytest.mark.parametrize("columns", [40, 100])
def test_a_bar_tells_its_share_and_time_in_any_width(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with Bars().stage("Reading [old] leaves", 4) as stage:
        stage.advance(4)
    told = capsys.readouterr().err
    assert "Reading [old] leaves" in told
    assert "100%" in told
    assert "0:00:00" in told
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= columns
