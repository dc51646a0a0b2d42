"""What a worker writes is shown in whole lines, in bounds, without secrets."""

from __future__ import annotations

import pytest

from inspector.client.log_lines import LONGEST_LINE, MOST, LogLines


def test_that_lines_come_whole_and_the_rest_at_the_end() -> None:
    lines = LogLines()
    assert [lines.feed(piece) for piece in ("one ", "line\nand", " another\r\nx")] == [
        "",
        "one line\n",
        "and another\r\n",
    ]
    assert lines.finish() == "x" and lines.finish() == ""


def test_that_a_secret_in_two_pieces_is_hidden() -> None:
    lines = LogLines()
    said = "".join(lines.feed(piece) for piece in "Authorization: Bearer hf_abcdefghij0123456789\nhf_Abcdefghij")
    assert "hf_" not in said + lines.finish()


def test_that_a_long_line_is_cut_whether_it_ends_or_not() -> None:
    lines = LogLines()
    for _ in range(1000):
        assert lines.feed("a" * 10_000) == ""
    assert lines.feed("\n") == "a" * LONGEST_LINE + "…\n"
    assert LogLines().feed("b" * 50_000 + "\n") == "b" * LONGEST_LINE + "…\n"


def test_that_more_than_can_be_shown_is_left_out_and_said() -> None:
    now = [0.0]
    lines = LogLines(lambda: now[0])
    flood = "a line of it\n" * 100_000
    said = lines.feed(flood)
    assert len(said) <= MOST and said.endswith("a line of it\n")
    assert lines.feed(flood) == ""
    now[0] = 1.5
    left_out = f"… {2 * len(flood) - len(said):,} characters are left out: too many came at once.\n"
    assert lines.feed("next\n") == left_out + "next\n"


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_that_progress_is_shown_as_it_comes(end: str) -> None:
    lines = LogLines()
    assert lines.feed(f"Loading 10%{end}") == f"Loading 10%{end}"
