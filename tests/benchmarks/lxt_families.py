"""The five facts of docs/families.md asked of LXT, on the same tiny models.

`python -W ignore -m tests.benchmarks.lxt_families --lxt CHECKOUT`. Each family and rule set has a process of its own,
since LXT's patches stay. A fact is asked as it can be: the logits before and after patching; CP-LRP's relevance of word
embeddings, biases and other embeddings against the logit, all of it in float64; whether the modelling module's forwards
are as they were once all is done; whether AttnLRP's relevance is finite and not all zero in float32 and bfloat16. LXT
has no coverage report, so that fact cannot be asked. Its ViT is torchvision's, which is no family of transformers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from engine.attribution.trust.double import InDouble
from tests.benchmarks.needs import lxt_checkout
from tests.engine.attribution.facts import ALL
from tests.engine.attribution.test_ledger import with_random_biases

FAMILIES = {  # what LXT has a map for, and the model type that it is tried on
    "llama": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "qwen3_moe": "qwen3_moe",
    "gemma3": "gemma3_text",
    "gpt2": "gpt2",
    "bert": "bert",
}
ASKED = ("logits", "ledger", "reversible", "finite")
IN_DOUBLE = 1e-10


def forwards(module: ModuleType) -> dict[str, Any]:
    """The forward of every class of a modelling module, and its attention functions."""
    classes = {
        name: vars(kind).get("forward") for name, kind in getmembers(module, isclass) if issubclass(kind, nn.Module)
    }
    return classes | {"attention": getattr(module, "eager_attention_forward", None)}


def explained(model: nn.Module, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The last logits (choice,), the relevance of the word embeddings, and that of every constant together."""
    constants = [p for name, p in model.named_parameters() if any(part in name for part in ("bias", "embed", "wpe"))]
    words = model.get_input_embeddings()
    for parameter in model.parameters():
        parameter.requires_grad_(any(parameter is each for each in constants) and parameter is not words.weight)
    embedded = words(ids).detach().requires_grad_()
    logits = model(inputs_embeds=embedded).logits
    logits = logits.reshape(-1, logits.shape[-1])[-1]  # of the last token, or of the whole text
    logits.max().backward()
    others = [(p * p.grad).sum() for p in constants if p.grad is not None]
    return logits.detach(), (embedded * embedded.grad).detach(), sum(others, torch.zeros_like(logits[0])).detach()


def asked(name: str, rules: str) -> dict[str, Any]:
    """What LXT's map of that name does for a tiny model of that type; no ledger without a map for CP-LRP."""
    patching = import_module("lxt.efficient.core")
    family = import_module(f"lxt.efficient.models.{name}")
    modelling = import_module(f"transformers.models.{name}.modeling_{name}")
    type_ = FAMILIES[name]
    if not hasattr(family, rules):
        return {"ledger": None}
    model = with_random_biases(ALL[type_].make()).eval()
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")  # the only one of which LXT has a rule
    ids = torch.tensor([ALL[type_].given["input_ids"]])
    before = forwards(modelling)
    plain = explained(model, ids)[0]
    model.zero_grad()
    patching.monkey_patch(modelling, getattr(family, rules))
    if rules == "cp_LRP":
        with InDouble():
            logits, relevance, constants = explained(model.double(), ids)
        return {"ledger": float((relevance.sum() + constants - logits.max()).abs() / logits.max().abs())}
    logits, relevance, _ = explained(model, ids)
    half = explained(model.to(torch.bfloat16), ids)[1]
    finite = all(bool(r.isfinite().all() and r.abs().max() > 0) for r in (relevance, half))
    return {
        "logits": float((logits - plain).abs().max()),
        "finite": finite,
        "reversible": forwards(modelling) == before,
    }


def found(name: str, checkout: Path) -> dict[str, Any]:
    """All that was found of a family; a text says why nothing was."""
    answers: dict[str, Any] = {}
    for rules in ("attnLRP", "cp_LRP"):
        command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.lxt_families", "--lxt", str(checkout)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(checkout), str(Path.cwd())])}
        done = subprocess.run(
            [*command, "--one", name, rules], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return {"why": done.stderr.strip().splitlines()[-1]}
        answers |= json.loads(done.stdout.splitlines()[-1])
    return answers


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lxt", type=lxt_checkout, required=True)
    options.add_argument("--one", nargs=2)
    chosen = options.parse_args()
    if chosen.one:
        torch.manual_seed(0)
        print(json.dumps(asked(*chosen.one)))
        return
    met = dict.fromkeys(ASKED, 0)
    whole = 0
    for name in FAMILIES:
        facts = found(name, chosen.lxt)
        print(f"{name}: {facts}", flush=True)
        if "why" in facts:
            continue
        holds = {
            "logits": facts["logits"] == 0,
            "ledger": facts["ledger"] is not None and facts["ledger"] <= IN_DOUBLE,
            "reversible": facts["reversible"],
            "finite": facts["finite"],
        }
        whole += all(holds[fact] for fact in ("logits", "ledger", "finite"))
        for fact in ASKED:
            met[fact] += holds[fact]
    print(f"of {len(ALL)} families, {len(FAMILIES)} with a map: {met}; logits, ledger and finite together: {whole}")


if __name__ == "__main__":
    main()
