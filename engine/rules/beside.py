"""Relevance of zeros, which goes beside a tensor.

A rule may give relevance to an input that is zero, and no gradient times zero is that. It goes back as the gradient of
a second tensor of the same shape, which comes with the first.
"""

from __future__ import annotations

from torch import Tensor

_BESIDE = "_relevance_beside"


def put_beside(x: Tensor, beside: Tensor) -> None:
    """Has `beside` come with `x`, until `x` is overwritten."""
    setattr(x, _BESIDE, (beside, x._version))


def relevance_beside(x: Tensor) -> Tensor | None:
    """The tensor beside `x`; its gradient is the relevance of zeros in `x`. None if `x` has none or was overwritten."""
    beside, version = getattr(x, _BESIDE, (None, -1))
    return beside if version == x._version else None
