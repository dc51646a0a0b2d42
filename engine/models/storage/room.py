"""Forecasts from their files whether weights will fit into memory, before they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.models.machine.memory import free_bytes
from engine.models.storage.checkpoint import stored_tensors
from engine.models.storage.gguf_header import read_header
from engine.protocol.failures import DoesNotFit
from engine.protocol.values import Quantization

_GB = 1e9

_BYTES_PER_QUANTIZED_WEIGHT = {"4bit": 0.5625, "8bit": 1.0}  # with the scales of each 64 weights
_FLOATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def stored_dtype(files: Sequence[Path], settings: Mapping[str, Any]) -> torch.dtype | None:
    """The dtype of most weights in `files`; if files do not say, the one in `settings`, from config.json."""
    counts: Counter[torch.dtype] = Counter()
    for path in files:
        if path.suffix == ".safetensors":
            for _, stored, count in stored_tensors(path):
                counts.update({_FLOATS[stored]: count} if stored in _FLOATS else {})
    if counts:
        return counts.most_common(1)[0][0]
    declared = getattr(torch, str(settings.get("dtype") or settings.get("torch_dtype")), None)
    return declared if isinstance(declared, torch.dtype) else None


def forecast(files: Sequence[Path], dtype: torch.dtype, quantization: Quantization | None = None) -> int:
    """Bytes that the weights in `files` take in memory. Raises ModelError where a file is damaged."""
    width = _BYTES_PER_QUANTIZED_WEIGHT[quantization] if quantization else dtype.itemsize
    return int(sum(_bytes_in(path, width) for path in files))


def require_room(
    files: Sequence[Path], dtype: torch.dtype, quantization: Quantization | None, device: torch.device
) -> None:
    """Raises DoesNotFit, with the numbers and what would help, unless the weights in `files` fit on `device`."""
    needed, free = forecast(files, dtype, quantization), free_bytes(device)
    if needed > free:
        raise DoesNotFit(
            f"The weights need {needed / _GB:.1f} GB in {quantization or str(dtype).removeprefix('torch.')}, "
            f"and {free / _GB:.1f} GB are free on {device}. {_advice(files, dtype, quantization, device)}"
        )


def _bytes_in(path: Path, width: float) -> float:
    match path.suffix:
        case ".safetensors":
            # Integers are weights of a checkpoint that is quantized already, and stay as they are.
            return sum(count * (width if stored in _FLOATS else 1) for _, stored, count in stored_tensors(path))
        case ".gguf":
            return read_header(path).elements * width
        case _:
            return path.stat().st_size  # a pickle says nothing before it is read


def _advice(files: Sequence[Path], dtype: torch.dtype, quantization: Quantization | None, device: torch.device) -> str:
    can_be_quantized = device.type == "cuda" and not any(path.suffix == ".gguf" for path in files)
    if quantization != "4bit" and can_be_quantized:
        return "Open it in 4 bits, or open a smaller model."
    if dtype.itemsize > 2 and quantization is None:
        return "Open it in bfloat16, which takes half of that, or open a smaller model."
    return "Close other programs, or open a smaller model."
