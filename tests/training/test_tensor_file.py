"""Tensors written one by one, read back by the library whose format it is."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from linnaeus.training.tensor_file import NAMES, write_tensors  # noqa: E402


def test_every_type_and_layout_comes_back_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tensors = {str(kind): (10 * torch.randn(3, 5)).to(kind) for kind in NAMES}
    tensors["channels last"] = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    tensors["transposed"] = torch.randn(4, 6).T
    tensors["one number"] = torch.tensor(3.5)
    tensors["empty"] = torch.zeros(0, 7)
    tensors["ä"] = torch.tensor([float("nan"), float("inf"), -0.0])
    tensors["shared"] = tensors["one number"]
    write_tensors(tmp_path / "some.safetensors", tensors)
    found = load_file(tmp_path / "some.safetensors")
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert torch.equal(found[name].nan_to_num(7.0), tensor.nan_to_num(7.0)), name


def test_no_tensors_are_a_file_too(tmp_path: Path) -> None:
    write_tensors(tmp_path / "none.safetensors", {})
    assert load_file(tmp_path / "none.safetensors") == {}


def test_one_number_or_none_may_have_any_stride(tmp_path: Path) -> None:
    odd = {str(n): torch.as_strided(torch.arange(3), (n,), (0,)) for n in (0, 1)}
    write_tensors(tmp_path / "odd", odd)
    kept = load_file(tmp_path / "odd")
    assert kept["0"].shape == (0,)
    assert torch.equal(kept["1"], torch.tensor([0]))
