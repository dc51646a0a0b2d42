"""Tokens merged to words, lines or sentences; the relevance of each is the sum of its tokens'."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from engine.protocol.looks import Unit
from engine.protocol.values import Token


@dataclass(frozen=True, eq=False)
class Units:
    """Consecutive tokens that are read as one: `starts`, int (unit,), is where each begins; together they are all."""

    starts: np.ndarray
    tokens: int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def ranges(self) -> list[range]:
        """The tokens of each."""
        return [self.range_of(unit) for unit in range(len(self))]

    @cached_property
    def of_token(self) -> np.ndarray:
        """Which one each token is in, int (token,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts, append=self.tokens))

    def range_of(self, unit: int) -> range:
        """The tokens of one."""
        end = self.starts[unit + 1] if unit + 1 < len(self) else self.tokens
        return range(int(self.starts[unit]), int(end))

    def merged(self, values: np.ndarray) -> np.ndarray:
        """The sum of each, (..., unit) of values (..., token).

        In float64, where sums of float32 are exact unless a unit has values 2^29 times as large as others; where each
        is a token, the values as they are.
        """
        if len(self) == self.tokens:
            return values
        sums: np.ndarray = np.add.reduceat(values, self.starts, axis=-1, dtype=np.float64)
        return sums

    def spread(self, values: np.ndarray) -> np.ndarray:
        """To each token what its unit has, (token,) of values (unit,)."""
        spread: np.ndarray = values[self.of_token]
        return spread

    def beside(self, token: int, step: int) -> int:
        """The last token of what is `step` further than what a token is in, or of the first or last of all."""
        unit = int(self.of_token[token]) + step
        return self.range_of(min(max(unit, 0), len(self) - 1))[-1]


def text_of(tokens: Sequence[Token], span: range) -> str:
    """What the tokens of a unit say without the space around it; the label of one that says nothing."""
    said = "".join(tokens[place].text for place in span).strip()
    return said if said and not tokens[span.start].special else tokens[span.start].label


def units_of(tokens: Sequence[Token], unit: Unit) -> Units:
    """The words, lines or sentences of a text; special tokens, which are no text, stay alone."""
    return _units_of(_Same(tokens), unit)


class _Same:
    """A sequence that is known by being the same one: comparing thousands of tokens takes longer than painting them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens

    def __hash__(self) -> int:
        return id(self.tokens)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.tokens is other.tokens


@lru_cache(maxsize=16)
def _units_of(same: _Same, unit: Unit) -> Units:
    tokens = same.tokens
    if unit == "token":
        return Units(np.arange(len(tokens)), len(tokens))
    starts = [start for span in _stretches(tokens) for start in _starts(tokens, span, _BORDERS[unit])]
    return Units(np.array(starts, np.int64), len(tokens))


def _stretches(tokens: Sequence[Token]) -> Iterator[range]:
    """The tokens that a unit may go on over: of the prompt, or of what the model said; a special one is alone."""
    start = 0
    for place in range(1, len(tokens) + 1):
        before, token = tokens[place - 1], tokens[place] if place < len(tokens) else None
        if token is None or token.special or before.special or token.generated != before.generated:
            yield range(start, place)
            start = place


def _starts(tokens: Sequence[Token], span: range, borders_in: Callable[[str], Iterator[int]]) -> Iterator[int]:
    """The tokens of a stretch with which a unit begins. A border inside a token is one behind it.

    A later piece of a character has no text, and goes with its first piece.
    """
    texts = [tokens[place].text for place in span]
    borders = np.fromiter(borders_in("".join(texts)), np.int64)
    at = np.concatenate(([0], np.cumsum([len(text) for text in texts])))
    passed = np.searchsorted(borders, at[:-1], side="right")  # borders up to where each token begins
    reached = 0
    for place, text, count in zip(span, texts, passed.tolist(), strict=True):
        if place == span.start or (text and count > reached):
            yield place
        if text or place == span.start:
            reached = count


_SPACELESS = re.compile(  # scripts that set words apart by nothing but sense: a token is the best guess at a word
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1980-\u19df\u2e80-\u3096\u309d-\u309f\u3105-\u312f\u31a0-\u31bf"
    "\u3400-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U00011700-\U0001174f\U00020000-\U0003ffff]"
)
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"
_IN_WORDS = ".'’‘․·"  # between two letters, or two digits
_IN_NUMBERS = ",٫٬⁄"  # between two digits
# Of the letters that `_kind` gives to characters. Spaces belong to the word behind them.
_WORD = re.compile(
    r"s*(?:[ad_][mz]*(?:[ad_][mz]*|(?<=[amz])q(?=a)|(?<=[dmz])[qc](?=d))*"
    r"|(?:k[mz]*)+|h[mz]*|r[mz]*r?[mz]*|e[mz]*(?:(?<=z)e[mz]*)*|b+|[qp][mz]*|[cmz]+)|s+"
)


@lru_cache(maxsize=8192)
def _kind(letter: str) -> str:
    """What a character is in a word: a letter, d digit, m mark on the one before, s space, b line break, ..."""
    if letter in _LINE_ENDS:
        return "b"
    if letter.isspace():
        return "s"
    if letter in _IN_WORDS:
        return "q"
    if letter in _IN_NUMBERS:
        return "c"
    if letter == "\u200d":
        return "z"
    category, code = unicodedata.category(letter), ord(letter)
    if category[0] == "M" or category == "Cf" or 0x1F3FB <= code <= 0x1F3FF:
        return "m"
    if 0x1F1E6 <= code <= 0x1F1FF:
        return "r"
    if category == "Nd" or category[0] == "N":
        return "d"
    if category[0] == "L":
        return "k" if _KATAKANA.match(letter) else "h" if _SPACELESS.match(letter) else "a"
    return "_" if category == "Pc" else "e" if category == "So" else "p"


def _words(text: str) -> Iterator[int]:
    """Where words begin, as UAX #29 has it in short."""
    kinds = text.translate({ord(letter): _kind(letter) for letter in set(text)})
    return (word.start() for word in _WORD.finditer(kinds))


_LINE = re.compile(f"\r\n|[{_LINE_ENDS}]")


def _lines(text: str) -> Iterator[int]:
    """Where lines begin, but for the first."""
    return (end.end() for end in _LINE.finditer(text))


_CLOSING = "[\"'’”»›)\\]）」』】》]*"
_SENTENCE = re.compile(
    rf"(?P<full>[。！？｡．]+{_CLOSING}|[।॥။።፧፨۔؟៕᠃]+{_CLOSING}|[.!?…‼⁇⁈⁉]+{_CLOSING}(?=\s|$))(?:[^\S\n]*\n\s*)?"
    r"|(?P<gap>[^\S\n]*\n\s*\n\s*)|\n[^\S\n]*"
)
_INITIAL = re.compile(r"(?:^|[\s.(])[^\W\d_]$")


def _sentences(text: str) -> Iterator[int]:
    """Where sentences begin, but for the first: after a full stop and where a paragraph or a heading ends.

    A lower-case letter goes on with a sentence, as behind "e.g." and in text broken into lines, and so does a name
    behind its initial.
    """
    for end in _SENTENCE.finditer(text):
        following = text[end.end() : end.end() + 64].lstrip()[:1]
        stop = end["full"]
        initial = stop == "." and _INITIAL.search(text[max(end.start() - 2, 0) : end.start()]) is not None
        if end["gap"] is not None or not (following.islower() or initial):
            yield end.end()


_BORDERS: dict[Unit, Callable[[str], Iterator[int]]] = {"word": _words, "line": _lines, "sentence": _sentences}
