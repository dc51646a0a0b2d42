"""The scope of rules: puts a table to work on one module, and takes it away again.

1. The module's parameters are made constants: an operand that requires a gradient is one that depends on the input.
2. Its `forward` is wrapped: while it runs, a mode hands every operation in the table to its rule.
3. Activation modules made of several operations are wrapped too, and get the identity rule as one; as are parts that
   have a rule of their own.
4. Linear and convolutional modules follow a table of their own, where there is one.
5. On exit everything is as it was.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

from engine.anatomy import parts_of, parts_that
from engine.rules.gates import ON_NUMBERS
from engine.rules.opened import opened
from engine.rules.operations import (
    Arguments,
    Operation,
    Options,
    Rule,
    acts,
    identity,
    off,
    own_gradient,
)
from engine.rules.whole import is_whole, slope_of

# Runs an operation in the rules' place, `rule(operation, args, options)`, and notes what it has to. One with a method
# `of` says for each operation what of it looks at those that depend on the input, or None; others are given all.
Observer = Callable[[Operation, Rule, Arguments, Options], Any]
# What is entered while rules are on a module, and gives parts of it that are one operation to them
Parts = Callable[[nn.Module], AbstractContextManager[Mapping[nn.Module, Rule]]]


class _Entered(threading.local):
    """The modes this thread is in, innermost last; None where rules are suspended."""

    def __init__(self) -> None:
        self.modes: list[RuleMode | None] = [None]


_entered = _Entered()
_BENEATH = "_beneath_rules"
# Modules, not operations: what `nn.MultiheadAttention` computes with the weights of parts it never calls is none
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class RuleMode(TorchFunctionMode):
    """Hands each operation whose operands depend on the input to its rule. Of nested modes the innermost acts alone.

    An observer is handed the operation with its rule instead; and of the others those it wants to see, with
    `own_gradient` for a rule.
    """

    def __init__(self, rules: Mapping[Operation, Rule], observer: Observer | None = None) -> None:
        super().__init__()
        self.rules = rules
        self.observer = observer
        self._plans: dict[Operation, Rule | None] = {}

    def __torch_function__(
        self, func: Operation, types: Iterable[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            plan = self._plans[func]
        except KeyError:
            plan = self._plans[func] = self._plan(func)
        if plan is None or _entered.modes[-1] is not self:  # most operations, and what a rule computes with
            return func(*args, **kwargs) if kwargs else func(*args)
        return plan(func, args, kwargs or {})

    def _plan(self, operation: Operation) -> Rule | None:
        """How the operation runs under this mode; None as it is."""
        rule = self.rules.get(operation)
        if rule is off:
            return self._off
        if rule is None and opened(operation) is not None:
            return self._open
        look = _of(self.observer, operation)
        if look is not None:
            watched = functools.partial(_watched, look, rule or own_gradient)
            if look is self.observer and rule is None:
                return watched
            return functools.partial(_if_it_acts, watched, ON_NUMBERS.get(rule or own_gradient, _as_it_is))
        return None if rule is None else functools.partial(_if_it_acts, rule, ON_NUMBERS.get(rule, _as_it_is))

    def _off(self, operation: Operation, args: Arguments, options: Options) -> Any:
        return self.apply(operation, off, args, options) if acts(args, options) else off(operation, args, options)

    def _open(self, operation: Operation, args: Arguments, options: Options) -> Any:
        parts = opened(operation)
        assert parts is not None
        with self:
            return parts(*args, **options)

    def apply(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        """The operation as its rule has it, under the observer's eyes."""
        if self.observer is None:
            return rule(operation, args, options)
        return self.observer(operation, rule, args, options)

    def __enter__(self) -> RuleMode:
        _entered.modes.append(self)
        mode: Any = super()  # torch's modes have no types
        mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        mode: Any = super()
        mode.__exit__(*exception)
        _entered.modes.pop()


@dataclass(frozen=True, eq=False)
class Tables:
    """Which operation follows which rule: `rules`, or `layers` inside calls of linear and convolutional modules."""

    rules: Mapping[Operation, Rule]
    layers: Mapping[Operation, Rule] | None
    parts: Parts | None  # modules that are one operation, with a rule of their own
    whole_activations: bool  # activation modules of several operations get the identity rule as one


@contextmanager
def rules_on(module: nn.Module, tables: Tables, observer: Observer | None = None) -> Iterator[None]:
    """Inside the `with`, calls of `module` follow `tables`; `observer` runs every operation."""
    mode = RuleMode(tables.rules, observer)
    with _prepared(module, mode, tables), replaced_forward(module, _under(mode, module.forward)):
        yield


@contextmanager
def rules_during(module: nn.Module, tables: Tables) -> Iterator[None]:
    """Inside the `with`, which is one call of `module`, every operation follows `tables`."""
    mode = RuleMode(tables.rules)
    with _prepared(module, mode, tables), mode:
        yield


@contextmanager
def _prepared(module: nn.Module, mode: RuleMode, tables: Tables) -> Iterator[None]:
    """Inside the `with`, the parameters are constants, and parts that are more than their operations are known."""
    with ExitStack() as undo:
        undo.enter_context(constant_parameters(module))
        ruled = undo.enter_context(tables.parts(module)) if tables.parts is not None else {}
        rules = dict(ruled)
        if tables.whole_activations:
            rules = {child: identity(slope_of(child)) for child in parts_that(is_whole, module)} | rules
        for child, rule in rules.items():
            undo.enter_context(replaced_forward(child, _as_one(mode, child.forward, rule)))
        if tables.layers is not None:
            for child in parts_that(_is_layer, module):
                if child not in rules:
                    undo.enter_context(replaced_forward(child, _layer(mode, child.forward, tables.layers)))
        yield


def _of(observer: Observer | None, operation: Operation) -> Observer | None:
    """What of an observer looks at an operation: all of it, or what its `of` gives."""
    of = getattr(observer, "of", None)
    return observer if of is None else of(operation)


def _watched(look: Observer, rule: Rule, operation: Operation, args: Arguments, options: Options) -> Any:
    return look(operation, rule, args, options)


def _if_it_acts(rule: Rule, else_: Rule, operation: Operation, args: Arguments, options: Options) -> Any:
    """The operation as its rule has it, where an operand depends on the input."""
    return rule(operation, args, options) if acts(args, options) else else_(operation, args, options)


def _as_it_is(operation: Operation, args: Arguments, options: Options) -> Any:
    return operation(*args, **options)


def rules_act() -> bool:
    """Whether this thread is inside a call that runs under rules."""
    return len(_entered.modes) > 1


def rules_again() -> AbstractContextManager[Any]:
    """The rules in force now, to be entered later: by a block that is computed again in the backward pass."""
    return _entered.modes[-1] or nullcontext()


@contextmanager
def _suspended() -> Iterator[None]:
    _entered.modes.append(None)
    try:
        yield
    finally:
        _entered.modes.pop()


def _under(mode: RuleMode, forward: Callable[..., Any]) -> Callable[..., Any]:
    forward = getattr(forward, _BENEATH, forward)  # the innermost `with` wins: rules already on the module do not act

    @functools.wraps(forward)
    def under_rules(*args: Any, **kwargs: Any) -> Any:
        with mode:
            return forward(*args, **kwargs)

    setattr(under_rules, _BENEATH, forward)
    return under_rules


def _as_one(mode: RuleMode, forward: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    @functools.wraps(forward)
    def as_one(*args: Any, **kwargs: Any) -> Any:
        innermost = _entered.modes[-1]
        if innermost is None or innermost.rules is not mode.rules or not acts(args, kwargs):
            return forward(*args, **kwargs)
        with _suspended():
            return innermost.apply(forward, rule, args, kwargs)

    return as_one


def _layer(mode: RuleMode, forward: Callable[..., Any], rules: Mapping[Operation, Rule]) -> Callable[..., Any]:
    @functools.wraps(forward)
    def layer(*args: Any, **kwargs: Any) -> Any:
        innermost = _entered.modes[-1]
        if innermost is None or innermost.rules is not mode.rules:
            return forward(*args, **kwargs)
        with RuleMode(rules, innermost.observer):
            return forward(*args, **kwargs)

    return layer


@contextmanager
def replaced_forward(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Inside the `with`, calls of `module` are calls of `forward`."""
    own = module.__dict__  # past the module's own way to set attributes, which looks for parameters first
    before = own.get("forward")
    own["forward"] = forward
    try:
        yield
    finally:
        if before is None:
            del own["forward"]
        else:
            own["forward"] = before


@contextmanager
def constant_parameters(module: nn.Module) -> Iterator[None]:
    """Inside the `with`, no parameter of `module` requires a gradient."""
    # By name: weights that wait on the disk or in another memory come as new parameters for every call.
    learned = []
    for part in parts_of(module):
        for name, parameter in part._parameters.items():
            if parameter is not None and parameter.requires_grad:
                learned.append((part, name))
                parameter.requires_grad_(False)
    try:
        yield
    finally:
        for part, name in learned:
            if (parameter := part._parameters[name]) is not None:
                parameter.requires_grad_(True)


def _is_layer(module: nn.Module) -> bool:
    return isinstance(module, _LAYERS)
