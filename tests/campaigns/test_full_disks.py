"""Saves onto a small disk that is really full, where this may be mounted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import full_disks


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("full")
    try:
        with full_disks.mounted(folder):
            pass
    except PermissionError as error:
        pytest.skip(f"a small disk cannot be mounted: {error}")
    yield folder


@pytest.mark.parametrize("room", full_disks.ROOMS)
def test_that_a_full_disk_is_named_and_leaves_the_old_file(place: Path, room: str) -> None:
    found = list(full_disks.outcomes(place, [room]))
    assert len(found) == 2 * len(full_disks.saves())
    assert [one for one in found if one.wrong] == []


def test_that_a_save_that_is_not_atomic_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_in_place(path: Path, data: bytes) -> None:
        path.write_bytes(data)

    monkeypatch.setattr(full_disks, "write_file", write_in_place)
    (wrong,) = {
        one.wrong for one in full_disks.outcomes(place, ["room for a part"]) if one.save == "a .png" and one.step
    }
    assert "the old file is gone" in wrong and "it raises OSError" in wrong
