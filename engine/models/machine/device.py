"""The device a model computes on, and the type of its numbers."""

from __future__ import annotations

from typing import Any

import torch

from engine.protocol.failures import EngineError

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16, "float64": torch.float64}


def available_devices() -> tuple[str, ...]:
    """The devices of this machine, the fastest first. The CPU is always there."""
    devices: list[str] = []
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        devices += ["cuda"] if count == 1 else [f"cuda:{index}" for index in range(count)]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return (*devices, "cpu")


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`; `auto` is the fastest there is."""
    there = available_devices()
    if name == "auto":
        return torch.device(there[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or not _is_available(device, there):
        raise EngineError(f"This machine has no device “{name}”. There is: {', '.join(there)}.", "device_unavailable")
    return device


def choose_dtype(name: str, stored: Any, device: torch.device) -> torch.dtype:
    """The dtype called `name`; `auto` is the checkpoint's own on an accelerator and float32 on the CPU.

    A CPU computes half precision slowly and with rounding errors that show in relevance, and the memory it would
    save is less precious there: checkpoints in bfloat16 and float16 are widened, which loses nothing.
    """
    if name != "auto":
        if name not in _DTYPES:
            raise EngineError(f"There is no dtype “{name}”. There is: auto, {', '.join(_DTYPES)}.", "model_unsupported")
        return _DTYPES[name]
    if device.type == "cpu" or not isinstance(stored, torch.dtype) or not stored.is_floating_point:
        return torch.float32
    return stored


def _is_available(device: torch.device, there: tuple[str, ...]) -> bool:
    if device.type == "cuda" and torch.cuda.is_available():
        return device.index is None or device.index < torch.cuda.device_count()
    return device.type in there and device.index in (None, 0)
