"""Amounts in words."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB")


def bytes_in_words(count: float) -> str:
    """A number of bytes as people write it: 4.1 MB."""
    for unit in _UNITS[:-1]:
        if abs(count) < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 99.5 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"


def share_in_words(used: float, total: float) -> str:
    """A part of a number of bytes: 1.2 of 8.0 GB."""
    power = next((power for power in (4, 3, 2, 1) if total >= 1000**power), 0)
    unit = 1000**power
    return f"{used / unit:.1f} of {total / unit:.1f} {_UNITS[power]}"
