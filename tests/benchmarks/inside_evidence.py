"""Do heads and neurons with most relevance do what relevance says? Printed as a section of `docs/evidence.md`.

`python -W ignore -m tests.benchmarks.inside_evidence`. Some ten minutes, with SmolLM2 (`--prompts 0` leaves out the
first part, `--pairs 0` the second).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.attribution.tracing import trace
from engine.models.opening import Model, load_model
from engine.protocol.targets import Top
from engine.rules.table import RULE_SETS
from resources.models.recall import Recall, recalls
from tests.real_weights import smollm2

SEED = 7
RULES = ("attnlrp", "cp-lrp", "input-x-gradient")
KEPT = 300

Head = tuple[int, int]


# -- heads of the bundled models, on recall prompts -----------------------------------------------------------------


class Recalled(NamedTuple):
    """Of one prompt: whether the leading head takes most from the evidence, and whether the answer leaves the first
    place without the two leading heads, and without two others. They lead at the last token, or over all.
    """

    from_evidence: bool
    without_leading: bool
    without_others: bool


def recalled(model: Model, recall: Recall, rules: str, at_last: bool, chance: random.Random) -> Recalled | None:
    """None where the model is wrong about the prompt."""
    with trace(model, recall.prompt, rules=rules, ledger=False) as recorded:
        answer = recorded.predictions(k=1)[0]
        if answer.text.strip() != recall.answer[: len(answer.text.strip())]:
            return None
        found = recorded.heads(Top())
        heads = found.tokens[:, :, -1] if at_last else found.relevance
        order = np.argsort(-heads, axis=None, kind="stable")
        places: list[Head] = [(int(place) // heads.shape[1], int(place) % heads.shape[1]) for place in order]
        (block, head), *_ = places
        taken = recorded.inside(block).sources(head, query=-1)[0]
        at = recorded.tokens[int(taken.argmax())]
        ids = [token.id for token in recorded.tokens]
    others = chance.sample(places[2:], 2)
    return Recalled(
        (at.start, at.end) == recall.evidence,
        _likeliest_without(model, ids, places[:2]) != answer.id,
        _likeliest_without(model, ids, others) != answer.id,
    )


def _likeliest_without(model: Model, ids: Sequence[int], heads: Sequence[Head]) -> int:
    with zeroed(model.module, heads), torch.no_grad():
        logits: Tensor = model.module(torch.tensor([ids]), use_cache=False).logits
    return int(logits[0, -1].argmax())


@contextmanager
def zeroed(module: nn.Module, heads: Sequence[Head]) -> Iterator[None]:
    """Inside the `with`, what these heads give is zero."""
    width = module.config.hidden_size // module.config.num_attention_heads

    def without(numbers: list[int]) -> Any:
        def hook(part: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            given = args[0].clone()
            for head in numbers:
                given[..., head * width : (head + 1) * width] = 0
            return (given, *args[1:])

        return hook

    maps = _maps(module)
    blocks = {block for block, _ in heads}
    handles = [
        maps[block].register_forward_pre_hook(without([head for of, head in heads if of == block])) for block in blocks
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _maps(module: Any) -> list[nn.Module]:
    """What maps the heads of each block, in a Llama or a GPT-2."""
    if hasattr(module, "transformer"):
        return [block.attn.c_proj for block in module.transformer.h]
    return [block.self_attn.o_proj for block in module.model.layers]


# -- neurons of SmolLM2, on subjects and verbs ----------------------------------------------------------------------

SUBJECTS = (
    *(("boy", "boys"), ("girl", "girls"), ("teacher", "teachers"), ("doctor", "doctors"), ("farmer", "farmers")),
    *(("actor", "actors"), ("author", "authors"), ("driver", "drivers"), ("guard", "guards"), ("pilot", "pilots")),
)
BETWEEN = ("near the", "behind the", "beside the", "above the")
OTHERS = (("car", "cars"), ("house", "houses"), ("tree", "trees"), ("river", "rivers"))
VERBS = (" is", " are")


class Pair(NamedTuple):
    """A prompt whose verb is that of a singular or plural subject, and which verbs those are."""

    text: str
    right: str
    wrong: str


def alike(some: Sequence[Pair], neurons: Neurons) -> list[Pair]:
    """Those of a prompt's most common length in tokens."""
    lengths = [neurons.ids(pair)[0].shape[1] for pair in some]
    return [pair for pair, length in zip(some, lengths, strict=True) if length == max(lengths, key=lengths.count)]


def pairs(count: int, seed: int) -> list[Pair]:
    """Subjects with another noun between them and the verb, of the other number, so that nearness does not help."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        number = chance.randrange(2)
        subject, between, other = chance.choice(SUBJECTS), chance.choice(BETWEEN), chance.choice(OTHERS)
        text = f"The {subject[number]} {between} {other[1 - number]}"
        made.append(Pair(text, VERBS[number], VERBS[1 - number]))
    return made


class Neurons:
    """The neurons of a Llama: what its down projections are given."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.maps: list[nn.Module] = [block.mlp.down_proj for block in model.module.model.layers]

    def ids(self, pair: Pair) -> tuple[Tensor, int, int]:
        """The prompt, and the ids of the right verb and of the wrong one."""
        tokenizer = self.model.tokenizer
        right, wrong = (tokenizer(verb, add_special_tokens=False).input_ids[0] for verb in pair[1:])
        return torch.tensor([tokenizer(pair.text).input_ids]), right, wrong

    @contextmanager
    def kept(self, retain: bool) -> Iterator[list[Tensor]]:
        """Inside the `with`, what each block's neurons are, in a list; with their gradients where asked for."""
        found: list[Tensor] = []

        def keep(part: nn.Module, args: tuple[Tensor, ...]) -> None:
            if retain:
                args[0].retain_grad()
            found.append(args[0])

        handles = [part.register_forward_pre_hook(keep) for part in self.maps]
        try:
            yield found
        finally:
            for handle in handles:
                handle.remove()

    def activations(self, pair: Pair) -> Tensor:
        """(block, token, neuron)."""
        with self.kept(retain=False) as found, torch.no_grad():
            self.model.module(self.ids(pair)[0], use_cache=False)
        return torch.cat(found)

    def relevance(self, pair: Pair, rules: str) -> Tensor:
        """Of the right verb's logit less the wrong one's (block, neuron), summed over tokens."""
        ids, right, wrong = self.ids(pair)
        module = self.model.module
        begin = module.get_input_embeddings().register_forward_hook(lambda part, args, out: out.requires_grad_())
        try:
            with self.kept(retain=True) as found, RULE_SETS[rules].on(module), torch.enable_grad():
                logits = module(ids, use_cache=False).logits[0, -1]
                (logits[right] - logits[wrong]).backward()
        finally:
            begin.remove()
        return torch.cat([(x.detach() * x.grad)[0].sum(0, keepdim=True) for x in found if x.grad is not None])

    def difference(self, pair: Pair, means: Tensor | None = None, kept: Tensor | None = None) -> float:
        """The right verb's logit less the wrong one's; where `means` (block, token, neuron) are given, with all neurons
        at theirs but those `kept`, bool (block, neuron).
        """
        ids, right, wrong = self.ids(pair)

        def at_mean(block: int) -> Any:
            def hook(part: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor]:
                assert means is not None and kept is not None
                return (torch.where(kept[block], args[0], means[block]),)

            return hook

        blocks = range(len(self.maps)) if means is not None else ()
        handles = [self.maps[block].register_forward_pre_hook(at_mean(block)) for block in blocks]
        try:
            with torch.no_grad():
                logits = self.model.module(ids, use_cache=False).logits[0, -1]
        finally:
            for handle in handles:
                handle.remove()
        return float(logits[right] - logits[wrong])


def faithfulness(
    neurons: Neurons, learned: Sequence[Pair], tried: Sequence[Pair], kept: int
) -> Iterator[tuple[str, float]]:
    """How much of what all neurons tell right from wrong the chosen ones tell, the others at their mean (Marks et al.,
    2025): 1 is all of it, 0 is what no neuron tells.
    """
    activations = [neurons.activations(pair) for pair in learned]
    means = torch.stack(activations).mean(0)  # (block, token, neuron): prompts have their words at the same places
    whole = [neurons.difference(pair) for pair in tried]
    none = torch.zeros(means.shape[0], means.shape[2], dtype=torch.bool)
    empty = [neurons.difference(pair, means, none) for pair in tried]
    chosen = {rules: sum(neurons.relevance(pair, rules) for pair in learned).abs() for rules in RULES}
    chosen["activation"] = sum(x.abs().mean(1) for x in activations)
    chosen["by chance"] = torch.rand(none.shape, generator=torch.Generator().manual_seed(SEED))
    for name, sizes in chosen.items():
        top = none.flatten().clone()
        top[sizes.flatten().topk(kept).indices] = True
        found = [neurons.difference(pair, means, top.view(none.shape)) for pair in tried]
        yield name, (np.mean(found) - np.mean(empty)) / (np.mean(whole) - np.mean(empty))


PAGE = """
## Do heads and neurons do what relevance says?

Of the same held-out prompts, where the model is right: how often does the head with most relevance take most from the
evidence, and how often does the answer leave the first place where the two heads with most relevance give nothing, or
two others drawn at random?

| model | rules | most relevance at | prompts | takes most from the evidence | without the two | without two others |
|---|---|---|---|---|---|---|
{heads}

At the last token, where the answer is said, the heads with most relevance are those that fetch it. Without two of them
the others still do: they are several for one thing. Over all tokens another leads, the first head of the first block:
it works at the climbs, where it makes what the others find them by, takes nothing from the evidence for the last token,
and is not to be done without.
"""
NEURONS = """
Subjects and verbs (“The boy near the cars” is followed by “is” and not “are”), SmolLM2-135M: neurons with most
relevance for the difference of the two logits are chosen on {learned} prompts; on {tried} others all neurons but these
{kept} of {all:,} are at their mean. How much of the difference is left, of what all neurons make (1) over none (0)?

| chosen by | faithfulness |
|---|---|
{neurons}

Made by `python -W ignore -m tests.benchmarks.inside_evidence`.
"""


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description="Do heads and neurons do what relevance says?")
    parser.add_argument("--prompts", type=int, default=200, help="of each bundled model")
    parser.add_argument("--pairs", type=int, default=60, help="of subjects and verbs, to choose neurons by and to try")
    parser.add_argument("--kept", type=int, default=KEPT)
    options = parser.parse_args()
    if options.prompts:
        print(PAGE.format(heads="\n".join(_head_rows(options.prompts))), end="")
    path = smollm2()
    if options.pairs and path is not None:
        neurons = Neurons(load_model(path, device="cpu", dtype="float32"))
        learned, tried = (alike(pairs(options.pairs, seed), neurons) for seed in (SEED, SEED + 1))
        titles = {rules: RULE_SETS[rules].title for rules in RULES} | {"activation": "size of the activation"}
        found = faithfulness(neurons, learned, tried, options.kept)
        rows = [f"| {titles.get(name, name)} | {value:.2f} |" for name, value in found]
        count = sum(part.in_features for part in neurons.maps)
        print(
            NEURONS.format(
                learned=len(learned), tried=len(tried), kept=options.kept, all=count, neurons="\n".join(rows)
            ),
            end="",
        )


def _head_rows(count: int) -> Iterator[str]:
    for name in ("llama", "gpt2"):
        model = load_model(f"bundled:{name}", device="cpu")
        for rules, at_last in product(RULES[:2], (True, False)):
            chance, prompts = random.Random(SEED), islice(recalls(SEED), count)
            tried = (recalled(model, recall, rules, at_last, chance) for recall in prompts)
            found = [one for one in tried if one is not None]
            shares = " | ".join(f"{sum(column) / len(found):.1%}" for column in zip(*found, strict=True))
            where = "the last token" if at_last else "all tokens"
            yield f"| {name} | {RULE_SETS[rules].title} | {where} | {len(found)} | {shares} |"


if __name__ == "__main__":
    main()
