"""Texts as cells of a table, which a spreadsheet shows and never runs."""

from __future__ import annotations

import re

# What spreadsheets take for the beginning of a formula, also behind quotes, which they take off
_RUN = re.compile("[\"']*[=+\\-@\t\r＝＋－＠]")


def cell(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if _RUN.match(text) else text


def text_of_cell(written: str) -> str:
    """The text that `cell` wrote: without the apostrophe where it put one."""
    return written[1:] if written.startswith("'") and _RUN.match(written) else written
