"""What a writer is made of: its heads, its neurons, and what goes past them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.attribution.inside.graph import Graph, Site
from engine.attribution.inside.operations import ADDITIONS, FACTORS, GROUPED, MIXES, PRODUCTS, is_activation, is_map
from engine.protocol.inside import WriterName
from engine.rules.operations import GATE


@dataclass(frozen=True)
class Cut:
    """What a writer's relevance is made of: of sites, and of `others`; `behind` are the steps from there to it."""

    sites: Sequence[Site]
    behind: Collection[int]
    others: Sequence[int]


def cut(graph: Graph, writer: int, start: int) -> Cut:
    """Where what a writer gives is made of heads and neurons: the last such place on each way to it."""
    found: dict[int, Site] = {}
    waiting, behind = [writer], {writer}
    while waiting:
        number = waiting.pop()
        if number in graph.attentions:
            found[number] = graph.attentions[number]
            continue
        if (neurons := _neurons(graph, number, start)) is not None:
            found[neurons] = Site("neurons", neurons, number)
            continue
        for source in graph.before(number):
            if source not in behind and source != start:
                behind.add(source)
                waiting.append(source)
    nested = {n for n in found for other in found if n != other and n in graph.ancestors(other, start)}
    sites = [found[number] for number in sorted(found.keys() - nested)]
    if not sites:
        return Cut(sites, behind, ())
    with_sites = {site.step for site in sites}
    for number in sorted(graph.ancestors(writer, start)):
        if not with_sites.isdisjoint(graph.before(number)):
            with_sites.add(number)
    behind &= with_sites
    of_sites = {n for site in sites for n in graph.ancestors(site.step, start)}
    past = {n for number in behind for n in graph.before(number)} - with_sites - of_sites
    return Cut(sites, behind - found.keys(), sorted(past))


def name_of(graph: Graph, writer: int, start: int) -> WriterName:
    """What a writer is, by what it computes."""
    sites = cut(graph, writer, start).sites
    if not sites:
        return "rest"
    if any(site.of == "heads" for site in sites):
        values = [graph.value_of(site) for site in sites if site.of == "heads"]
        return "attention" if any(start in graph.ancestors(n, start) for n in values) else "cross attention"
    between = {n for site in sites for n in graph.ancestors(site.step, start)}
    if any(_mixes(graph, n) for n in between):
        return "mixer"
    return "experts" if len(sites) > 1 or graph.steps[sites[0].by].operation in GROUPED else "mlp"


def scored(graph: Graph, weights: int) -> int | None:
    """The step of the products of queries and keys that a softmax is of; None where there is not one alone."""
    at = weights
    while True:
        before = graph.before(at)
        if graph.steps[at].operation in PRODUCTS and len(before) > 1:
            return at
        if len(before) != 1 or is_map(graph.steps[at].operation):
            return None
        (at,) = before


def _neurons(graph: Graph, number: int, start: int) -> int | None:
    """The step of the neurons that a step maps; None where it maps none.

    Neurons are what an activation gives, or a product by one, or what a mixer without attention gives; whatever its
    form since.
    """
    mapped = graph.before(number)
    if not is_map(graph.steps[number].operation) or len(mapped) != 1:
        return None
    at = mapped[0]
    while at != start and at not in graph.attentions:
        one, before = graph.steps[at], graph.before(at)
        if is_activation(one.operation) or (one.operation in FACTORS and _is_gated(graph, at, start)):
            return mapped[0]
        if is_map(one.operation):
            return None
        if one.operation in ADDITIONS:  # of what others gave
            return None
        if len(before) != 1:
            inside = graph.ancestors(at, start)
            mixes = any(is_map(graph.steps[n].operation) for n in inside)
            return mapped[0] if mixes and graph.attentions.keys().isdisjoint(inside) else None
        (at,) = before
    return None


def _is_gated(graph: Graph, number: int, start: int) -> bool:
    """Whether a product is by a gate, or by a number for each entry that is made of that entry: x sigmoid(x)."""
    if len(before := graph.before(number)) > 1:
        return True
    result = graph.steps[number].result
    at, entry = number, set(before)
    while len(before := graph.before(at)) == 1 and at != start and not is_map(graph.steps[at].operation):
        (at,) = before
        entry.add(at)
    if at in graph.attentions:
        return False
    numbers = [n for n in graph.steps[number].sources if not graph.steps[n].depends]
    alike = [n for n in numbers if graph.steps[n].result.shape == result.shape]
    return hasattr(result, GATE) or any(not entry.isdisjoint(graph.made_of(n)) for n in alike)


def _mixes(graph: Graph, number: int) -> bool:
    """Whether an operation mixes tokens: a convolution, a running sum, a product of two that depend on them."""
    operation = graph.steps[number].operation
    return operation in MIXES or (operation in PRODUCTS and len(graph.before(number)) > 1)
