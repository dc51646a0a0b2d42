"""What a prediction loses as tokens of natural text are taken away, by each rule set's order: printed as a part of
`docs/evidence.md`.

`python -W ignore -m tests.benchmarks.removal [--places 12] [--model bundled:llama]`. About five minutes on SmolLM2.

A token is taken away by putting another vector in the place of its embedding: zero, or the mean of the text's. Each
rule set's most relevant tokens go first, and again its least relevant; how far the two curves are apart, on average
over the steps, says how well it ranks them (Samek et al., 2017). The begin-of-text token and the last one stay.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

import engine
from engine import targets
from engine.models.opening import Model
from engine.models.text.tokens import tokenize
from engine.rules.table import RULE_SETS
from tests.real_weights import EVEREST, smollm2

LENGTH, STEPS = 64, 8
MEASURES = ("log-probability", "logit against the mean", "raw logit")
BASELINES = ("mean", "zero")

PAGE = """\
## What does removal say of natural text?

At {places} places in the text of the quickstart (Wikipedia) the {length} tokens before are explained, for the token
that {model} finds likeliest. Tokens are then taken away, the most relevant first and the least
relevant first; the figure is how far apart the curves are, in logits: larger is better.

| taken away by | measured | {titles} | order at random |
|---|---|---|{rules}
{rows}

On the recall tasks above CP-LRP is ahead; here AttnLRP is, in log-probability and against the mean. The raw logit rises
and falls with all others, which says nothing of one token: rule sets come in another order there. Places are few, so
small differences mean nothing.

Made by `python -W ignore -m tests.benchmarks.removal --places {places}`.
"""


@contextmanager
def without(model: Model, gone: Sequence[int], baseline: str) -> Iterator[None]:
    """Inside the `with`, tokens at these places have another embedding."""

    def take_away(module: object, args: object, output: Tensor) -> Tensor:
        output = output.clone()
        output[:, list(gone)] = output.mean(1, keepdim=True) if baseline == "mean" else 0.0
        return output

    handle = model.module.get_input_embeddings().register_forward_hook(take_away)
    try:
        yield
    finally:
        handle.remove()


def measured(logits: Tensor, token: int) -> np.ndarray:
    """The measures of a token, as they are listed."""
    return np.array([float(logits.log_softmax(-1)[token]), float(logits[token] - logits.mean()), float(logits[token])])


def curve(model: Model, ids: Sequence[int], token: int, order: Sequence[int], baseline: str) -> np.ndarray:
    """The measures (step, measure) as more and more tokens of an order are gone."""
    rows = []
    for step in range(1, STEPS + 1):
        gone = order[: round(step * len(order) / STEPS)]
        with without(model, gone, baseline), torch.no_grad():
            rows.append(measured(model.module(torch.tensor([ids])).logits[0, -1].float(), token))
    return np.array(rows)


def apart(model: Model, ids: Sequence[int]) -> dict[str, np.ndarray]:
    """For each rule set, and an order at random, how far its curves are apart: (baseline, measure)."""
    orders: dict[str, np.ndarray] = {"random": np.random.default_rng(len(ids)).permutation(np.arange(1, len(ids) - 1))}
    token = 0
    for name in RULE_SETS:
        with engine.trace(model, input_ids=ids, rules=name) as trace:
            token = trace.predictions(1)[0].id
            relevance = trace.explain(targets.Token(token)).input
        orders[name] = 1 + np.argsort(-relevance[1:-1], kind="stable")
    found = {}
    for name, order in orders.items():
        curves = [
            [curve(model, ids, token, list(way), baseline) for way in (order, order[::-1])] for baseline in BASELINES
        ]
        found[name] = np.array([(least - most).mean(0) for most, least in curves])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=12)
    parser.add_argument("--model", help="SmolLM2, where it is installed")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    name = chosen.model or str(smollm2() or "bundled:llama")
    model = engine.load_model(name, device="cpu", dtype="float32")
    text = [token.id for token in tokenize(model, EVEREST)]
    ends = np.linspace(LENGTH, len(text), chosen.places).astype(int)
    found = [apart(model, [text[0], *text[max(1, end - LENGTH) : end]]) for end in ends]
    rows, of_all = [], (*RULE_SETS, "random")
    for place, baseline in enumerate(BASELINES):
        for kind, measure in enumerate(MEASURES):
            values = {each: float(np.mean([one[each][place, kind] for one in found])) for each in of_all}
            best = max(RULE_SETS, key=values.__getitem__)
            cells = [f"**{value:.2f}**" if each == best else f"{value:.2f}" for each, value in values.items()]
            rows.append(f"| {baseline} | {measure} | {' | '.join(cells)} |")
    titles = " | ".join(rules.title for rules in RULE_SETS.values())
    print(
        PAGE.format(
            places=chosen.places, length=LENGTH, model=model.info.title, titles=titles,
            rules="---|" * (len(RULE_SETS) + 1), rows="\n".join(rows),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
