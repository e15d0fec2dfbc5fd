"""A network compiled for the device that it learns on."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from linnaeus.errors import UsageError

__all__ = ["check_compiled", "compiled"]


def compiled(network: nn.Module) -> nn.Module:
    """`network`, which keeps its weights, with its passes forwards and backwards compiled.

    Every size of batch and picture is compiled for itself, when it is met first.
    """
    return cast("nn.Module", torch.compile(network, dynamic=False))


def check_compiled(network: nn.Module, views: Tensor) -> None:
    """Raise UsageError where this machine cannot compile `network` for `views` (n, h, w, 3) uint8.

    It needs a C++ compiler for a processor, and Triton for a GPU.
    """
    from torch._dynamo.exc import TorchDynamoException
    from torch._inductor.exc import InductorError

    try:
        with torch.no_grad():
            compiled(network.eval())(views)
    except (TorchDynamoException, InductorError) as error:
        raise UsageError(
            f"this machine cannot compile the network ({type(error).__name__})",
            where="the recipe's network.compiled",
            mend="Leave it out, or install a C++ compiler (on a GPU, Triton).",
        ) from None
