"""What operations are to the parts of a block: sums, maps by weights, activations, products."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from engine.attribution.inside.seen import unseen
from engine.rules.operations import Operation
from engine.rules.table import ATTNLRP, forms
from engine.rules.whole import is_whole


def _all(*names: str) -> Iterator[Operation]:
    for name in names:
        for form in (name, name + "_", f"__{name}__", f"__i{name}__", f"__r{name}__"):
            yield from forms(form)


SWAPPED = frozenset((*forms("rsub"), *forms("__rsub__")))
SUBTRACTIONS = frozenset(_all("sub", "subtract")) - SWAPPED
ADDITIONS = frozenset(_all("add"))

FUSED = frozenset(forms("scaled_dot_product_attention"))
SOFTMAX = frozenset(forms("softmax"))
# What multiplies by weights, where one operand is the model's, or each with each, where none is
PRODUCTS = frozenset(_all("matmul", "mm", "bmm", "mv", "einsum", "baddbmm", "addbmm", "grouped_mm", "_grouped_mm"))
MAPS = PRODUCTS | frozenset(
    _all(
        *("linear", "bilinear", "addmm", "addmv", "conv1d", "conv2d", "conv3d"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    )
)
GROUPED = frozenset(_all("grouped_mm", "_grouped_mm"))  # by the weights of several experts at once
MIXES = frozenset(_all("conv1d", "conv2d", "conv3d", "cumsum", "cumprod"))
ROWS_OUT = frozenset(_all("linear", "conv1d", "conv2d", "conv3d"))  # maps whose weights are (output, input)
FORMS = frozenset(forms("type_as"))  # of another operand
FACTORS = frozenset(_all("mul", "multiply"))
ACTIVATIONS = frozenset(form for form, rule in ATTNLRP.rules.items() if rule.__name__ == "identity")


def is_activation(operation: Operation | None) -> bool:
    """Whether an operation is an activation, or a module that is one as a whole."""
    module = getattr(operation, "__self__", None)
    return operation in ACTIVATIONS or (isinstance(module, nn.Module) and is_whole(module))


def is_map(operation: Operation | None) -> bool:
    """Whether an operation multiplies by weights: one of torch's, a layer that is one operation to its rules, or what
    is not seen, as maps by weights in few bits.
    """
    module = getattr(operation, "__self__", None)
    return operation in MAPS or operation is unseen or (isinstance(module, nn.Module) and not is_whole(module))
