"""Lists of gammas as a person writes them: numbers with commas between them."""

from __future__ import annotations

import math

_MOST, _MANY = 1e6, 12


def read_gammas(text: str) -> tuple[float, ...]:
    """The numbers in `text`, each once, in the order written. Raises ValueError with a sentence for people."""
    words = text.replace(",", " ").replace(";", " ").split()
    if not words:
        raise ValueError("Write at least one number, such as 0.25.")
    gammas = tuple(dict.fromkeys(_read(word) for word in words))
    if len(gammas) > _MANY:
        raise ValueError(f"These are {len(gammas)} numbers; {_MANY} fit.")
    return gammas


def write_gammas(gammas: tuple[float, ...]) -> str:
    """As they are read again."""
    return ", ".join(f"{gamma:g}" for gamma in gammas)


def _read(word: str) -> float:
    try:
        gamma = float(word)
    except ValueError:
        gamma = math.nan
    if not 0 <= gamma <= _MOST:
        raise ValueError(f"“{word}” is not a number from 0 to 1,000,000, such as 0.25.")
    return gamma
