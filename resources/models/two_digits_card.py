"""The model card that goes with the image classifier."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torchvision
from torch import nn

from resources.models.recall import Split
from resources.models.two_digits import rows_of

CARD = """\
# vit: a small model that finds two digits

A small {architecture} of torchvision with {parameters:,} parameters, trained from scratch by
`python -m resources.models.train_vit`. It is here so that relevance can be seen on a genuine image classifier with no
download. It knows one thing: which two digits a picture shows. Whatever it says of other pictures means nothing.

- **Task**: two different handwritten digits at random places of {side} x {side} pixels, among strokes and quarters of
  digits half as large. Classes: the ten digits; both shown should have a probability of a half.
- **Data**: pictures made by `resources/models/two_digits.py` with seed {seed} from the real handwritten digits in
  `resources/models/digits` (UCI, CC BY 4.0). {held_out} of the {rows:,} digits are held out: no training picture has
  any part of them. The same people wrote both parts.
- **Shape**: {num_layers} blocks of width {hidden_dim} with {num_heads} heads; patches of {patch_size} x {patch_size}.
- **Training**: {steps:,} steps of {batch} pictures, {minutes:.0f} minutes of one core.
- **Accuracy**: in **{both:.1%}** of {pictures:,} held-out pictures the two likeliest classes are the two digits;
  {each:.1%} of the digits are among the two.
- **Size**: {megabytes:.1f} MB, float32, safetensors: the module's `state_dict`. `config.json` has the module's
  arguments, the classes and how pictures are prepared.
- **Made with** torch {torch}, torchvision {torchvision}.
"""


@dataclass(frozen=True)
class Training:
    """What a training run came to."""

    seed: int
    steps: int
    batch: int
    minutes: float
    both: float
    each: float
    pictures: int


def write_card(folder: Path, model: nn.Module, arguments: dict[str, int], training: Training) -> None:
    """Write `README.md` beside the weights in `folder`; `arguments` are those the module was made with."""
    held_out, trained = (len(rows_of(split)) for split in (Split.HELD_OUT, Split.TRAINING))
    text = CARD.format(
        **vars(training),
        **arguments,
        architecture=type(model).__name__,
        parameters=sum(weight.numel() for weight in model.parameters()),
        side=arguments["image_size"],
        held_out=held_out,
        rows=held_out + trained,
        megabytes=(folder / "model.safetensors").stat().st_size / 1e6,
        torch=torch.__version__.split("+")[0],
        torchvision=torchvision.__version__.split("+")[0],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
