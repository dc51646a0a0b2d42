"""Computes the stored vectors with LXT itself: `python -m tests.parity.regenerate --lxt PATH_TO_ITS_CHECKOUT`.

LXT changes classes for the whole process and cannot change them back, so every vector comes from a process of its own.
It is a development tool: neither the program nor its tests need it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch

from tests.parity.models import ATTENTIONS, FAMILIES, IDS, RULES, fixed_model

VECTORS = Path(__file__).with_name("vectors.json")


def reference(family: str, attention: str, rules: str) -> dict[str, object]:
    """LXT's documented recipe: patch the modelling file, embed, take the largest last logit, go back."""
    modelling = import_module(f"transformers.models.{family}.modeling_{family}")
    patches = import_module(f"lxt.efficient.models.{family}")
    monkey_patch = import_module("lxt.efficient.core").monkey_patch
    monkey_patch(modelling, {"attnlrp": patches.attnLRP, "cp-lrp": patches.cp_LRP}[rules])
    model = fixed_model(family, attention)
    streams: list[torch.Tensor] = []

    def keep(_: object, args: tuple[torch.Tensor, ...], kwargs: dict[str, torch.Tensor]) -> None:
        streams.append(args[0] if args else kwargs["hidden_states"])
        streams[-1].retain_grad()

    for parameter in model.parameters():
        parameter.requires_grad = False
    for block in model.model.layers:
        block.register_forward_pre_hook(keep, with_kwargs=True)
    embedded = model.get_input_embeddings()(torch.tensor(IDS)).requires_grad_()
    value = model(inputs_embeds=embedded, use_cache=False).logits[0, -1].max()
    value.backward()
    read = [(stream * stream.grad).sum(-1)[0].tolist() for stream in (embedded, *streams)]
    return {"value": value.item(), "input": read[0], "layers": read[1:]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lxt", type=Path, required=True)
    options.add_argument("--one", nargs=3)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(reference(*chosen.one)))
        return
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(chosen.lxt), str(Path.cwd())])}
    vectors: dict[str, object] = {"versions": {name: version(name) for name in ("torch", "transformers")}}
    for case in [(f, a, r) for f in FAMILIES for a in ATTENTIONS for r in RULES]:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.parity.regenerate",
            "--lxt",
            str(chosen.lxt),
            "--one",
            *case,
        ]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        vectors["/".join(case)] = json.loads(done.stdout.splitlines()[-1])
    VECTORS.write_text(json.dumps(vectors, indent=1))


if __name__ == "__main__":
    main()
