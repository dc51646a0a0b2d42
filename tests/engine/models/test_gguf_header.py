"""The header of a GGUF file, whose counts the gguf package would believe."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from engine.models.opening import load_model
from engine.models.storage.gguf_header import GgufHeader, read_header
from engine.protocol.failures import ModelError
from tests.campaigns import originals
from tests.engine.models.attempts import failure

TEXT, ARRAY, UINT8, UINT32, UINT64 = 8, 9, 0, 4, 10


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def file_of(folder: Path, *entries: bytes, tensors: bytes = b"", tensor_count: int = 0, entry_count: int = 0) -> Path:
    """A GGUF file with these entries; the counts are what is said of them."""
    path = folder / "hostile.gguf"
    counts = struct.pack("<QQ", tensor_count, entry_count or len(entries))
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + counts + b"".join(entries) + tensors)
    return path


def array(name: str, kind: int, count: int, values: bytes = b"") -> bytes:
    return text(name) + struct.pack("<IIQ", ARRAY, kind, count) + values


def test_that_a_header_is_read_as_the_gguf_package_reads_it(tmp_path):
    originals.gguf_file(tmp_path)
    tensors = gguf.GGUFReader(tmp_path / "tiny.gguf").tensors
    assert read_header(tmp_path / "tiny.gguf") == GgufHeader(sum(int(t.n_elements) for t in tensors), len(tensors))
    assert load_model(tmp_path / "tiny.gguf").info.blocks == 2


@pytest.mark.parametrize(
    "entries",
    [
        [array("general.tags", UINT8, 2**60)],
        [array("general.tags", TEXT, 2**60)],
        [array("general.tags", ARRAY, 2**40)],
        [array("general.tags", TEXT, 2, text("a") + struct.pack("<Q", 2**50))],
        [text("general.name") + struct.pack("<IQ", TEXT, 2**63)],
        [text("general.name") + struct.pack("<I", 77)],
    ],
)
def test_that_a_count_beyond_the_end_of_the_file_names_its_entry(tmp_path, entries):
    error = failure(file_of(tmp_path, *entries))
    assert (error.kind, "hostile.gguf" in str(error), "general." in str(error)) == ("model_damaged", True, True)


@pytest.mark.parametrize("counts", [{"entry_count": 2**63}, {"tensor_count": 2**63}, {"entry_count": 10**6}])
def test_that_more_entries_than_bytes_are_refused(tmp_path, counts):
    assert "go beyond its end" in str(failure(file_of(tmp_path, text("a") + struct.pack("<IB", UINT8, 1), **counts)))


def test_that_arrays_in_arrays_end_somewhere(tmp_path):
    deep = text("general.tags") + struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 5000
    assert "general.tags" in str(failure(file_of(tmp_path, deep)))


def test_that_arrays_in_arrays_of_a_few_levels_are_read(tmp_path):
    nested = array("general.tags", ARRAY, 2, struct.pack("<IQB", UINT8, 1, 7) * 2)
    assert read_header(file_of(tmp_path, nested, entry_count=1)) == GgufHeader(0, 0)


def test_that_an_absurd_number_of_blocks_is_named(tmp_path):
    blocks = text("llama.block_count") + struct.pack("<II", UINT32, 2**31)
    assert "llama.block_count" in str(failure(file_of(tmp_path, blocks)))


@pytest.mark.parametrize(
    "tensor",
    [
        struct.pack("<I", 2**31),
        struct.pack("<IQIQ", 1, 2**61, 0, 0),
        struct.pack("<IQIQ", 1, 4, 0, 2**62),
        struct.pack("<IQIQ", 1, 4, 999, 0),
        struct.pack("<IQQIQ", 2, 2**32, 2**32, 0, 0),
    ],
)
def test_that_a_tensor_that_the_file_cannot_hold_is_named(tmp_path, tensor):
    path = file_of(tmp_path, tensors=text("blk.0.attn_q.weight") + tensor + b"\0" * 64, tensor_count=1)
    with pytest.raises(ModelError, match=r"hostile\.gguf.*blk\.0\.attn_q\.weight"):
        read_header(path)
