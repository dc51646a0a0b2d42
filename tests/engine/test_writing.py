"""Files are written as a whole or not at all, where they are meant to be, and what went wrong is said."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from engine.leftovers import clear_away, prefix
from engine.protocol.failures import EngineError
from engine.writing import check_place, write_atomically, write_file

AS_NOBODY = """
import os, sys
from pathlib import Path
from engine.writing import write_file
os.setgid(65534), os.setuid(65534)
try:
    write_file(Path(sys.argv[1]), b"new")
except Exception as error:
    print(error.kind, error)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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


def test_that_the_longest_name_a_folder_takes_is_written(tmp_path: Path):
    write_file(tmp_path / ("n" * 251 + ".pdf"), b"content")
    assert names(tmp_path) == ["n" * 251 + ".pdf"]


def test_that_a_name_too_long_is_said_before_and_when_it_is_written(tmp_path: Path):
    path = tmp_path / "missing" / ("n" * 300 + ".pdf")
    (tmp_path / "missing").mkdir()
    for write in (check_place, lambda path: write_file(path, b"")):
        with pytest.raises(EngineError, match="the name is too long") as caught:
            write(path)
        assert caught.value.kind == "figure_failed"
    assert names(tmp_path / "missing") == []


def test_that_missing_folders_are_made_and_taken_back_where_nothing_can_be_written(tmp_path: Path):
    write_file(tmp_path / "one" / "two" / "figure.pdf", b"content")
    assert (tmp_path / "one" / "two" / "figure.pdf").read_bytes() == b"content"
    with pytest.raises(EngineError):
        write_file(tmp_path / "three" / "four" / ("n" * 300), b"")
    assert names(tmp_path) == ["one"]


def test_that_a_file_in_the_place_of_a_folder_is_said(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EngineError, match="what should be its folder is none"):
        check_place(tmp_path / "file" / "figure.pdf")
    with pytest.raises(EngineError, match=r"figure\.pdf” could not be written"):
        write_file(tmp_path / "file" / "figure.pdf", b"")


@pytest.mark.parametrize("there", [True, False])
def test_that_the_file_behind_a_link_is_written_and_the_link_stays(tmp_path: Path, there: bool):
    (tmp_path / "far").mkdir()
    target, link, other = tmp_path / "far" / "target.pdf", tmp_path / "link.pdf", tmp_path / "other.pdf"
    if there:
        target.write_bytes(b"before")
    link.symlink_to(other)
    other.symlink_to(target)
    write_file(link, b"after")
    assert link.is_symlink() and other.is_symlink() and target.read_bytes() == b"after"
    assert names(tmp_path) == ["far", "link.pdf", "other.pdf"] and names(tmp_path / "far") == ["target.pdf"]


def test_that_links_in_a_circle_are_said(tmp_path: Path):
    (tmp_path / "one.pdf").symlink_to(tmp_path / "two.pdf")
    (tmp_path / "two.pdf").symlink_to(tmp_path / "one.pdf")
    with pytest.raises(EngineError, match="could not be written"):
        write_file(tmp_path / "one.pdf", b"")
    assert names(tmp_path) == ["one.pdf", "two.pdf"] and (tmp_path / "one.pdf").is_symlink()


def test_that_a_pipe_is_written_to_and_stays_one(tmp_path: Path):
    pipe = tmp_path / "pipe.pdf"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        write_file(pipe, b"content")
        assert reader.communicate()[0] == b"content"
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_that_a_full_disk_is_called_one(tmp_path: Path):
    (tmp_path / "figure.pdf").symlink_to("/dev/full")
    with pytest.raises(EngineError, match="the disk is full") as caught:
        write_file(tmp_path / "figure.pdf", b"content")
    assert caught.value.kind == "disk_full"


def test_that_a_file_larger_than_allowed_leaves_what_was_there(tmp_path: Path):
    (tmp_path / "figure.pdf").write_bytes(b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(EngineError, match="larger than files may be") as caught:
            write_file(tmp_path / "figure.pdf", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.kind == "figure_failed"
    assert names(tmp_path) == ["figure.pdf"] and (tmp_path / "figure.pdf").read_bytes() == b"before"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")
def test_that_a_write_without_the_right_to_it_is_no_full_disk(tmp_path: Path):
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(tmp_path / "figure.pdf")], capture_output=True, text=True
    )
    assert done.stdout.startswith("figure_failed “") and "that is not allowed there" in done.stdout, done.stderr


def test_that_a_private_file_is_its_owners_even_where_it_was_not(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_bytes(b"before")
    path.chmod(0o644)
    write_atomically(path, b"after", private=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_that_what_killed_processes_left_goes_and_all_else_stays(tmp_path: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ours, dead = prefix("file"), prefix("file").replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    elsewhere = dead.replace(dead.split("-")[2], "00000000")
    stay = [f".{ours}a", f".{elsewhere}b", "figure.pdf", ".lxt-figure-x", "lxt-figure-abc", f"x{dead}c"]
    for name in (*stay, f".{dead}d"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / f"{dead}e").mkdir()
    (tmp_path / f"{dead}e" / "figure.tex").write_bytes(b"")
    old = tmp_path / f".{elsewhere}f"
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    clear_away(tmp_path)
    assert names(tmp_path) == sorted(stay)
    clear_away(tmp_path / "missing")


def test_that_the_next_write_to_a_folder_clears_away_what_a_killed_one_left(tmp_path: Path):
    program = (
        "import os; from pathlib import Path; from engine.writing import write_atomically; os.fsync = lambda _: "
        f"os._exit(1); write_atomically(Path({str(tmp_path)!r}) / 'figure.pdf', b'half')"
    )
    subprocess.run([sys.executable, "-c", program])
    assert len(names(tmp_path)) == 1 and names(tmp_path)[0].startswith(".lxt-file-")
    write_file(tmp_path / "figure.pdf", b"whole")
    assert names(tmp_path) == ["figure.pdf"]
