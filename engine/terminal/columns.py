"""Rows in columns, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: int | None = None) -> Iterator[str]:
    """Words to the left, and the last `numbers` columns to the right: without it, all but the first."""
    words = len(titles) - (len(titles) - 1 if numbers is None else numbers)
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        cells = [
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "   ".join(cells)).rstrip()
