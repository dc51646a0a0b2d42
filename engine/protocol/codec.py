"""Arrays in msgpack, for frames and files: type, shape and bytes."""

from __future__ import annotations

import math

import msgspec
import numpy as np

# bfloat16, which numpy lacks, becomes float32 before it is written
_DTYPES = frozenset({"<f4", "<f8", "<i4", "<i8", "|u1"})
_MOST_AXES = 8


def array_to_wire(value: object) -> object:
    """The array as msgspec writes it, for an encoder's `enc_hook`. Raises TypeError for anything else."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a {type(value).__name__} has no place in a message")
    dtype = value.dtype.newbyteorder("<")
    if dtype.str not in _DTYPES:
        raise TypeError(f"arrays of {value.dtype} do not travel")
    return dtype.str, value.shape, value.astype(dtype, copy=False).tobytes()


def array_from_wire(kind: type, value: object) -> object:
    """The array that was written, for a decoder's `dec_hook`. Raises TypeError or ValueError where it is none."""
    if kind is not np.ndarray:
        raise TypeError(f"a {kind.__name__} has no place in a message")
    dtype, shape, data = msgspec.convert(value, tuple[str, tuple[int, ...], bytes])
    if dtype not in _DTYPES:
        raise ValueError(f"arrays of {dtype!r} do not travel")
    if len(shape) > _MOST_AXES or any(size < 0 for size in shape):
        raise ValueError(f"{shape} is not the shape of an array")
    if math.prod(shape) * np.dtype(dtype).itemsize != len(data):
        raise ValueError(f"an array of shape {shape} and type {dtype!r} does not have {len(data):,} bytes")
    return np.frombuffer(data, dtype).reshape(shape)
