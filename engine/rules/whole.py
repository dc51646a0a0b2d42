"""Modules that are one activation, whatever they are made of: they get the identity rule as one."""

from __future__ import annotations

import functools
import re

from torch import nn
from transformers import activations

from engine.rules import slopes
from engine.rules.slopes import Slope

# Activations that transformers writes out in several operations, or may
_WHOLE: dict[type[nn.Module], Slope] = {
    activations.SiLUActivation: slopes.silu,
    activations.GELUActivation: slopes.gelu_erf,
    activations.GELUTanh: slopes.gelu_tanh,
    activations.NewGELUActivation: slopes.gelu_tanh,
    activations.FastGELUActivation: slopes.gelu_tanh,
    activations.AccurateGELUActivation: slopes.gelu_tanh,
    activations.QuickGELUActivation: slopes.gelu_quick,
}
_WRITTEN_OUT = re.compile("GELU|Gelu|SiLU|Swish|Mish|XIELU")


def is_whole(module: nn.Module) -> bool:
    """Whether `module` is one activation, made of operations whose own rules would tear it apart."""
    if type(module) in _WHOLE:
        return True
    if type(module).__module__.startswith("torch.") or any(module.children()):
        return False
    return _WRITTEN_OUT.search(type(module).__name__) is not None


def slope_of(activation: nn.Module) -> Slope:
    """f(x) / x of a module that is one activation."""
    return _WHOLE.get(type(activation)) or functools.partial(slopes.of_any, activation.forward)
