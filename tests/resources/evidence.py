"""How often the most relevant token of the context is the evidence: the one token the answer is copied from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.attribution.tracing import trace
from engine.models.opening import Model
from engine.protocol.relevance import Relevance
from engine.protocol.targets import Contrast, Top
from resources.models.recall import Recall


@dataclass(frozen=True)
class Found:
    """The shares of prompts whose evidence is the most relevant token before the question, by what was explained."""

    logit: float
    against_mean: float


def evidence_found(model: Model, rules: str, prompts: Sequence[Recall]) -> Found:
    """How often `rules` find the evidence of `prompts`, explaining the largest last logit."""
    hits = [_hits(model, rules, recall) for recall in prompts]
    return Found(*(sum(hit[i] for hit in hits) / len(hits) for i in range(2)))


def most_relevant(relevance: Relevance, end: int) -> tuple[int, int]:
    """The span of the most relevant token that ends before character `end`."""
    context = [i for i, token in enumerate(relevance.tokens) if token.text and token.end <= end]
    best = relevance.tokens[max(context, key=lambda i: relevance.input[i])]
    return best.start, best.end


def _hits(model: Model, rules: str, recall: Recall) -> tuple[bool, bool]:
    with trace(model, recall.prompt, rules=rules, ledger=False) as recorded:
        top = recorded.predictions(k=1)[0].id
        logit, against_mean = recorded.explain_many([Top(), Contrast(top)])
    return (
        most_relevant(logit, recall.question - 1) == recall.evidence,
        most_relevant(against_mean, recall.question - 1) == recall.evidence,
    )
