"""The books kept while relevance flows back: where a target's value went.

An observer of the rules leaves a hook at every operation that gives relevance to constants, and at every softmax.
They rest until a backward pass is accounted for; so the ledger comes with the explanation, from the same gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

import torch
from torch import Tensor, nn
from torch.autograd import Function

from engine.anatomy import parts_that
from engine.attribution.gradients import on_gradient
from engine.attribution.ledger.constants import BIASES, CONSTANTS, Part, Read, product, whole, wide, without_masks
from engine.models.machine.quantization import is_in_8_bits, is_quantized
from engine.protocol.values import Account, ConstantKind, Ledger
from engine.rules.operations import (
    Arguments,
    Operation,
    Options,
    Rule,
    attention_operands,
    depends,
    own_gradient,
)
from engine.rules.table import RuleSet, forms

Entry = tuple[str, int, Tensor]  # what kind of thing took how much relevance, and in which place

KINDS = (*get_args(ConstantKind), "softmax")
# Rounding of a model in that type, as a part of the ledger's largest entry
_LEFT_OVER = {"float16": 2e-2, "bfloat16": 1e-1, "int8": 1e-1}
_LEFT_OVER_ELSE = 1e-4


class Books:
    """Observes a forward pass; on the way back, enters the relevance taken by constants and softmaxes.

    `place` is where in the model the pass is: 0 before the blocks, 2 i + 1 in block i, 2 i + 2 behind it.
    """

    def __init__(self, rules: RuleSet) -> None:
        self.attention = rules.attention
        self.place = 0
        self.leaves: list[Tensor] = []  # of the backward pass, beside those of the input
        self._owners: list[tuple[str, int, Tensor]] = []  # what each of them is, where, and its value
        self._entries: list[Entry] | None = None
        self.rounds_to_8_bits = False

    def __call__(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        keep = _KEEPING.get(operation)
        if keep is None:
            return rule(operation, args, options)
        return keep(self, operation, rule, args, options)

    def of(self, operation: Operation) -> Callable[[Operation, Rule, Arguments, Options], Any] | None:
        """What is kept of an operation that depends on the input; None where nothing is."""
        keep = _KEEPING.get(operation)
        return None if keep is None else partial(keep, self)

    @contextmanager
    def watching(self, module: nn.Module) -> Iterator[None]:
        """Inside the `with`, biases of quantized layers are entered too: they are added in kernels of others."""
        layers = [part for part in parts_that(_is_linear, module) if is_quantized(part)]
        self.rounds_to_8_bits = any(map(is_in_8_bits, layers))
        handles = [layer.register_forward_hook(self._watch_bias) for layer in layers if layer.bias is not None]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _watch_bias(self, layer: Any, args: Any, output: Tensor) -> None:
        read = whole(layer.bias.detach())
        if read is not None:
            self.watch(output, "bias", read)

    def move(self, place: int) -> None:
        """The forward pass goes on at `place`."""
        self.place = place

    def leaf(self, value: Tensor, kind: str) -> Tensor:
        """A constant as a leaf, whose gradient the backward pass gives."""
        leaf = value.detach().requires_grad_()
        if self._entries is None:  # else a block is computed again on the way back, whose leaves are known
            self.leaves.append(leaf)
            self._owners.append((kind, self.place, without_masks(value) if kind == "added" else value))
        return leaf

    def watch(self, result: Tensor, kind: str, read: Read, overwritten: bool = False) -> None:
        """Enters what `read` makes of the gradient at `result`, which an operation may have written into."""
        if not result.requires_grad:
            return
        place = self.place

        def passed(grad: Tensor) -> None:
            self.enter(kind, place, lambda: read(grad))

        if overwritten and result._base is not None:  # a view may be overwritten again, and lose its hooks
            result.copy_(_Passed.apply(result.clone(), passed))
        else:
            on_gradient(result, passed)

    def enter(self, kind: str, place: int, amount: Callable[[], Tensor]) -> None:
        """Writes an amount down, if a backward pass is being accounted for."""
        if self._entries is not None:
            self._entries.append((kind, place, amount()))

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Inside the `with`, one backward pass is accounted for."""
        self._entries = []
        try:
            yield
        finally:
            self._entries = None

    def leaves_at(self, places: Collection[int]) -> dict[int, Tensor]:
        """The leaves of constants that are at some places, by their number."""
        return {i: leaf for i, leaf in enumerate(self.leaves) if self._owners[i][1] in places}

    def taken(self, grads: Mapping[int, Tensor | None], places: Collection[int]) -> float:
        """What constants at some places took of the pass, with the gradients of their leaves, by number."""
        leaves = [product(grad, self._owners[i][2]) for i, grad in grads.items() if grad is not None]
        others = [amount for kind, place, amount in self._entries or () if place in places and kind != "softmax"]
        return float(sum(amount.detach().double() for amount in (*leaves, *others)))

    def balance(self, grads: Sequence[Tensor], blocks: int, like: Tensor) -> Tensor:
        """The entries of the pass summed, with what its gradients gave the leaves, (kind, stretch): before the blocks,
        each with what comes behind it, after the last.
        """
        stretches = blocks + 2

        def cells(entries: Iterable[tuple[str, int, Tensor]]) -> Tensor:
            found = [
                KINDS.index(kind) * stretches + (blocks + 1 if place >= 2 * blocks else (place + 1) // 2)
                for kind, place, _ in entries
            ]
            return torch.tensor(found, device=like.device)

        sheet = torch.zeros(len(KINDS) * stretches, dtype=wide(like), device=like.device)
        if self._owners:  # all of them in a few steps: there are several in a layer
            values = _end_to_end([value for *_, value in self._owners], sheet)
            amounts = _end_to_end(grads, sheet) * values
            sizes = torch.tensor([value.numel() for *_, value in self._owners], device=like.device)
            sheet = sheet.index_add(0, cells(self._owners).repeat_interleave(sizes, output_size=len(values)), amounts)
        if self._entries:
            amounts = torch.stack([amount.to(sheet) for *_, amount in self._entries])
            sheet = sheet.index_add(0, cells(self._entries), amounts)
        return sheet.view(len(KINDS), stretches)


def _end_to_end(tensors: Iterable[Tensor], like: Tensor) -> Tensor:
    return torch.cat([x.flatten().to(like) for x in tensors])


def ledger_of(
    value: float, leaves: Sequence[Tensor], layers: Sequence[Tensor], sheet: Tensor, rules: RuleSet, dtype: str
) -> Ledger:
    """The ledger of a target: from relevance at leaves and at the first one's layers, and a balance (kind, stretch)."""
    sums = [float(row.cpu().sum(dtype=torch.float64)) for row in (*leaves, *layers)]  # not every device has float64
    first, *others = sums[: len(leaves)]
    levels = [first, *sums[len(leaves) :], value]
    passed = [*levels[:-2], levels[-2] + sum(others)]
    sheet = sheet.cpu().double()
    constants, softmax = sheet[:-1].sum(0).tolist(), sheet[-1].tolist()
    accounts = [
        _account(arrived, given, *kept)
        for arrived, given, *kept in zip(levels[1:], passed, constants, softmax, strict=True)
    ]
    total = _account(value, first + sum(others), sum(constants), sum(softmax))
    largest = max(abs(value), abs(total.passed), abs(total.constants), abs(total.softmax))
    closes = abs(total.rest) <= _LEFT_OVER.get(dtype, _LEFT_OVER_ELSE) * largest
    kinds = dict(zip(get_args(ConstantKind), sheet[:-1].sum(1).tolist(), strict=True))
    return Ledger(total, accounts[0], tuple(accounts[1:-1]), accounts[-1], kinds, rules.conserves, closes)


def _account(arrived: float, passed: float, constants: float, softmax: float) -> Account:
    return Account(arrived, passed, constants, softmax, arrived - passed - constants - softmax)


# -- operations that keep what depends on their input ---------------------------------------------------------------


def _is_linear(part: nn.Module) -> bool:
    return isinstance(part, nn.Linear)


class _Passed(Function):
    """Tells the gradient that comes by."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, passed: Callable[[Tensor], None]) -> Tensor:
        ctx.passed = passed
        return x.detach()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        ctx.passed(grad)
        return grad, None


class _Measured(Function):
    """Enters a part of a tensor's relevance as what the softmax keeps; of a mask without what it forbids."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, part: float, books: Books, is_mask: bool = False) -> Tensor:
        ctx.books, ctx.place, ctx.part, ctx.is_mask = books, books.place, part, is_mask
        ctx.save_for_backward(x)
        return x.detach()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (x,) = ctx.saved_tensors
        ctx.books.enter("softmax", ctx.place, lambda: ctx.part * product(grad, without_masks(x) if ctx.is_mask else x))
        return grad, None, None, None


class _SoftmaxKeeps(Function):
    """Enters what p = softmax(s) keeps: the relevance of p minus that of s, computed from p alone.

    The gradient at s is p (g − Σ g p), which sums to zero; so log p does for s.
    """

    @staticmethod
    def forward(ctx: Any, p: Tensor, axis: int, books: Books) -> Tensor:
        ctx.books, ctx.place, ctx.axis = books, books.place, axis
        ctx.save_for_backward(p)
        return p.detach()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        def kept() -> Tensor:
            (p,) = ctx.saved_tensors
            p, g = p.to(wide(p)), grad.to(wide(p))
            arrived = (g * p).sum(ctx.axis, keepdim=True)
            less: Tensor = arrived.sum() - ((g - arrived) * torch.special.xlogy(p, p)).sum()
            return less

        ctx.books.enter("softmax", ctx.place, kept)
        return grad, None, None


def _softmax(books: Books, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
    result = rule(operation, args, options)
    if books.attention == "cp" or rule is not own_gradient:
        return result
    return _SoftmaxKeeps.apply(result, args[1] if len(args) > 1 else options["dim"], books)


def _attention(books: Books, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
    """What fused attention keeps by its rule: nothing under CP-LRP; under AttnLRP what its pattern gets, half of what
    arrives beside a value, less what query and key get, which is twice either's, and a mask that depends on the input.
    Where a rule gives otherwise, it shows as left over.
    """
    if books.attention == "cp":
        return rule(operation, args, options)
    operands, rest, options = attention_operands(args, options)
    mask = rest[0] if rest else options.get("attn_mask")
    by_query, by_key, by_value, by_mask = map(depends, (*operands, mask))
    if by_query or by_key:
        one = 0 if by_query else 1
        operands[one] = _Measured.apply(operands[one], -2 if by_query and by_key else -1, books)
    if by_mask:
        measured = _Measured.apply(mask, -1, books, True)
        rest, options = ([measured, *rest[1:]], options) if rest else (rest, {**options, "attn_mask": measured})
    result = rule(operation, [*operands, *rest], options)
    beside_a_value = 0 if books.attention is None else 1 / 2
    to_pattern = (beside_a_value if by_value else 1) if by_query or by_key or by_mask else 0
    return _Measured.apply(result, to_pattern, books) if to_pattern else result


def _bounded(books: Books, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
    """`clamp` and its kin: where the result is not the operand, it is the bound."""
    x = args[0].detach()
    if operation.__name__.endswith("_"):
        x = x.clone()
    result = rule(operation, args, options)
    bounds = [*args[1:], *options.values()]
    if isinstance(result, Tensor) and depends(result) and not any(depends(bound) for bound in bounds):
        read = whole(result.detach().where(result.detach() != x, 0))
        if read is not None:
            books.watch(result, "put in", read, overwritten=result is args[0])
    return result


_Keeping = Callable[[Books, Operation, Rule, Arguments, Options], Any]


def _giving(kind: ConstantKind, part: Part) -> _Keeping:
    """An operation that gives to constants."""

    def giving(books: Books, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        read = part(operation, args, options)
        result = rule(operation, args, options)
        if read is not None:
            written = args[0] if result is None else result
            books.watch(written, kind, read, overwritten=bool(args) and written is args[0])
        return result

    return giving


def _giving_to_argument(kind: ConstantKind, place: int, name: str) -> _Keeping:
    """An operation that gives to one of its arguments; torch computes this argument's gradient."""

    def giving(books: Books, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        value = args[place] if len(args) > place else options.get(name)
        if not isinstance(value, Tensor) or depends(value):
            return rule(operation, args, options)
        leaf = books.leaf(value, kind)
        if len(args) > place:
            return rule(operation, [*args[:place], leaf, *args[place + 1 :]], options)
        return rule(operation, args, {**options, name: leaf})

    return giving


_KEEPING: dict[Operation, _Keeping] = {
    **{operation: _giving_to_argument(*argument) for operation, argument in BIASES.items()},
    **{operation: _giving(kind, part) for operation, (kind, part) in CONSTANTS.items()},
    **dict.fromkeys(forms("softmax"), _softmax),
    **dict.fromkeys(forms("scaled_dot_product_attention"), _attention),
    **{
        form: _bounded
        for name in ("clamp", "clamp_min", "clamp_max", "clip", "maximum", "minimum", "threshold")
        for form in (*forms(name), *forms(name + "_"))
    },
}
