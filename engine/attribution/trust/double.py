"""Float64 where a model insists on float32 whatever its weights are: in norms, softmaxes, rotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class InDouble(TorchFunctionMode):
    """Inside the `with`, whatever is asked for in float32 is made in float64."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        func = _IN_DOUBLE.get(func, func)
        return func(*map(_double, args), **{name: _double(value) for name, value in (kwargs or {}).items()})


def _grouped_mm(x: Tensor, weights: Tensor, *, offs: Tensor, **_: Any) -> Tensor:
    """Rows of `x` by a matrix for each group of them: torch has no such product in float64."""
    sizes = torch.diff(offs, prepend=offs.new_zeros(1)).tolist()
    groups = torch.split(x[: sum(sizes)], sizes)
    products = [group @ matrix for group, matrix in zip(groups, weights, strict=True)]
    return torch.cat([*products, x.new_zeros(len(x) - sum(sizes), weights.shape[-1])])


def _full(size: Any, fill_value: Any, **options: Any) -> Tensor:
    """Makes float64 the type of numbers where none is asked for."""
    if isinstance(fill_value, float):
        options = {"dtype": torch.float64, **options}
    return torch.full(size, fill_value, **options)


_IN_DOUBLE: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.full: _full,
    Tensor.float: Tensor.double,
    F.grouped_mm: _grouped_mm,
    torch._grouped_mm: _grouped_mm,
}


def _double(value: Any) -> Any:
    return torch.float64 if value is torch.float32 else value
