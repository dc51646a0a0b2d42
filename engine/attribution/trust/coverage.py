"""The rule of every operation, by module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor, nn
from zennit.core import Composite

from engine.attribution.inputs.given import inputs_of
from engine.attribution.recording import Recording, record
from engine.attribution.trust.walking import Walk
from engine.models.machine.modes import with_gradients
from engine.models.opening import Model, load_model
from engine.protocol.reports import FORWARD_HOOK, PLAIN_GRADIENT, CoverageRow
from engine.rules.linear import LINEAR
from engine.rules.operations import Arguments, Operation, Options, Rule, depends, own_gradient
from engine.rules.table import RuleSet, rule_set

_KNOWN_FUNCTIONS = ("torch", "engine", "zennit")


@with_gradients()
def coverage(
    model: Model | nn.Module,
    prompt: str | None = None,
    *,
    input_ids: Sequence[int] | Tensor | None = None,
    pixel_values: Tensor | None = None,
    rules: str | RuleSet | Composite = "attnlrp",
) -> tuple[CoverageRow, ...]:
    """Which rule each operation that depends on the input gets in a forward pass, in the order of first use.

    An autograd function of the model's own, into which rules do not see, is a row of the model itself; a forward hook
    is one of the part that it is on. Raises PromptError, RulesError, ModelError, as `trace` does.
    """
    model = model if isinstance(model, Model) else load_model(model)
    chosen = rule_set(rules)
    inputs = inputs_of(model, prompt, input_ids, pixel_values)
    census = _Census(chosen)
    with census.walk.through(model.module):
        recorded = record(model.module, inputs, chosen, checkpointing=False, observer=census)
    rows = [CoverageRow(*names, count) for names, count in census.found.items()]
    return *rows, *_functions_of_others(recorded), *_hooks(model.module)


def _functions_of_others(recorded: Recording) -> Iterator[CoverageRow]:
    """The autograd functions in the graph that are neither torch's nor ours: their gradients are their own."""
    found: Counter[str] = Counter()
    waiting, known = [recorded.logits(recorded.length - 1).grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in known:
            continue
        known.add(node)
        function = getattr(type(node), "_forward_cls", None)
        if function is not None and function.__module__.partition(".")[0] not in _KNOWN_FUNCTIONS:
            found[function.__name__] += 1
        waiting += [following for following, _ in node.next_functions]
    for name, count in found.items():
        yield CoverageRow("", name, PLAIN_GRADIENT, count)


def _hooks(module: nn.Module) -> Iterator[CoverageRow]:
    """The forward hooks that somebody put on parts of a model: what they do to tensors is part of the forward pass."""
    for path, part in module.named_modules():
        for hook in (*part._forward_pre_hooks.values(), *part._forward_hooks.values()):
            yield CoverageRow(path, getattr(hook, "__qualname__", type(hook).__name__), FORWARD_HOOK, 1)


class _Census:
    """Observes a forward pass, and counts its operations."""

    def __init__(self, rules: RuleSet) -> None:
        self.found: Counter[tuple[str, str, str]] = Counter()
        self._ruled = rules.rules
        self.walk = Walk()

    def __call__(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        result = rule(operation, args, options)
        written = args[0] if result is None and args else result
        if operation in self._ruled or _depends(written):
            self.found[self.walk.path, _name(operation), self._rule_name(operation, rule)] += 1
        return result

    def _rule_name(self, operation: Operation, rule: Rule) -> str:
        if rule is own_gradient and operation not in self._ruled and operation not in LINEAR:
            return PLAIN_GRADIENT
        return rule.__name__.replace("_", " ")


def _depends(value: object) -> bool:
    return any(map(_depends, value)) if isinstance(value, list | tuple) else depends(value)


def _name(operation: Operation) -> str:
    """What torch calls it; of an activation module, its class."""
    owner = getattr(operation, "__self__", None)
    return type(owner).__name__ if isinstance(owner, nn.Module) else operation.__name__.strip("_")
