"""The sites of a block with all that is known of them but their gradients: parts by number, rows by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from engine.attribution.inside.cuts import cut, name_of
from engine.attribution.inside.graph import Graph, Site
from engine.attribution.inside.operations import FACTORS, GROUPED, ROWS_OUT, is_activation, is_map
from engine.attribution.inside.rows import tokens_of_rows
from engine.attribution.inside.seen import tensors
from engine.attribution.inside.stream import Stream
from engine.attribution.places import model_axis
from engine.protocol.inside import WriterName


class Place(NamedTuple):
    """A place in the graph where a backward pass may begin or end, and the shape of what is there."""

    edge: GradientEdge
    shape: torch.Size


class Weights(NamedTuple):
    """The weights of a map (output, input) where `rows_out`, else (input, output), or of several experts' maps."""

    table: Tensor
    rows_out: bool


class Reads(NamedTuple):
    """The weights by which neurons read, the first of their outputs that is theirs, and what these multiply."""

    weights: Weights
    offset: int
    at: Place


@dataclass(frozen=True, eq=False)
class Laid:
    """A site of the writer `writer`, laid out: its values are rows of features, and of heads one such table for each.

    `parts` are its heads or neurons by their numbers in the block. `token`, (row,), is which of the writer's `tokens` a
    row belongs to, NOWHERE where to several; `expert`, (row,), which of its `experts` computed it. Of neurons,
    `weights` are those that map them, `reads` those by which they read, and `stream` is what their writer reads.
    """

    site: Site
    writer: int
    start: int
    result: Tensor
    axis: int
    parts: range
    token: Tensor
    tokens: int
    expert: Tensor
    experts: int
    weights: Weights | None
    reads: Reads | None
    stream: Place

    @property
    def width(self) -> int:
        """How many heads there are, or neurons in a row."""
        return self.result.shape[self.axis]

    def arranged(self, values: Tensor) -> Tensor:
        """Values at the site as (head, row, feature), or of neurons as (row, neuron)."""
        return _arranged(self.site, self.axis, values)

    def by_token(self, rows: Tensor) -> Tensor:
        """Relevance (part, row) as (part, token)."""
        at = self.token >= 0
        return rows.new_zeros(len(rows), self.tokens).index_add(1, self.token[at], rows[:, at])


def laid_out(graph: Graph, stream: Stream, block: nn.Module) -> list[Laid]:
    """Every site of a block, writer by writer."""
    found: list[Laid] = []
    heads = neurons = 0
    shared: dict[tuple[int, int], range] = {}  # the neurons of experts whose maps run one after another
    for writer, start in stream.writers:
        name = name_of(graph, writer, start)
        for site in cut(graph, writer, start).sites:
            axis = head_axis(graph, site) if site.of == "heads" else _features(graph, stream, site.step)
            width = graph.steps[site.step].result.shape[axis]
            rows = len(_rows(graph, site, axis))
            if site.of == "heads":
                expert, experts = torch.zeros(rows, dtype=torch.long), 1
                parts = range(heads, heads + width)
                heads = parts.stop
            else:
                expert, experts = experts_of(graph, block if name == "experts" else None, site, rows)
                parts = range(neurons, neurons + experts * width)
                if experts > 1:
                    parts = shared.setdefault((writer, len(parts)), parts)
                neurons = max(neurons, parts.stop)
            token, tokens = _tokens(graph, stream, writer, site, axis, name)
            result = graph.steps[site.step].result
            of_words = (_weights(graph, site), _reads(graph, site, width), _place_of(graph, start))
            found.append(Laid(site, writer, start, result, axis, parts, token, tokens, expert, experts, *of_words))
    return found


def head_axis(graph: Graph, site: Site) -> int:
    """The axis of the heads: the third from the end, or the second where an einsum puts them behind the tokens."""
    given = graph.steps[site.step].result.shape[-3:-1]
    weights = graph.steps[site.by].result.shape
    turned = site.by != site.step and given == (weights[-2], weights[-3]) != weights[-3:-1]
    return -2 if turned else -3


def weights_of(graph: Graph, step: int) -> Tensor | None:
    """The weights that a step multiplies by, which do not depend on the input; None where it has none."""
    dependent = {id(graph.steps[source].result) for source in graph.before(step)}
    operands = tensors((graph.steps[step].args, graph.steps[step].options))
    return next((x for x in operands if id(x) not in dependent and x.is_floating_point() and x.ndim > 1), None)


def experts_of(graph: Graph, block: nn.Module | None, site: Site, rows: int) -> tuple[Tensor, int]:
    """The expert of each row of a site, and how many the `block` has; all are of expert 0 where there is one map."""
    step, weights = graph.steps[site.by], weights_of(graph, site.by)
    if step.operation in GROUPED and (ends := step.options.get("offs")) is not None and weights is not None:
        return torch.searchsorted(ends.long(), torch.arange(rows, device=ends.device), right=True), weights.shape[0]
    place = None if weights is None or block is None else _place(block, weights)
    expert, count = place or (0, 1)
    return torch.full((rows,), expert, device=graph.steps[site.step].result.device), count


def _weights(graph: Graph, site: Site) -> Weights | None:
    found = weights_of(graph, site.by) if site.of == "neurons" else None
    return None if found is None else Weights(found, graph.steps[site.by].operation in ROWS_OUT)


def _reads(graph: Graph, site: Site, width: int) -> Reads | None:
    """By which weights the neurons read, and what these multiply; None where their activation is of no map's result."""
    at = _before_activation(graph, site, width)
    if at is None:
        return None
    entry = graph.steps[at]
    while not is_map(graph.steps[at].operation):
        before = graph.before(at)
        if len(before) != 1:
            return None
        (at,) = before
    mapped, table = graph.before(at), weights_of(graph, at)
    if table is None or len(mapped) != 1:
        return None
    rows_out = graph.steps[at].operation in ROWS_OUT
    whole = graph.steps[at].result  # of which the neurons' part may be a chunk
    shared = whole.untyped_storage().data_ptr() == entry.result.untyped_storage().data_ptr()
    offset = (entry.result.storage_offset() - whole.storage_offset()) % whole.shape[-1] if shared else 0
    return Reads(Weights(table, rows_out), int(offset), _place_of(graph, mapped[0]))


def _before_activation(graph: Graph, site: Site, width: int) -> int | None:
    """The step whose entries become the neurons': what their activation is given; None where they have none."""
    waiting = [site.step] if site.of == "neurons" else []
    while waiting:
        at = waiting.pop(0)
        step, before = graph.steps[at], graph.before(at)
        if is_activation(step.operation):
            return before[0] if graph.steps[before[0]].value.shape[-1] == width else None
        if not is_map(step.operation) and (len(before) == 1 or step.operation in FACTORS):
            waiting += before
    return None


def _place_of(graph: Graph, number: int) -> Place:
    return Place(graph.steps[number].at, graph.steps[number].value.shape)


def _place(block: nn.Module, weight: Tensor) -> tuple[int, int] | None:
    """Which of how many experts a weight is of: a slice of a parameter for all, or of a part of one in a list."""
    stored = weight.untyped_storage().data_ptr()
    for whole in block.parameters():
        if whole.untyped_storage().data_ptr() == stored and whole.numel() > weight.numel():
            return int(weight.storage_offset()) // weight.numel(), whole.numel() // weight.numel()
    for part in block.modules():
        if isinstance(part, nn.ModuleList) and len(part) > 1:
            for i, child in enumerate(part):
                if any(own is weight for own in child.parameters()):
                    return i, len(part)
    return None


def _arranged(site: Site, axis: int, values: Tensor) -> Tensor:
    if site.of == "neurons":
        return values.movedim(axis, -1).reshape(-1, values.shape[axis])
    moved = values.movedim(axis, 0)
    return moved.reshape(moved.shape[0], -1, moved.shape[-1])


def _rows(graph: Graph, site: Site, axis: int) -> Tensor:
    """The site's values as (row, feature), those of all heads in one row."""
    return _in_rows(site, axis, graph.steps[site.step].value)


def _in_rows(site: Site, axis: int, values: Tensor) -> Tensor:
    arranged = _arranged(site, axis, values)
    return arranged if site.of == "neurons" else arranged.transpose(0, 1).flatten(1)


def _features(graph: Graph, stream: Stream, step: int) -> int:
    return model_axis(graph.steps[step].value, graph.steps[stream.end].value)


def _tokens(graph: Graph, stream: Stream, writer: int, site: Site, axis: int, name: WriterName) -> tuple[Tensor, int]:
    """The token of each row, and how many the writer has: the row itself where they lie as the tokens do."""
    output, features = graph.steps[writer].value, _features(graph, stream, writer)
    tokens = output.numel() // output.shape[features]
    values = graph.steps[site.step].value
    windows = values.shape[:-3].numel() if site.of == "heads" and values.ndim > 3 else 1
    rows = len(_in_rows(site, axis, values))
    if rows == tokens and windows == 1 and name != "experts":
        return torch.arange(tokens, device=values.device), tokens
    found = tokens_of_rows(graph, writer, site.step, features, lambda x: _in_rows(site, axis, x))
    return found, tokens
