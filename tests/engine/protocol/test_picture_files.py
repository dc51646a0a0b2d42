"""A picture's file is taken as it is, and known by what is in it."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from engine.protocol import picture_files
from engine.protocol.failures import ImageError
from engine.protocol.picture_files import image_of, read_image


def test_that_a_picture_is_the_bytes_of_its_file_and_their_digest(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(b"bytes")
    image = read_image(path)
    assert (image.name, image.data, image.digest) == ("cat.png", b"bytes", sha256(b"bytes").hexdigest())


def test_that_a_picture_is_known_by_what_is_in_its_file(tmp_path: Path) -> None:
    first, second = tmp_path / "cat.png", tmp_path / "copy.png"
    first.write_bytes(b"the same")
    second.write_bytes(b"the same")
    assert read_image(first) == read_image(second)
    second.write_bytes(b"another")
    assert read_image(first) != read_image(second)


def refused(path: Path) -> str:
    with pytest.raises(ImageError) as refusal:
        read_image(path)
    assert refusal.value.kind == "image_unreadable"
    return str(refusal.value)


def test_that_what_is_no_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "none.png"
    assert refused(missing) == f"There is no file “{missing}”: open a picture that is there."
    assert refused(tmp_path) == f"“{tmp_path.name}” is a folder: open a picture in it."
    assert "cannot be read" in refused(Path("a\0b.png"))


def test_that_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.png"
    path.write_bytes(b"bytes")
    path.chmod(0)
    if os.access(path, os.R_OK):  # whoever may read everything

        def deny(*arguments: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", deny)
    assert refused(path) == "“locked.png” may not be read: allow that, or open a copy of it."


def test_that_no_more_is_read_than_a_picture_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "LARGEST", 2**20)
    (tmp_path / "endless.png").symlink_to("/dev/zero")
    assert "larger than 1 MiB" in refused(tmp_path / "endless.png")


def test_that_bytes_without_a_file_are_held_to_the_same() -> None:
    assert image_of(b"bytes", "pasted").name == "pasted"
    with pytest.raises(ImageError, match="“pasted” is empty"):
        image_of(b"", "pasted")
