"""Attention rollout: through which places of a transformer the class token looks at the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from linnaeus.errors import UsageError
from linnaeus.explanation.layers import layout_of, tokens_of

__all__ = ["attention_rollout"]

BATCH = 16


@torch.no_grad()
def attention_rollout(network: nn.Module, pixels: Tensor) -> Tensor:
    """(n, h', w') float32: the attention of all blocks multiplied up (Abnar and Zuidema 2020).

    Each block's is the mean over its heads, half of it the token's own path around the block. It
    is the same for every class. Where there is no class token, the mean over all tokens' looks.
    Raises UsageError where the network has no blocks of timm's self-attention over a grid.
    """
    blocks = [one for one in network.modules() if _attends(one)]
    if not blocks:
        raise UsageError(
            "attention rollout is for vision transformers, and this network has no attention",
            where="--method attention-rollout",
            mend="Use grad-cam, occlusion or another method.",
        )
    return torch.cat([_rolled_out(network, blocks, some) for some in torch.split(pixels, BATCH)])


def _attends(module: nn.Module) -> bool:
    names = ("qkv", "attn_drop", "num_heads", "fused_attn")
    return all(hasattr(module, name) for name in names)


def _rolled_out(network: nn.Module, blocks: list[nn.Module], pixels: Tensor) -> Tensor:
    with _attention_of(blocks) as seen:
        network(pixels)
    count = seen[0].shape[-1]
    path = torch.eye(count, device=pixels.device).expand(len(pixels), -1, -1)
    for attention in seen:
        if attention.shape[-1] != count or len(attention) != len(pixels):
            raise UsageError(
                "the blocks of this transformer look at windows, not at all of the picture",
                where="--method attention-rollout",
                mend="Use grad-cam, occlusion or another method.",
            )
        own = torch.eye(count, device=pixels.device)
        path = (attention.mean(1) + own) / 2 @ path
    found = tokens_of(count, layout_of(network, pixels))
    if found is None:
        raise UsageError(
            f"the {count:,} tokens of this transformer are no grid of the picture's places",
            where="--method attention-rollout",
            mend="Use grad-cam, occlusion or another method.",
        )
    front, rows, columns = found
    looks = path[:, 0, front:] if front else path.mean(1)
    return looks.reshape(-1, rows, columns)


@contextmanager
def _attention_of(blocks: list[nn.Module]) -> Iterator[list[Tensor]]:
    """Inside, the attention (n, heads, tokens, tokens) of `blocks` is collected, in order.

    Fused kernels never hold it in memory, so they are switched off meanwhile.
    """
    seen: list[Tensor] = []
    before: list[tuple[Any, bool]] = [(block, bool(block.fused_attn)) for block in blocks]

    def keep() -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        return lambda module, given: seen.append(given[0])

    drops: list[Any] = [block.attn_drop for block in blocks]
    handles = [drop.register_forward_pre_hook(keep()) for drop in drops]
    for block, _ in before:
        block.fused_attn = False
    try:
        yield seen
    finally:
        for block, fused in before:
            block.fused_attn = fused
        for handle in handles:
            handle.remove()
