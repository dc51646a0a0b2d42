"""Which token each row of a site belongs to, found out by numbers sent back from the writer.

Heads and neurons may lie in windows, or sorted by experts. What comes from there to the writer's output is a linear map
token by token; so the gradient that begins with a number for each token, over the one that begins with ones, is the
token's number.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.attribution.inside.graph import Graph

NOWHERE = -1
_CLEAR = 0.05  # how far from a whole number is still one


def tokens_of_rows(graph: Graph, writer: int, site: int, axis: int, arranged: Callable[[Tensor], Tensor]) -> Tensor:
    """For each row of a site, `arranged` as (row, feature), the token of the writer's output; NOWHERE if of several.

    `axis` is that of the features of the writer's output, whose other axes are its tokens.
    """
    output = graph.steps[writer].value
    count = output.numel() // output.shape[axis]
    shape = [1 if i == axis % output.ndim else size for i, size in enumerate(output.shape)]
    numbers = torch.arange(count, device=output.device, dtype=output.dtype).view(shape)
    noise = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output)
    sent = [graph.gradients(writer, begin, [graph.steps[site].at])[0] for begin in (noise, noise * numbers)]
    ones, counted = (arranged(torch.zeros_like(graph.steps[site].value) if x is None else x) for x in sent)
    strong = ones.abs().topk(min(2, ones.shape[-1]), dim=-1).indices
    found = counted.gather(-1, strong) / ones.gather(-1, strong)
    number = found[:, 0].round()
    clear = ((found - number[:, None]).abs() < _CLEAR).all(-1) & (number >= 0) & (number < count)
    return torch.where(clear, number, NOWHERE).long()
