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
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import vision_transformer
from zennit.composites import LayerMapComposite
from zennit.rules import Gamma

from tests.parity.models import CASES, GAMMAS, IDS, blocks, fixed_model, fixed_vision_model

VECTORS = Path(__file__).with_name("vectors.json")


def reference(family: str, attention: str, rules: str) -> dict[str, object]:
    """LXT's documented recipe: patch the modelling file, embed, take the largest last logit, go back."""
    modelling = import_module(f"transformers.models.{family}.modeling_{family}")
    patches = import_module(f"lxt.efficient.models.{family}")
    monkey_patch = import_module("lxt.efficient.core").monkey_patch
    monkey_patch(modelling, getattr(patches, {"attnlrp": "attnLRP", "cp-lrp": "cp_LRP"}[rules]))
    model = fixed_model(family, attention)
    embedded = model.get_input_embeddings()(torch.tensor(IDS)).detach().requires_grad_()
    return explained(model, embedded, lambda: model(inputs_embeds=embedded, use_cache=False).logits[0, -1].max(), -1)


def vision_reference(conv: float, linear: float) -> dict[str, object]:
    """LXT's recipe for torchvision: patch it and zennit, put gamma rules on the layers, take the largest logit."""
    patching = import_module("lxt.efficient")
    patching.monkey_patch(vision_transformer)
    patching.monkey_patch_zennit()
    return gamma_explained(conv, linear)


def gamma_explained(conv: float, linear: float) -> dict[str, object]:
    """The vision model's relevance with zennit's gamma rules on its layers, whatever is patched."""
    model, image = fixed_vision_model()
    composite = LayerMapComposite([(nn.Conv2d, Gamma(conv)), (nn.Linear, Gamma(linear))])
    with composite.context(model):
        return explained(model, image.requires_grad_(), lambda: model(image)[0].max(), 1)


def explained(model: nn.Module, leaf: Tensor, value: Callable[[], Tensor], axis: int) -> dict[str, object]:
    """What a script reads: activation x gradient at `leaf`, summed over `axis`, and at what enters each block."""
    streams: list[Tensor] = []

    def keep(_: object, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        streams.append(args[0] if args else kwargs["hidden_states"])
        streams[-1].retain_grad()

    for parameter in model.parameters():
        parameter.requires_grad = False
    for block in blocks(model):
        block.register_forward_pre_hook(keep, with_kwargs=True)
    target = value()
    target.backward()
    layers = [(stream * stream.grad).sum(-1)[0].tolist() for stream in streams]
    return {"value": target.item(), "input": (leaf * leaf.grad).sum(axis)[0].tolist(), "layers": layers}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lxt", type=Path, required=True)
    options.add_argument("--one", nargs=3)
    chosen = options.parse_args()
    if chosen.one:
        family, *settings = chosen.one
        print(json.dumps(vision_reference(*map(float, settings)) if family == "vit" else reference(*chosen.one)))
        return
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(chosen.lxt), str(Path.cwd())])}
    vectors: dict[str, object] = {"versions": {name: version(name) for name in ("torch", "transformers")}}
    for case in [*CASES, *(("vit", str(conv), str(linear)) for conv, linear in GAMMAS)]:
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
