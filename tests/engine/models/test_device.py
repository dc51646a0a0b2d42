from __future__ import annotations

import mmap
import os

import pytest
import torch
from torch import nn

from engine.models.machine import memory
from engine.models.machine.device import available_devices, choose_device, choose_dtype
from engine.models.machine.memory import free_bytes, memory_of, weight_bytes
from engine.protocol.failures import EngineError

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_that_the_cpu_is_always_there():
    assert available_devices()[-1] == "cpu"
    assert choose_device("cpu") == CPU


def test_that_auto_takes_the_fastest_device():
    assert str(choose_device("auto")) == available_devices()[0]


@pytest.mark.parametrize("name", ["cuda:99", "toaster", "", "xpu"])
def test_that_a_device_that_is_not_there_is_named_with_those_that_are(name):
    with pytest.raises(EngineError, match=r"There is: .*cpu") as refusal:
        choose_device(name)
    assert refusal.value.kind == "device_unavailable"


@pytest.mark.parametrize(
    ("name", "stored", "device", "chosen"),
    [
        ("auto", torch.bfloat16, CPU, torch.float32),
        ("auto", torch.bfloat16, GPU, torch.bfloat16),
        ("auto", torch.float16, GPU, torch.float16),
        ("auto", None, GPU, torch.float32),
        ("auto", torch.int8, GPU, torch.float32),
        ("bfloat16", torch.float32, CPU, torch.bfloat16),
    ],
)
def test_that_auto_keeps_the_stored_dtype_on_an_accelerator_only(name, stored, device, chosen):
    assert choose_dtype(name, stored, device) == chosen


def test_that_a_dtype_that_is_none_is_refused():
    with pytest.raises(EngineError, match="float32"):
        choose_dtype("float7", None, CPU)


SIZE = 128_000_000


def test_that_memory_in_use_grows_with_what_is_held():
    before = memory_of("cpu").used
    with mmap.mmap(-1, SIZE) as held:  # new pages for sure: an allocator may have old ones
        held[:] = bytes(SIZE)
        assert memory_of("cpu").used - before > 0.5 * SIZE


def test_that_free_memory_is_part_of_the_machine():
    assert 0 < free_bytes("cpu") < memory_of("cpu").total
    assert memory_of("cpu").total == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_that_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    for name, content in {
        "memory.max": "5000\n",
        "memory.current": "3000\n",
        "memory.stat": "anon 1\ninactive_file 200\n",
    }.items():
        (tmp_path / name).write_text(content)
    assert free_bytes("cpu") == 2200
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes("cpu") > 2200


def test_that_tied_weights_are_counted_once():
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    assert weight_bytes(module) == 2 * 16 * 4
    module[1].weight = module[0].weight
    assert weight_bytes(module) == 16 * 4
