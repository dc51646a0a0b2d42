"""Memory of a device: how much it has, and how much of it is free."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import torch
from torch import nn

from engine.protocol.values import Memory

_STATM = Path("/proc/self/statm")
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")  # version 2, as a container sees its own


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
        # torch keeps what it has been given, and fills it again.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return _available_bytes()


def weight_bytes(module: nn.Module) -> int:
    """Bytes of the module's parameters and buffers, shared ones counted once."""
    return sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))


def _resident_bytes() -> int:
    if _STATM.is_file():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes, the most so far


def _machine_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _available_bytes() -> int:
    if not _MEMINFO.is_file():
        return _machine_bytes() - _resident_bytes()
    fields = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines())
    machine = int(fields["MemAvailable"].split()[0]) * 1024
    return min(machine, _available_in_container(machine))


def _available_in_container(otherwise: int) -> int:
    """What the limit of this process's control group leaves, where it has one of its own."""
    try:
        limit, used = ((_CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        cached = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())["inactive_file"]
    except (OSError, KeyError, ValueError):
        return otherwise
    return otherwise if limit == "max" else max(0, int(limit) - int(used) + int(cached))
