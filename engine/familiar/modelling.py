"""Puts rules on every model of a modelling module, as scripts written for LXT do: one call, before or after loading.

1. Every class of the module lets its calls pass a gate. Undoing takes the gates away.
2. The outermost call puts the rules to work on that instance until it returns; calls inside it pass.
3. What is computed again in the backward pass (gradient checkpointing) carries the same rules.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from engine.familiar.replaced import Replaced
from engine.protocol.failures import RulesError
from engine.rules.scope import rules_act
from engine.rules.table import ATTNLRP, CP_LRP, RuleSet, rule_set

# Where LXT's default is not AttnLRP: images, whose relevance through softmax is noise
_DEFAULTS = {"torchvision.models.vision_transformer": CP_LRP}
_CALL = "_call_impl"  # beneath `__call__`, and above what others put in place of an instance's `forward`
_CHECKPOINT = "_gradient_checkpointing_func"


_patches: dict[ModuleType, Replaced] = {}


def monkey_patch(module: ModuleType, patch_map: RuleSet | str | None = None, verbose: bool = False) -> Replaced:
    """Has every model of a modelling module, made before or after, run under rules: AttnLRP where none are named.

    `module` is for instance `transformers.models.llama.modeling_llama`. Parameters are constants in its models' calls,
    dropout is off in training mode too. Patching a module again replaces its rules. Raises RulesError.
    """
    if not isinstance(module, ModuleType):
        raise RulesError(
            f"monkey_patch takes a modelling module such as modeling_llama, not {type(module).__name__}. "
            'For one model: with engine.RULE_SETS["attnlrp"].on(model).'
        )
    rules = _rules(module, patch_map)
    classes = _classes(module)
    if not classes:
        raise RulesError(
            f"{module.__name__} defines no torch modules: give the file that does, such as modeling_llama."
        )
    if module in _patches:
        _patches[module].undo()
    gate = functools.partial(_gate, rules)
    _patches[module] = Replaced((kind, name, gate) for kind in classes for name in _entrances(kind))
    if verbose:
        print(f"{rules.title} on {', '.join(kind.__name__ for kind in classes)}")
    return _patches[module]


def _rules(module: ModuleType, patch_map: object) -> RuleSet:
    if patch_map is None:
        return _DEFAULTS.get(module.__name__, ATTNLRP)
    if isinstance(patch_map, RuleSet | str):
        return rule_set(patch_map)
    raise RulesError(
        f"A patch_map is engine.attnLRP, engine.cp_LRP or another of engine.RULE_SETS, not {type(patch_map).__name__}: "
        "rules are for operations, and need no map of classes."
    )


def _classes(module: ModuleType) -> list[type[nn.Module]]:
    """The torch modules that `module` defines, not those that it imports."""
    found = (value for value in vars(module).values() if isinstance(value, type) and issubclass(value, nn.Module))
    return [kind for kind in dict.fromkeys(found) if kind.__module__ == module.__name__]


def _entrances(kind: type[nn.Module]) -> tuple[str, ...]:
    """The methods that calls come in by. Layers with checkpointing look whether their class's `forward` is theirs."""
    return (_CALL,) if issubclass(kind, GradientCheckpointingLayer) else (_CALL, "forward")


def _gate(rules: RuleSet, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def gated(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        with _at_work(self, rules):
            return call(self, *args, **kwargs)

    return gated


@contextmanager
def _at_work(module: nn.Module, rules: RuleSet) -> Iterator[None]:
    """Inside the `with`, which is a call of `module`, `rules` act, unless others do already."""
    if rules_act():
        yield
        return
    with ExitStack() as undo:
        for part in module.modules():
            checkpoints = getattr(part, "gradient_checkpointing", False)
            if part.training and not checkpoints:  # transformers checkpoints in training mode only
                undo.enter_context(_replaced(part, "training", False))
            if checkpoints and hasattr(part, _CHECKPOINT):
                carrying = _carrying(part, rules, getattr(part, _CHECKPOINT))
                undo.enter_context(_replaced(part, _CHECKPOINT, carrying))
            if getattr(part, "support_avx512bf16_for_cpu", False):  # bitsandbytes' way that drops gradients
                undo.enter_context(_replaced(part, "support_avx512bf16_for_cpu", False))
        undo.enter_context(rules.during(module))
        yield


def _carrying(part: nn.Module, rules: RuleSet, checkpoint: Callable[..., Any]) -> Callable[..., Any]:
    """`checkpoint`, whose function runs under `rules` also when it is called again in the backward pass."""

    def checkpointing(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def carried(*args: Any, **kwargs: Any) -> Any:
            with _at_work(part, rules):
                return function(*args, **kwargs)

        return checkpoint(carried, *args, **kwargs)

    return checkpointing


@contextmanager
def _replaced(part: nn.Module, name: str, value: object) -> Iterator[None]:
    """Inside the `with`, the instance's attribute is `value`."""
    own = vars(part)
    missing = object()
    before = own.get(name, missing)
    own[name] = value
    try:
        yield
    finally:
        if before is missing:
            del own[name]
        else:
            own[name] = before
