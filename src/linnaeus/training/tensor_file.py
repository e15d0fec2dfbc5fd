"""Tensors as a safetensors file, written one by one: no second copy of all is in memory."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from linnaeus.files import new_file

__all__ = ["write_tensors"]

NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""Of types, in the format."""

ALIGNED = 8  # bytes: where the tensors begin, so that a file can be mapped


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write `tensors`, of any device and layout, to the new file `path` in a folder that is made.

    Weights that two layers share are written twice. Raises OSError where the disk refuses.
    """
    header, end = {}, 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.numel() * tensor.element_size()
        shape = list(tensor.shape)
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % ALIGNED)
    with new_file(path) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            plain = tensor.detach().to("cpu").contiguous().reshape(-1)
            if plain.numel() < 2:  # any stride, 0 too, counts as contiguous then
                plain = plain.clone(memory_format=torch.contiguous_format)
            file.write(plain.view(torch.uint8).numpy().tobytes())
