"""Pictures for models of one channel: digits, X-rays and the like, which see how light a picture is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image
from torch import Tensor, nn

Preprocess = Callable[[Image.Image], Tensor]

REFUSALS = (AttributeError, RuntimeError, TypeError, ValueError, ZeroDivisionError)  # what preprocessing raises


def channels_of(module: nn.Module) -> int:
    """How many channels the pictures have that `module` takes: 1 or 3."""
    config: Any = getattr(module, "config", None)
    for settings in (config, getattr(config, "vision_config", None)):
        if isinstance(count := getattr(settings, "num_channels", None), int):
            return 1 if count == 1 else 3
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    return 1 if first is not None and first.in_channels == 1 else 3


def in_grey(preprocess: Preprocess) -> Preprocess:
    """`preprocess` of the picture's grey, (1, height, width): of one channel, or of three that it scales alike."""

    def of_grey(image: Image.Image) -> Tensor:
        grey = image.convert("L")
        try:
            found = preprocess(grey)
        except REFUSALS:
            found = preprocess(grey.convert("RGB"))
        alike = isinstance(found, Tensor) and found.ndim == 3 and bool((found == found[:1]).all())
        return found[:1] if alike else found

    return of_grey
