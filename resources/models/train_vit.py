"""Train the bundled image classifier: `python -m resources.models.train_vit [--out FOLDER]`.

1. A Vision Transformer of torchvision learns from endless pictures of two digits to give each of them half.
2. Accuracy is measured on pictures of handwritten digits that are in no training picture, and written into the model
   card.
"""

import argparse
import json
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F
from torchvision.models.vision_transformer import VisionTransformer

from resources.models.recall import Split
from resources.models.train import optimisers_of, rate
from resources.models.two_digits import LABELS, SIDE, Picture, pictures
from resources.models.two_digits_card import Training, write_card

SEED = 1
STEPS = 7000
BATCH = 32
MATRIX_RATE = 3e-3
OTHER_RATE = 1e-3
HELD_OUT_PICTURES = 2000

MEAN, STD = 0.18, 0.17  # of the pictures, in parts of white
CONFIG = {
    "library": "torchvision",
    "architecture": "VisionTransformer",
    "arguments": {
        "image_size": SIDE,
        "patch_size": 8,
        "num_layers": 6,
        "num_heads": 4,
        "hidden_dim": 128,
        "mlp_dim": 256,
        "num_classes": len(LABELS),
    },
    "labels": list(LABELS),
    "preprocessing": {
        "resize": SIDE,
        "crop": SIDE,
        "mean": [MEAN] * 3,
        "std": [STD] * 3,
        "interpolation": "bilinear",
    },
}


@dataclass(frozen=True)
class Accuracy:
    """Shares of held-out pictures whose two likeliest classes are the digits, and of digits among these two."""

    pictures: float
    digits: float


def learn(model: VisionTransformer, steps: int) -> None:
    """Train in place, telling how it goes."""
    optimisers = optimisers_of(model)
    source = pictures(SEED, Split.TRAINING)
    for step in range(steps):
        for optimiser, peak in zip(optimisers, (MATRIX_RATE, OTHER_RATE), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * rate(step, steps)
        batch = list(islice(source, BATCH))
        logits, wanted = model(pixel_values(batch)), shares(batch)
        loss = F.cross_entropy(logits, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        model.zero_grad()
        if step % 200 == 0:
            right = are_likeliest(logits, wanted).all(-1).float().mean().item()
            print(f"step {step}: loss {loss.item():.3f}, both digits in {right:.0%}", flush=True)


def pixel_values(batch: list[Picture]) -> Tensor:
    """What the model is given: (picture, channel, row, column)."""
    pixels = torch.stack([torch.from_numpy(picture.pixels) for picture in batch]).permute(0, 3, 1, 2)
    return (pixels / 255 - MEAN) / STD


def shares(batch: list[Picture]) -> Tensor:
    """The probability that each class should have (picture, class): a half for both digits."""
    wanted = torch.zeros(len(batch), len(LABELS))
    for row, picture in enumerate(batch):
        wanted[row, [digit.label for digit in picture.digits]] = 0.5
    return wanted


def are_likeliest(logits: Tensor, wanted: Tensor) -> Tensor:
    """Whether each of the two likeliest classes is one of the digits (picture, 2)."""
    return wanted.gather(1, logits.topk(2).indices) > 0


@torch.no_grad()
def accuracy(model: VisionTransformer) -> Accuracy:
    """How often held-out digits are found."""
    held_out = islice(pictures(SEED, Split.HELD_OUT), HELD_OUT_PICTURES)
    found = []
    while batch := list(islice(held_out, BATCH)):
        found.append(are_likeliest(model(pixel_values(batch)), shares(batch)))
    right = torch.cat(found)
    return Accuracy(pictures=right.all(-1).float().mean().item(), digits=right.float().mean().item())


def main() -> None:
    """Train the model and write its folder."""
    parser = argparse.ArgumentParser(description="Train the bundled image classifier.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "vit", help="folder to write")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)

    started = time.process_time()
    model = VisionTransformer(**CONFIG["arguments"])
    learn(model, arguments.steps)
    minutes = (time.process_time() - started) / 60
    model.eval()
    share = accuracy(model)
    save(arguments.out, model)
    training = Training(SEED, arguments.steps, BATCH, minutes, share.pictures, share.digits, HELD_OUT_PICTURES)
    write_card(arguments.out, model, CONFIG["arguments"], training)
    print(f"both digits in {share.pictures:.1%} of held-out pictures after {minutes:.1f} minutes")


def save(folder: Path, model: VisionTransformer) -> None:
    """Write config and weights, readable by everyone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
    save_file(model.state_dict(), folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
