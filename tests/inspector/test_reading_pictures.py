from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from inspector import pictures
from inspector.pictures import PictureError, read_picture


def test_that_a_picture_is_the_bytes_of_its_file_and_their_digest(tmp_path: Path):
    path = tmp_path / "cat.png"
    path.write_bytes(b"bytes")
    image = read_picture(path)
    assert (image.name, image.data, image.digest) == ("cat.png", b"bytes", sha256(b"bytes").hexdigest())


def refused(path: Path) -> str:
    with pytest.raises(PictureError) as refusal:
        read_picture(path)
    return str(refusal.value)


def test_that_what_is_no_file_is_refused_in_a_sentence(tmp_path: Path):
    (tmp_path / "empty.png").touch()
    assert refused(tmp_path / "empty.png") == "empty.png is empty."
    assert refused(tmp_path / "none.png") == "none.png is not there, or is no file."
    assert "is a folder" in refused(tmp_path)


def test_that_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "no file" in refused(tmp_path / "pipe.png")


def test_that_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch):
    path = tmp_path / "locked.png"
    path.write_bytes(b"bytes")
    path.chmod(0)
    if os.access(path, os.R_OK):  # whoever may read everything

        def deny(*arguments: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", deny)
    assert refused(path) == "locked.png could not be read: Permission denied."


def test_that_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST", 1000)
    path = tmp_path / "large.png"
    path.write_bytes(bytes(1001))
    assert "larger than 1.0 kB" in refused(path)
