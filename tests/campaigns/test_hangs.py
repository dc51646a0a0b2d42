"""A few of the hangs that the campaign lets happen; how long they take is said by its long form."""

from __future__ import annotations

import shutil

import pytest

from tests.campaigns import hangs
from tests.campaigns.watched_client import Outcome

pytestmark = pytest.mark.process
KINDS = (
    "forward in C",
    "tokenizer, beside a longer run",
    "a prompt file is a pipe",
    "a figure goes into a pipe",
    "forward in C, and the spare is stopped by a signal",
    "the figures' worker is stopped by a signal",
)


def test_that_stop_makes_the_program_usable_whatever_hangs(qapp: object) -> None:
    found = list(hangs.outcomes(KINDS))
    assert [one.how for one in found] == [*KINDS, "closing"]
    assert [one for one in found if one.wrong] == []


@pytest.mark.latex
@pytest.mark.skipif(shutil.which("xelatex") is None, reason="needs a TeX installation")
def test_that_stop_ends_a_latex_that_loops(qapp: object) -> None:
    assert [one for one in hangs.outcomes(["LaTeX loops"]) if one.wrong] == []


def test_that_the_table_of_hangs_says_what_took_too_long() -> None:
    found = [Outcome("tokenizer", 0, (), 3.0), Outcome("tokenizer", 1, ("2 endings",), 7.0)]
    assert "| tokenizer | 2 | 1 | 1: 2 endings | 5.00 | 7.00 | 1 |" in hangs.table(found)
