"""Operations whose own gradient is the rule: linear in what depends on the input, or piecewise so."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.rules.operations import Operation
from engine.rules.table import forms

_SHAPES = (
    *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze", "expand"),
    *("expand_as", "broadcast_to", "transpose", "swapaxes", "swapdims", "permute", "movedim", "moveaxis", "t", "clone"),
    *("contiguous", "to", "float", "double", "half", "bfloat16", "type", "type_as", "cpu", "cuda", "alias"),
    *("requires_grad_", "real", "imag", "view_as_real", "view_as_complex", "pin_memory"),
)
_PARTS = (
    *("chunk", "split", "tensor_split", "split_with_sizes", "unbind", "narrow", "select", "index_select", "gather"),
    *("take", "take_along_dim", "masked_select", "diagonal", "tril", "triu", "diag", "diag_embed", "repeat", "tile"),
    *("repeat_interleave", "roll", "flip", "rot90", "unfold", "fold", "pad", "constant_pad_nd", "cat", "concat"),
    *(
        "concatenate",
        "stack",
        "hstack",
        "vstack",
        "pixel_shuffle",
        "pixel_unshuffle",
        "im2col",
        "col2im",
        "channel_shuffle",
        "as_strided",
    ),
    *("where", "masked_fill", "masked_scatter", "index_fill", "index_copy", "index_add", "index_put", "scatter"),
    *("scatter_add", "scatter_reduce", "select_scatter", "slice_scatter", "copy", "fill", "zero", "embedding"),
)
_SUMS = (
    *("add", "sub", "subtract", "rsub", "neg", "negative", "positive", "sum", "nansum", "mean", "nanmean", "cumsum"),
    *("lerp", "diff", "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d"),
    *("conv_transpose3d", "batch_norm", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d"),
    *("adaptive_avg_pool2d", "adaptive_avg_pool3d", "addmv", "trace", "segment_reduce"),
    *("upsample_nearest1d", "upsample_nearest2d", "upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d"),
    *("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "grid_sampler"),
)
_PIECES = (
    *("abs", "max", "min", "amax", "amin", "maximum", "minimum", "fmax", "fmin", "clamp", "clamp_min", "clamp_max"),
    *("clip", "threshold", "nan_to_num", "topk", "sort", "msort", "kthvalue", "median", "cummax", "cummin"),
    *(
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "adaptive_max_pool1d",
        "adaptive_max_pool2d",
        "max_pool2d_with_indices",
    ),
)
_OPERATORS = ("getitem", "setitem", "radd", "rsub", "iadd", "isub", "neg", "pos", "abs")

_TRANSFORMS = ("fft", "rfft", "hfft", "fft2", "rfft2", "hfft2", "fftn", "rfftn", "hfftn")
_PROPERTIES = ("T", "mT", "H", "mH", "real", "imag")


def _linear() -> Iterator[Operation]:
    for name in (*_SHAPES, *_PARTS, *_SUMS, *_PIECES):
        yield from forms(name)
        yield from forms(name + "_")
    for name in _OPERATORS:
        yield from forms(f"__{name}__")
    for name in _TRANSFORMS:
        yield getattr(torch.fft, name)
        yield getattr(torch.fft, f"i{name}")
    yield from (torch.fft.fftshift, torch.fft.ifftshift)
    for name in _PROPERTIES:
        yield getattr(Tensor, name).__get__


LINEAR = frozenset(_linear())
