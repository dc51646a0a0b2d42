"""Functions that torch writes in Python, opened: their parts are operations with rules of their own."""

from __future__ import annotations

import functools
from types import FunctionType

from engine.rules.operations import Operation


@functools.cache
def opened(function: Operation) -> Operation | None:
    """A Python function of torch as it would run if it did not offer itself to modes first, so that its parts do.

    `F.multi_head_attention_forward`, for one, is linear maps and an attention, each with a rule of its own.
    """
    if not isinstance(function, FunctionType) or "handle_torch_function" not in function.__code__.co_names:
        return None
    if function.__module__ not in ("torch.nn.functional", "torch.functional"):
        return None
    no = dict.fromkeys((n for n in function.__code__.co_names if n.startswith("has_torch_function")), _no)
    inside = FunctionType(
        function.__code__,
        {**function.__globals__, **no},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    inside.__kwdefaults__ = function.__kwdefaults__
    return inside


def _no(*_: object) -> bool:
    return False
