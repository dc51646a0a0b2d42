"""A file becomes the prompt that was meant."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from engine.protocol.failures import PromptError
from engine.protocol.prompt_files import read_prompt


@pytest.mark.parametrize(
    ("data", "prompt"),
    [
        (b"8,", "8,"),
        (b"8,\n", "8,"),
        (b"8,\r\n", "8,"),
        (b"8,\n\n", "8,\n"),
        (b"  a\n b ", "  a\n b "),
        ("\ufeffcafé".encode(), "café"),
        (b"", ""),
    ],
)
def test_that_the_last_line_break_of_a_file_is_no_part_of_the_prompt(tmp_path: Path, data: bytes, prompt: str) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes(data)
    assert read_prompt(str(file)) == prompt


def test_that_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"from a pipe\n")))
    assert read_prompt("-") == "from a pipe"


def test_that_what_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"ab\xff")
    with pytest.raises(PromptError, match=r"picture\.png” is not UTF-8 text \(byte 2\)"):
        read_prompt(str(file))


def test_that_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"none\.txt” cannot be read: No such file"):
        read_prompt(str(tmp_path / "none.txt"))
