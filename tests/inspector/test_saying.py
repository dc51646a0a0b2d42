"""Nothing that a model, a file or a person calls something acts on the terminal that shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.information import describe
from engine.protocol.values import ModelSource
from engine.protocol.visible_text import visible_lines
from tests.engine.figures.hostile import hostile_text
from tests.engine.models.conftest import tiny_llama

ROOT = Path(__file__).parents[2]
HOSTILE = "a\x1b[31m\x07\x9b2J\u202eb\u2066\u200b"
ACTS = set(map(chr, (*range(9), *range(11, 32), 0x7F, *range(0x80, 0xA0)))) | set(
    "\u202a\u202e\u2066\u2069\u200b\u200e"
)
GUARDED = "from inspector.command_line.saying import guard_streams, say; import sys; guard_streams();"


def said(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", GUARDED + program, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=100)


@given(st.text() | hostile_text)
def test_that_lines_stay_and_nothing_in_them_acts(text: str) -> None:
    shown = visible_lines(text)
    assert shown.count("\n") == text.count("\n") and not ACTS & set(shown)


@pytest.mark.process
@pytest.mark.parametrize(
    "program",
    [
        "say(sys.argv[1])",
        "print(sys.argv[1], file=sys.stderr)",
        "import warnings; warnings.warn(sys.argv[1])",
        "raise ValueError(sys.argv[1])",
        "import logging; logging.warning(sys.argv[1])",
    ],
)
def test_that_whoever_says_it_says_it_in_visible_text(program: str) -> None:
    done = said(program, HOSTILE)
    shown = done.stdout + done.stderr
    assert "a␛[31m␇⟨009B⟩2J⟨202E⟩b⟨2066⟩⟨200B⟩" in shown and not ACTS & set(shown)


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", f"/{HOSTILE}", "--prompt", "a"],
        ["explain", "m", "--prompt", "a", "--rules", HOSTILE],
        ["explain", "m", f"--{HOSTILE}"],
        [HOSTILE],
    ],
)
def test_that_a_command_names_what_is_wrong_in_visible_text(arguments: list[str]) -> None:
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode in (1, 2) and done.stderr and not ACTS & set(done.stdout + done.stderr)


@pytest.mark.process
def test_that_progress_still_writes_over_its_line() -> None:
    command = [sys.executable, "-c", GUARDED + "sys.stderr.write('10%\\r20%\\r\\n')"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=100).stderr == b"10%\r20%\r\n"


@pytest.mark.process
def test_that_a_secret_in_a_traceback_is_hidden() -> None:
    assert "Canary" not in said("raise ValueError(sys.argv[1])", "https://a:Canary@hub").stderr


def test_that_the_title_of_a_model_is_one_visible_line() -> None:
    title = describe(tiny_llama(8), ModelSource("m"), f"a\n{HOSTILE}", None).title
    assert title == "a↵a␛[31m␇‹U+009B›2J‹U+202E›b‹U+2066›‹U+200B›"
