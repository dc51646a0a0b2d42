"""The prompt cut into runs: the smallest pieces that are drawn as one, before any width is known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from engine.protocol.values import Token
from inspector.look.visible_text import shortened, visible
from inspector.views.tokens.arabic import joined
from inspector.views.tokens.bidi import embedding_levels, runs_right_to_left


class RunKind(IntEnum):
    TEXT = 0
    MARK = 1  # a sign for what cannot be seen: newline, tab, spaces
    SPECIAL = 2  # a token that is not text of the prompt
    PIECE = 3  # a later piece of a character made of several tokens


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs in reading order. All arrays are (run,)."""

    texts: list[str]
    tokens: np.ndarray  # the position of the token it belongs to
    kinds: np.ndarray  # RunKind
    ends_row: np.ndarray  # True: a newline, nothing follows it in its row
    may_start_row: np.ndarray  # True: rows may break before it
    after_space: np.ndarray  # True: there is a space before it, which is no part of its chip
    levels: np.ndarray  # of embedding (UAX #9); odd: right to left
    bases: np.ndarray  # level of the paragraph

    def __len__(self) -> int:
        return len(self.texts)


_Part = tuple[RunKind, str, bool]  # what it is, what to draw, whether the row ends after it

NEWLINE_MARK = "↵"
_TAB_MARK = "→   "
_SPACE_MARK = "·"
_UNSEEN = re.compile("(?P<newline>\r\n|[\n\r\v\f\x85\u2028\u2029])|(?P<tab>\t)|  +|^ $")
_WITHOUT_SPACES = re.compile(  # scripts whose words are not set apart by spaces, and emoji
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3130-\ud7ff\uf900-\ufaff\uff00-\uff9f\U0001f000-\U0003ffff]"
)


def runs_of(tokens: Sequence[Token]) -> Runs:
    """Cut every token's text at what cannot be seen; each token has at least one run."""
    texts: list[str] = []
    owners: list[int] = []
    kinds: list[RunKind] = []
    ends: list[bool] = []
    known: dict[tuple[str, str, bool], list[_Part]] = {}
    for position, token in enumerate(tokens):
        key = (token.text, token.label, token.special)
        parts = known.get(key)
        if parts is None:
            parts = known[key] = list(_parts(token))
        for kind, text, newline in parts:
            texts.append(text)
            owners.append(position)
            kinds.append(kind)
            ends.append(newline)
    levels, bases = _levels(texts, owners, kinds, ends)
    spaced = [
        kind == RunKind.TEXT and len(text) > 1 and text[0] == " " for text, kind in zip(texts, kinds, strict=True)
    ]
    breaks = _places_to_break(texts, kinds)
    texts = [text[1:] if after else text for text, after in zip(texts, spaced, strict=True)]
    return Runs(
        texts=joined(texts, ends),
        tokens=np.array(owners, np.int64),
        kinds=np.array(kinds, np.uint8),
        ends_row=np.array(ends, bool),
        may_start_row=breaks,
        after_space=np.array(spaced, bool),
        levels=levels,
        bases=bases,
    )


def _parts(token: Token) -> Iterator[_Part]:
    """The runs of one token."""
    text = token.text
    if token.special:
        yield RunKind.SPECIAL, visible(token.label), False
        return
    if not text:
        yield RunKind.PIECE, visible(token.label), False
        return
    at = 0
    for found in _UNSEEN.finditer(text):
        if found.start() > at:
            yield RunKind.TEXT, visible(text[at : found.start()]), False
        if found["newline"]:
            yield RunKind.MARK, NEWLINE_MARK, True
        else:
            yield RunKind.MARK, _TAB_MARK if found["tab"] else shortened(_SPACE_MARK * len(found[0])), False
        at = found.end()
    if at < len(text):
        yield RunKind.TEXT, visible(text[at:]), False


def _places_to_break(texts: list[str], kinds: list[RunKind]) -> np.ndarray:
    """Before a word, around signs and special tokens, and between letters of scripts without spaces."""
    known = {text: _borders(text) for text in set(texts)}
    allowed = np.zeros(len(texts), bool)
    free = True  # after the run before
    for index, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        if kind != RunKind.TEXT:
            allowed[index] = free = True
            continue
        always, if_free, free_after = known[text]
        allowed[index] = always or (free and if_free)
        free = free_after
    return allowed


def _borders(text: str) -> tuple[bool, bool, bool]:
    """Whether a row may start with `text` always, where the text before does not mind, and right after it."""
    closing = unicodedata.category(text[0]) in ("Pe", "Pf", "Po")
    spaced = text[0] == " "
    always = spaced or (not closing and _WITHOUT_SPACES.match(text) is not None)
    return always, not closing, text[-1] == " " or _WITHOUT_SPACES.match(text[-1]) is not None


def _levels(
    texts: list[str], owners: list[int], kinds: list[RunKind], ends: list[bool]
) -> tuple[np.ndarray, np.ndarray]:
    """The embedding level of every run and of its paragraph; the runs of one token in a paragraph share theirs."""
    levels = np.zeros(len(texts), np.uint8)
    bases = np.zeros(len(texts), np.uint8)
    if not runs_right_to_left("".join(texts)):
        return levels, bases
    start = 0
    for end in [*(np.flatnonzero(ends) + 1).tolist(), len(texts)]:
        if any(runs_right_to_left(text) for text in texts[start:end]):
            words: dict[int, str] = {}
            for index in range(start, end):
                drawn = texts[index] if kinds[index] == RunKind.TEXT else " "
                words[owners[index]] = words.get(owners[index], "") + drawn
            base, of_words = embedding_levels(list(words.values()))
            by_owner = dict(zip(words, of_words, strict=True))
            levels[start:end] = [by_owner[owner] for owner in owners[start:end]]
            bases[start:end] = base
        start = end
    return levels, bases
