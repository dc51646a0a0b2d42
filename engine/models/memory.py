"""How much memory a device has, and how much of it is free."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
from torch import nn

from engine.protocol.values import Memory


def memory_of(device: torch.device | str) -> Memory:
    """Bytes this process holds on `device`, and bytes the device has in all."""
    device = torch.device(device)
    if device.type == "cuda":
        return Memory(torch.cuda.memory_reserved(device), torch.cuda.mem_get_info(device)[1])
    if device.type == "mps":
        return Memory(torch.mps.driver_allocated_memory(), torch.mps.recommended_max_memory())
    return Memory(_resident_bytes(), _machine_bytes())


def free_bytes(device: torch.device | str) -> int:
    """Bytes that can still be taken on `device`."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return _available_bytes()


def weight_bytes(module: nn.Module) -> int:
    """Bytes of the module's parameters and buffers, shared ones counted once."""
    return sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _machine_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _available_bytes() -> int:
    if sys.platform == "linux":
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return _machine_bytes() - _resident_bytes()
