"""Writes numbers for the views: short, with a true minus sign."""

from __future__ import annotations

import math

from engine.reading.limits import ROUNDING

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def written(value: float) -> str:
    """`value` with two digits after the point, of small and of large numbers with three significant ones."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    magnitude = int(f"{value:.2e}".split("e")[1])  # after rounding: 9.999 becomes 10.0
    if magnitude < -4 or magnitude > 6:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa} × 10".replace("-", "−") + str(int(exponent)).translate(_RAISED)
    digits = 2 if -1 <= magnitude <= 2 else max(2 - magnitude, 0)
    return f"{value:.{digits}f}".replace("-", "−")


def written_beside(whole: float, amount: float) -> str:
    """An amount as it is written everywhere, without what is rounding beside the whole."""
    return written(amount if abs(amount) > ROUNDING * abs(whole) else 0.0)


def signed(value: float) -> str:
    """As `written`, with a plus before what is above zero."""
    return f"+{written(value)}" if value > 0 else written(value)


def percent(share: float) -> str:
    """A share as percent, one digit after the point below ten: "4.2 %", "38 %", "< 0.1 %"."""
    hundredths = share * 100
    if not math.isfinite(hundredths):
        return "–"
    if 0 < abs(hundredths) < 0.1:
        return "< 0.1 %" if share > 0 else "> −0.1 %"
    digits = 1 if abs(hundredths) < 10 else 0
    return f"{hundredths:.{digits}f} %".replace("-", "−")


def in_tokens(count: int) -> str:
    """A number of tokens in words: "1 token", "8192 tokens"."""
    return f"{grouped(count)} token" if count == 1 else f"{grouped(count)} tokens"


def grouped(count: int) -> str:
    """A count with thin spaces between thousands from five digits on: "8192", "20 000"."""
    return f"{count:,}".replace(",", "\u202f") if count >= 10_000 else str(count)


def decimals_beside(largest: float) -> int:
    """How many digits after the point a column of numbers has: two, and more where the largest is below one tenth."""
    if not math.isfinite(largest) or largest == 0:
        return 2
    return min(max(2, 1 - math.floor(math.log10(abs(largest)))), 6)
