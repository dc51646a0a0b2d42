from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.protocol.failures import ImageError
from inspector.intake.pictures import read_picture


def test_that_a_picture_is_read(tmp_path: Path):
    (tmp_path / "cat.png").write_bytes(b"bytes")
    assert read_picture(tmp_path / "cat.png").data == b"bytes"


@pytest.mark.parametrize("name", ["pipe.png", "endless.png"])
def test_that_a_stream_is_not_waited_for(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "endless.png").symlink_to("/dev/zero")
    with pytest.raises(ImageError, match=f"“{name}” is no file but a stream"):
        read_picture(tmp_path / name)


def test_that_a_file_that_cannot_be_looked_at_is_refused(tmp_path: Path, monkeypatch):
    def deny(*arguments: object, **keywords: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", deny)
    with pytest.raises(ImageError, match=r"“cat\.png” may not be read"):
        read_picture(tmp_path / "cat.png")
