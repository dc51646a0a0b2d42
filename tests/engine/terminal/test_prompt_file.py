"""What was typed becomes the target and the prompt that were meant."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from engine.protocol.failures import PromptError
from engine.protocol.targets import Class, Contrast, Target, Token, Top
from engine.terminal.prompt_file import read_prompt, read_target


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("top", Top(7)),
        ("3", Token("3", 7)),
        (" Paris", Token(" Paris", 7)),
        ("id:17", Token(17, 7)),
        ("id:x", Token("id:x", 7)),
        ("3 - 5", Contrast("3", "5", 7)),
        (" yes -  no", Contrast(" yes", " no", 7)),
        ("3 - mean", Contrast("3", None, 7)),
        ("id:3 - id:5", Contrast(3, 5, 7)),
        ("-", Token("-", 7)),
        (" - ", Token(" - ", 7)),
        ("a-b", Token("a-b", 7)),
        ("class:LABEL_1", Class("LABEL_1", 7)),
        ("class:id:1", Class(1, 7)),
        ("class:a - b", Class("a - b", 7)),
        ("class:", Token("class:", 7)),
        ("- - -", Contrast("-", "-", 7)),
        ("", Token("", 7)),
    ],
)
def test_that_a_target_is_read_as_it_is_written(typed: str, target: Target) -> None:
    assert read_target(typed, 7) == target


def test_that_a_class_without_a_position_is_where_it_is_surest() -> None:
    assert read_target("class:B-PER") == Class("B-PER")


def test_that_what_is_named_of_a_picture_is_a_class() -> None:
    assert read_target("tabby", of_picture=True) == Class("tabby")
    assert read_target("class:tabby", of_picture=True) == Class("tabby")
    assert read_target("id:3", of_picture=True) == Class(3)
    assert read_target("top", of_picture=True) == Top()
    assert read_target("3 - 8", of_picture=True) == Contrast("3", "8")


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
