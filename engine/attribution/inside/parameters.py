"""The relevance of a model's weights: each weight times its gradient, as pruning and merging ask for it.

A weight that multiplies has the relevance of all that went through it: of a linear map y = W x with the gradient g at y
it is W ⊙ (g xᵀ), summed over tokens. The model's own parameters stay constants; the map is made again with a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from fnmatch import fnmatchcase
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from engine.attribution.gradients import on_gradient
from engine.attribution.ledger.constants import wide
from engine.attribution.read_out import choices_in
from engine.attribution.recording import Recording, going_back, record
from engine.attribution.targets.resolving import value_of
from engine.models.opening import Model
from engine.protocol.failures import ModelError
from engine.protocol.values import ResolvedTarget
from engine.watch import Watch

# What relevance of a matrix (output, input) is summed over: all of it, or all but its outputs, or all but its inputs
Summed = Literal["matrix", "output", "input"]


def parameters_of(
    model: Model,
    recording: Recording,
    target: ResolvedTarget,
    modules: Sequence[str] | None,
    summed: Summed | None,
    watch: Watch,
) -> dict[str, np.ndarray]:
    """The relevance of the parameters of some modules, by name; those of all that have weights if none are named.

    Raises ModelError where a name fits no module with weights.
    """
    chosen = _chosen(recording.module, modules)
    found: dict[str, Tensor] = {}
    with ExitStack() as undo:
        outputs: list[tuple[str, nn.Module, tuple[Any, ...], Tensor]] = []
        for name, module in chosen.items():

            def keep(part: nn.Module, args: tuple[Any, ...], output: Any, name: str = name) -> None:
                if isinstance(output, Tensor) and output.requires_grad:
                    outputs.append((name, part, args, output))

            undo.callback(module.register_forward_hook(keep).remove)
        again = record(recording.module, recording.inputs, recording.rules, recording.checkpointing, watch)
    with going_back(again), ExitStack() as undo:
        for name, part, args, output in outputs:

            def passed(gradient: Tensor, name: str = name, part: nn.Module = part, args: Any = args) -> None:
                watch.check()
                for own, relevance in _of_call(part, args, gradient).items():
                    key = f"{name}.{own}"
                    at = _summed(relevance, summed)
                    found[key] = found[key] + at if key in found else at

            undo.callback(on_gradient(output, passed).remove)
        value = value_of(target, choices_in(model, again))
        torch.autograd.grad(value, again.leaves, retain_graph=True, allow_unused=True)
    return {name: relevance.cpu().numpy().astype(np.float32) for name, relevance in sorted(found.items())}


def _chosen(whole: nn.Module, names: Sequence[str] | None) -> dict[str, nn.Module]:
    there = {name: part for name, part in whole.named_modules() if name and _multiplies(part)}
    if names is None:
        return there
    found: dict[str, nn.Module] = {}
    for name in names:
        fitting = {each: part for each, part in there.items() if fnmatchcase(each, name)}
        if not fitting:
            raise ModelError(
                f"No module “{name}” of {type(whole).__name__} multiplies by weights of its own: there are "
                f"{len(there)}, such as {next(iter(there), 'none')}."
            )
        found |= fitting
    return found


def _multiplies(part: nn.Module) -> bool:
    """Whether a module is one map by weights: it has some of two axes or more, and no parts."""
    own = [parameter for parameter in part.parameters(recurse=False) if parameter.ndim > 1]
    return bool(own) and not any(part.children()) and not isinstance(part, nn.Embedding)


def _of_call(part: nn.Module, args: tuple[Any, ...], gradient: Tensor) -> dict[str, Tensor]:
    """The relevance of the module's parameters in one call."""
    copies = {name: own.detach().clone().requires_grad_() for name, own in part.named_parameters(recurse=False)}
    with torch.enable_grad():
        output = functional_call(part, copies, tuple(x.detach() if isinstance(x, Tensor) else x for x in args))
        grads = torch.autograd.grad(output, list(copies.values()), gradient, allow_unused=True)
    return {
        name: (own.detach().to(wide(own)) * grad.to(wide(grad)))
        for (name, own), grad in zip(copies.items(), grads, strict=True)
        if grad is not None
    }


def _summed(relevance: Tensor, over: Summed | None) -> Tensor:
    if over is None:
        return relevance
    if over == "matrix" or relevance.ndim < 2:
        return relevance.sum() if over == "matrix" else relevance
    kept = 0 if over == "output" else 1
    return relevance.sum([axis for axis in range(relevance.ndim) if axis != kept])
