"""The heads of one attention: what each gave, where it took it from, and its weights.

Notation: z[t] = Σ_s A[t, s] v[s] is what a head gave token t, g[t] its gradient. The head's relevance at t is
z[t] · g[t], and what of it was taken from token s is A[t, s] (v[s] · g[t]). Under AttnLRP (Achtibat et al., 2024,
section 3.3) half of that goes to the value; the other half goes through the softmax to the products P = q · k, which
get P dS with dS = A (v · g − Σ A v · g) / 2, and of this half goes to the query and half to the key. The softmax keeps
the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.attribution.inside.cuts import scored
from engine.attribution.inside.graph import Graph
from engine.attribution.inside.sites import Laid
from engine.attribution.ledger.constants import wide
from engine.protocol.failures import ModelError
from engine.protocol.rule_names import Attention
from engine.rules.operations import attention_operands


@dataclass(frozen=True, eq=False)
class Ways:
    """What queries took from keys (query, key), in all and by each way; `None` of a way that no relevance goes."""

    taken: Tensor
    value: Tensor
    query: Tensor | None = None
    key: Tensor | None = None


def pattern_of(graph: Graph, laid: Laid, head: int, rows: slice) -> Tensor:
    """The attention weights of a head (query, key) at some queries. Raises ModelError where heads attend in windows."""
    _check_one_window(graph, laid)
    if laid.site.by == laid.site.step:
        return _Fused(graph, laid, head).weights(rows)
    weights = graph.steps[laid.site.by].value
    return weights.reshape(-1, *weights.shape[-2:])[head][rows].to(wide(weights))


def ways_of(graph: Graph, laid: Laid, head: int, gradient: Tensor, rules: Attention | None, rows: slice) -> Ways:
    """What a head took at some queries, with the `gradient` at its site. Raises ModelError as `pattern_of` does."""
    weights = pattern_of(graph, laid, head, rows)
    at_head = laid.arranged(gradient)[head][rows].to(weights)
    taken = weights * (at_head @ _values(graph, laid, head).to(weights).mT)
    pattern_depends = (
        graph.steps[laid.site.by].depends if laid.site.by != laid.site.step else _Fused(graph, laid, head).depends
    )
    if rules == "cp" or not pattern_depends:
        return Ways(taken, taken)
    share = 1 / 2 if rules == "attnlrp" else 1.0
    products = _products(graph, laid, head, gradient, rows, taken * share, weights)
    if products is None:
        return Ways(taken, taken * share)
    return Ways(taken, taken * share, products * share, products * share)


def _pattern_depends(graph: Graph, laid: Laid, head: int) -> bool:
    if laid.site.by == laid.site.step:
        return _Fused(graph, laid, head).depends
    return graph.steps[laid.site.by].depends


def _products(
    graph: Graph, laid: Laid, head: int, gradient: Tensor, rows: slice, arrived: Tensor, weights: Tensor
) -> Tensor | None:
    """The relevance of the products of queries and keys, which they share; None where they are not found."""
    if laid.site.by == laid.site.step:
        to_scores = arrived - weights * arrived.sum(-1, keepdim=True)
        return _Fused(graph, laid, head).products(rows).to(weights) * to_scores
    found = scored(graph, laid.site.by)
    if found is None:
        return None
    of_head = torch.zeros_like(gradient)
    of_head.select(laid.axis, head).copy_(gradient.select(laid.axis, head))
    step = graph.steps[found]
    (back,) = graph.gradients(laid.site.step, of_head, [step.at])
    if back is None:
        return None
    relevance = (step.value * back).reshape(-1, *step.value.shape[-2:])
    return relevance[head % len(relevance)][rows].to(weights)


def _values(graph: Graph, laid: Laid, head: int) -> Tensor:
    """The values of a head (key, feature)."""
    if laid.site.by == laid.site.step:
        return _Fused(graph, laid, head).value
    value = graph.steps[graph.value_of(laid.site)].value
    value = value.movedim(-2, -3) if laid.axis == -2 else value
    value = value.reshape(-1, *value.shape[-2:])
    return value[head * len(value) // laid.width]


def _check_one_window(graph: Graph, laid: Laid) -> None:
    shape = graph.steps[laid.site.by].result.shape
    windows = shape[:-3].numel() if len(shape) > 3 else 1
    if windows != 1:
        raise ModelError(
            f"This attention looks into {windows} windows, each by itself, so there is no matrix of all its tokens: "
            "look at what its heads gave each token."
        )


class _Fused:
    """One head of torch’s fused attention, written out."""

    def __init__(self, graph: Graph, laid: Laid, head: int) -> None:
        step = graph.steps[laid.site.step]
        operands, rest, options = attention_operands(step.args, step.options)
        named = dict(zip(("attn_mask", "dropout_p", "is_causal"), rest, strict=False)) | dict(options)
        self._mask, self._causal = named.get("attn_mask"), bool(named.get("is_causal"))
        heads = operands[0].shape[-3]
        self._query, self._key, self.value = (
            x.detach().reshape(-1, *x.shape[-2:])[head * x.shape[-3] // heads] for x in operands
        )
        self._head = head
        self._scale: float = named.get("scale") or self._query.shape[-1] ** -0.5
        self.depends = operands[0].requires_grad or operands[1].requires_grad

    def products(self, rows: slice) -> Tensor:
        query = self._query[rows].to(wide(self._query))
        products: Tensor = query @ self._key.to(query).mT
        return products * self._scale

    def weights(self, rows: slice) -> Tensor:
        scores = self.products(rows)
        if self._causal:
            ahead = torch.ones(len(self._query), len(self._key), dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(ahead[rows], -torch.inf)
        if self._mask is not None:
            mask = self._mask.detach().expand(*self._mask.shape[:-2], len(self._query), len(self._key))
            mask = mask.reshape(-1, *mask.shape[-2:])
            mask = mask[self._head % len(mask)][rows]
            scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask.to(scores)
        return scores.softmax(-1).nan_to_num(0.0)
