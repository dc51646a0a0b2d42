from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector.keeping.writing import write_atomically


def test_that_the_whole_content_is_there_and_nothing_beside_it(tmp_path: Path):
    data = os.urandom(3_000_000)
    write_atomically(tmp_path / "figure.pdf", data)
    assert (tmp_path / "figure.pdf").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["figure.pdf"]


def test_that_what_was_there_stays_when_the_disk_refuses(tmp_path: Path, monkeypatch):
    path = tmp_path / "figure.pdf"
    path.write_bytes(b"before")

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["figure.pdf"]


def test_that_a_replaced_file_keeps_its_permissions(tmp_path: Path):
    path = tmp_path / "figure.pdf"
    path.write_bytes(b"before")
    path.chmod(0o640)
    write_atomically(path, b"after")
    assert path.stat().st_mode & 0o777 == 0o640


def test_that_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path):
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode
