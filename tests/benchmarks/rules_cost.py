"""What rules cost: explaining under AttnLRP over plain input x gradient, for every family of docs/families.md.

`python -W ignore -m tests.benchmarks.rules_cost [--rounds 15] [--families TYPE ...]`. Plain is the model's
forward pass, for its last logits, and torch's own gradient of the largest at the word embeddings or pixels, without
rules; ours gives every layer as well. All take turns in one thread of one process, whose time on the processor is what
is compared. The models are tiny, so that most of the time is spent between operations: SmolLM2, where it is installed,
says what rules cost where it is spent in them.
"""

from __future__ import annotations

import argparse
import inspect
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

import engine
from engine import targets
from engine.attribution.inputs.given import inputs_of
from engine.attribution.stray_states import taken_back
from engine.attribution.targets.outputs import answers_of
from engine.models.blocks import encoder_and_decoder
from engine.models.opening import Model
from tests.engine.attribution.facts import ALL
from tests.real_weights import EVEREST, smollm2


def plain(model: Model, given: dict[str, Any]) -> None:
    """Input x gradient of the largest logit, by torch alone."""
    inputs = inputs_of(model, given.get("prompt"), given.get("input_ids"), given.get("pixel_values"))
    module: Any = model.module
    known = inspect.signature(module.forward).parameters
    less = {name: value for name, value in {"use_cache": False, "logits_to_keep": 1}.items() if name in known}
    leaves: list[Tensor] = []

    def leaf(_: object, __: object, output: Tensor) -> Tensor:
        leaves.append(output.detach().requires_grad_())
        return leaves[-1].clone()  # which the model may overwrite

    if inputs.tokens:
        embeddings = {id(part): part for part in (each.get_input_embeddings() for each in encoder_and_decoder(module))}
        handles = [part.register_forward_hook(leaf) for part in embeddings.values()]
        states = [part for part in module.modules() if hasattr(part, "recurrent_states")]
        with taken_back(states):  # which a few models keep from one pass to the next
            logits = answers_of(module(inputs.main, **inputs.others, **less), module)
        for handle in handles:
            handle.remove()
    else:
        leaves.append(inputs.main.requires_grad_())
        logits = answers_of(module(leaves[0]), module)
    value = logits.reshape(-1, logits.shape[-1])[-1].max()
    for x, grad in zip(leaves, torch.autograd.grad(value, leaves, allow_unused=True), strict=True):
        if grad is not None:
            (x * grad).sum(-1).cpu()  # which waits for a device


def ruled(model: Model, given: dict[str, Any], ledger: bool) -> None:
    """Under AttnLRP, of all layers."""
    target = targets.Top(0) if model.info.predicts == "masked token" else targets.Top()
    with engine.trace(model, **given, ledger=ledger) as trace:
        trace.explain(target)


def ratios(model: Model, given: dict[str, Any], rounds: int) -> tuple[float, float]:
    """The time of rules over that of plain input x gradient: without a ledger, and with one."""
    model.module.requires_grad_(False)
    ways: list[Callable[[], None]] = [
        partial(plain, model, given),
        partial(ruled, model, given, False),
        partial(ruled, model, given, True),
    ]
    taken: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds + 2):
        for way, times in zip(ways, taken, strict=True):
            start = time.process_time()
            way()
            if turn > 1:  # the first ones are the warm-up
                times.append(time.process_time() - start)
    alone, without, with_it = map(statistics.median, taken)
    return without / alone, with_it / alone


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--families", nargs="+", choices=ALL, metavar="TYPE", help="these alone, without SmolLM2")
    chosen = options.parse_args()
    rounds = chosen.rounds
    torch.set_num_threads(1)
    found = {
        type_: ratios(engine.load_model(ALL[type_].make()), ALL[type_].given, rounds)
        for type_ in chosen.families or ALL
    }
    for type_, (without, with_it) in sorted(found.items()):
        print(f"{type_}: {without:.2f}; with a ledger {with_it:.2f}, {with_it / without:.2f} of it")
    for place, name in enumerate(("without a ledger", "with one")):
        worst = max(found, key=lambda type_: found[type_][place])
        median = statistics.median(ratio[place] for ratio in found.values())
        print(f"{len(found)} families, {name}: median {median:.2f}, worst {found[worst][place]:.2f} ({worst})")
    kept = {type_: with_it / without for type_, (without, with_it) in found.items()}
    worst = max(kept, key=kept.__getitem__)
    print(f"the ledger alone: median {statistics.median(kept.values()):.2f}, worst {kept[worst]:.2f} ({worst})")
    path = smollm2()
    if path is not None and not chosen.families:
        without, with_it = ratios(engine.load_model(str(path)), {"prompt": EVEREST}, max(3, rounds // 3))
        print(f"SmolLM2, {len(EVEREST)} characters: {without:.2f}; with a ledger {with_it:.2f}")


if __name__ == "__main__":
    main()
