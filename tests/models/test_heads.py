"""Heads written as text: layer by layer what it says, and never anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.models.heads import neck_for  # noqa: E402

PARTS = ["relu", "gelu", "batchnorm", "dropout", "dropout0.3"]
parts = st.lists(st.one_of(st.sampled_from(PARTS), st.integers(1, 40).map(lambda n: f"dense{n}")))


@given(st.sampled_from(["", "pool-", "flatten-"]), parts)
def test_any_head_gives_the_width_of_its_last_dense_layer(first: str, rest: list[str]) -> None:
    neck, width = neck_for(first + "-".join([*rest, "linear"]), (6, 2, 3))
    dense = [int(part[5:]) for part in rest if part.startswith("dense")]
    assert width == (dense[-1] if dense else 36 if first == "flatten-" else 6)
    assert neck.eval()(torch.randn(4, 6, 2, 3)).shape == (4, width)
    into = [36 if first == "flatten-" else 6, *dense]
    weights = sum(before * after + after for before, after in zip(into, dense, strict=False))
    matrices = [m for m in neck if isinstance(m, torch.nn.Linear)]
    assert sum(p.numel() for m in matrices for p in m.parameters()) == weights


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789.-", max_size=30))
def test_any_other_text_is_refused_in_a_sentence(text: str) -> None:
    try:
        neck, width = neck_for(text, (6,))
    except UsageError as error:
        assert "Write parts joined by '-'" in str(error)
    else:
        assert text.endswith("linear")
        assert neck.eval()(torch.randn(2, 6)).shape == (2, width)


@pytest.mark.parametrize("part", ["dense６４", "dense6_4", "dropout0.３"])
def test_only_plain_digits_make_a_layer(part: str) -> None:
    with pytest.raises(UsageError, match=f'"{part}" is none of its parts'):
        neck_for(f"{part}-linear", (6,))


def test_a_share_that_is_given_stands_in_each_bare_dropout() -> None:
    def shares(head: str, dropout: float | None) -> list[float]:
        layers = neck_for(head, (6,), dropout=dropout)[0]
        return [layer.p for layer in layers if isinstance(layer, torch.nn.Dropout)]

    assert shares("dense8-dropout-dropout0.1-linear", 0.4) == [0.4, 0.1]
    assert shares("dense8-dropout-linear", None) == [0.5]
    assert shares("dense8-linear", 0.4) == [0.4]
    assert shares("dense8-linear", None) == []
