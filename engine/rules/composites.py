"""zennit's composites as rules: a module that a composite maps is one operation, and its hook's formula is its rule.

1. Relevance is what goes back in zennit, and a gradient is what goes back here: the hook is given gradient x output,
   and what it hands on is divided by the input. Hooks that are no rule of relevance (GuidedBackprop's) have gradients.
2. A rule may give relevance to an input that is zero, as ZBox and Flat do to black pixels, and no gradient times zero
   is that. It goes beside (`beside`): as the gradient of a tensor that comes with the input, from one such module to
   the one before it, and in the end to the model's input. What would be lost on this way is an error.
3. A hook keeps nothing: its module's input is kept, as often as it is called, and the rest is computed going back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from zennit.core import BasicHook, Composite, Hook
from zennit.rules import Pass

from engine.protocol.failures import RulesError
from engine.rules.beside import put_beside, relevance_beside
from engine.rules.operations import Arguments, Operation, Options, Rule, depends

RELEVANCE_HOOKS = (BasicHook, Pass)  # the hooks that hand on relevance; the others of zennit hand on gradients


class CompositeRules:
    """The rules of one composite, to be put on modules."""

    def __init__(self, composite: Composite) -> None:
        self._composite = composite
        self._canonized: list[nn.Module] = []  # those that the canonizers are on now

    @contextmanager
    def __call__(self, module: nn.Module) -> Iterator[Mapping[nn.Module, Rule]]:
        """Inside the `with`, the canonizers are applied; the parts of `module` that are mapped, with their rules.

        Raises RulesError where a part of a part is mapped.
        """
        with ExitStack() as undo:
            if self._composite.canonizers:
                undo.enter_context(_same_parameters(module))
            for canonizer in self._composite.canonizers:
                with torch.no_grad():
                    for applied in canonizer.apply(module):
                        undo.callback(applied.remove)
            module.requires_grad_(False)  # biases that a canonizer added
            self._canonized.append(module)
            undo.callback(self._canonized.remove, module)
            memory: dict[Any, Any] = {}
            found = [
                (name, part, self._composite.module_map(memory, name, part)) for name, part in module.named_modules()
            ]
            mapped = {part: (name, hook) for name, part, hook in found if hook is not None}
            _check_that_none_is_part_of_another(mapped)
            yield {part: self._rule(hook, part, name, module) for part, (name, hook) in mapped.items()}

    def _rule(self, hook: Hook, part: nn.Module, name: str, module: nn.Module) -> Rule:
        def rule(operation: Operation, args: Arguments, options: Options) -> Any:
            if not (args and depends(args[0])) or any(map(depends, (*args[1:], *options.values()))):
                raise RulesError(f"{type(hook).__name__} on {name} takes one value: {type(part).__name__} has several.")
            x, *others = args
            call = _Call(hook, part, name, operation, others, options, _has_beside(x), in_force)
            y, beside = _Hooked.apply(x, relevance_beside(x), call)
            put_beside(y, beside)
            return y

        def in_force() -> bool:
            return not self._composite.canonizers or module in self._canonized

        rule.__name__ = type(hook).__name__
        return rule


@contextmanager
def _same_parameters(module: nn.Module) -> Iterator[None]:
    """At the end of the `with`, each part has the parameters it had, and in their places.

    Canonizers of zennit 0.5 leave a bias of zeros where there was none, those of zennit 1 attributes in front of
    parameters; and zennit 1's rules leave other parameters of the same numbers.
    """
    before = [(part, dict(part._parameters), _in_front(part)) for part in module.modules()]
    try:
        yield
    finally:
        for part, parameters, in_front in before:
            for name in _in_front(part):
                del part.__dict__[name]
            part.__dict__.update(in_front)
            part._parameters.clear()
            part._parameters.update(parameters)


def _in_front(part: nn.Module) -> dict[str, Any]:
    """The attributes that hide a parameter or a buffer."""
    return {name: part.__dict__[name] for name in (*part._parameters, *part._buffers) if name in part.__dict__}


def _check_that_none_is_part_of_another(mapped: Mapping[nn.Module, tuple[str, Hook]]) -> None:
    for part, (name, hook) in mapped.items():
        inner = [mapped[inner][0] for inner in part.modules() if inner is not part and inner in mapped]
        if inner and isinstance(hook, BasicHook):
            raise RulesError(f"The composite has rules for {name} and for its part {inner[0]}: leave one of them out.")


@dataclass(frozen=True, eq=False)
class _Call:
    """One call of a module that has a hook: all but its input."""

    hook: Hook
    module: nn.Module
    name: str
    forward: Callable[..., Any]
    others: Arguments
    options: Options
    has_beside: bool  # so that relevance of zeros is not lost
    in_force: Callable[[], bool]

    def output(self, x: Tensor) -> Tensor:
        """What the module gives; `x` is not overwritten."""
        result = self.forward(x.clone() if getattr(self.module, "inplace", False) else x, *self.others, **self.options)
        if not isinstance(result, Tensor):
            raise RulesError(
                f"{self._title} gives {type(result).__name__}: zennit's rules are for modules of one output."
            )
        return result

    def back(self, grad: Tensor, beside: Tensor | None, x: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient at `x`, and beside it the relevance of its zeros."""
        if not self.in_force():
            raise RulesError(
                "The composite's canonizers were removed before the backward pass: go back inside the `with`."
            )
        if not isinstance(self.hook, RELEVANCE_HOOKS):
            return self._modified(grad, x), torch.zeros_like(x)
        y = self.output(x)
        relevance = grad * y if beside is None else grad * y + beside
        found = self._handed_on(x, y, x, relevance)
        if found is None or found.shape != x.shape:
            raise RulesError(
                f"{self._title} changes the shape, and its rule does not say what relevance its input has."
            )
        nothing = x == 0
        at_zeros = found.where(nothing, 0)
        if not self.has_beside and at_zeros.any():
            raise RulesError(
                f"{self._title} gives relevance to inputs that are exactly zero and come from an operation without a "
                "rule of the composite: it is for the first layer, or for one behind another that the composite maps."
            )
        return torch.where(nothing, 0, found / x.where(~nothing, 1)), at_zeros

    def _modified(self, grad: Tensor, x: Tensor) -> Tensor:
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            y = self.output(leaf)
        (own,) = torch.autograd.grad(y, leaf, grad)
        found = self._handed_on(x, y.detach(), own, grad)
        return own if found is None else found

    def _handed_on(self, x: Tensor, y: Tensor, own: Tensor, arrived: Tensor) -> Tensor | None:
        """The hook's answer to the relevance that arrived. zennit 1 tells it this call's keywords, 0.5 does not."""
        hook: Any = self.hook.copy()
        takes_keywords = len(inspect.signature(hook.forward).parameters) > 3
        with _same_parameters(self.module):
            hook.forward(self.module, (x, *self.others), *([dict(self.options)] if takes_keywords else []), y)
            found = hook.backward(self.module, (own,), (arrived,))
        return None if found is None else found[0]

    @property
    def _title(self) -> str:
        return f"{type(self.hook).__name__} on {self.name or type(self.module).__name__}"


def _has_beside(x: Tensor) -> bool:
    """Whether there is a tensor beside `x`, which is made for a model's input."""
    if relevance_beside(x) is None and x.is_leaf:
        put_beside(x, x.detach().new_zeros(()).expand(x.shape).requires_grad_())
    return relevance_beside(x) is not None


class _Hooked(Function):
    """A module's output and the tensor beside it, of zeros that take no memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beside: Tensor | None, call: _Call) -> tuple[Tensor, Tensor]:
        ctx.call = call
        ctx.save_for_backward(x)
        ctx.set_materialize_grads(False)
        y = call.output(x).detach()  # as a view it could not be overwritten by what comes after
        return y, y.new_zeros(()).expand(y.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None, beside: Tensor | None) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        grad = x.new_zeros(()).expand_as(beside) if grad is None and beside is not None else grad
        to_x, beside_x = _Backward.apply(grad, beside, x, ctx.call)
        return to_x, beside_x if ctx.needs_input_grad[1] else None, None


class _Backward(Function):
    """A hook's formula; under `vmap`, target by target: zennit has no other way."""

    @staticmethod
    def forward(grad: Tensor, beside: Tensor | None, x: Tensor, call: _Call) -> tuple[Tensor, Tensor]:
        return call.back(grad, beside, x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: there is no gradient of these gradients."""

    @staticmethod
    def vmap(
        info: Any, dims: tuple[int | None, ...], grad: Tensor, beside: Tensor | None, x: Tensor, call: _Call
    ) -> tuple[tuple[Tensor, ...], tuple[int, int]]:
        def of(i: int, tensor: Tensor, dim: int | None) -> Tensor:
            return tensor if dim is None else tensor.select(dim, i)

        found = [
            call.back(of(i, grad, dims[0]), None if beside is None else of(i, beside, dims[1]), of(i, x, dims[2]))
            for i in range(info.batch_size)
        ]
        return tuple(map(torch.stack, zip(*found, strict=True))), (0, 0)
