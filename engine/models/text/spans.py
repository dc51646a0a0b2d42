"""Spans of tokens in a prompt: every character belongs to exactly one token, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

Span = tuple[int, int]

_UNDECODABLE = "\ufffd"
_STRIDE = 16  # tokens decoded together where a tokenizer gives no offsets


def partition(offsets: Sequence[Span | None], length: int) -> list[Span]:
    """Spans that cover `length` characters without gap or overlap, from a tokenizer's `offsets`.

    None stands for a token that was added to the prompt: its span is empty. Characters the tokenizer dropped go to
    the token after them, or the last one. Of the tokens that share a character the first has it.
    """
    ends, cursor = [], 0
    for offset in offsets:
        cursor = min(max(cursor, offset[1] if offset else 0), length)
        ends.append(cursor)
    last = _last_carrier(offsets, ends)
    ends[last:] = [length] * (len(ends) - last)
    return list(zip([0, *ends], ends, strict=False))


def hand_on(offsets: Sequence[Span | None], spans: list[Span], means: Callable[[int, Span], bool]) -> list[Span]:
    """`spans` with each shared span given to the one token that `means` it, if there is just one.

    A tokenizer that puts a marker before the prompt gives marker and first token the same offsets.
    """
    moved = list(spans)
    for offset, group in groupby(range(len(offsets)), key=lambda i: offsets[i]):
        sharing = list(group)
        if offset is None or len(sharing) == 1 or offset[0] == offset[1]:
            continue
        meaning = [i for i in sharing if means(i, offset)]
        if len(meaning) != 1:
            continue
        start, end = spans[sharing[0]][0], spans[sharing[-1]][1]
        for i in sharing:
            moved[i] = (start, start) if i < meaning[0] else (end, end)
        moved[meaning[0]] = (start, end)
    return moved


def offsets_by_decoding(ids: Sequence[int], decode: Callable[[list[int]], str], prompt: str) -> list[Span]:
    """Where in the prompt each of `ids` is, where the tokenizer does not say: by decoding ever longer beginnings."""
    ends, text = decoded_ends(ids, decode)
    places = _align(text, prompt)
    return [(places[start], places[end]) for start, end in zip([0, *ends], ends, strict=False)]


def decoded_ends(ids: Sequence[int], decode: Callable[[list[int]], str]) -> tuple[list[int], str]:
    """The text of `ids`, and the length of it when each token has been added."""
    ends: list[int] = []
    text, base, head = "", 0, ""
    for i in range(1, len(ids) + 1):
        # One token before `base` is decoded with the rest: at the start of a text many tokens lose their space.
        beginning = decode(list(ids[max(base - 1, 0) : i]))[len(head) :]
        whole = beginning.rstrip(_UNDECODABLE)
        # The first piece of a character already reaches to the end of it.
        ends.append(len(text) + len(whole) + (whole != beginning))
        if i - base >= _STRIDE and whole == beginning and i < len(ids):
            text += beginning
            base, head = i, decode(list(ids[i - 1 : i]))
        elif i == len(ids):
            text += beginning
            ends[-1] = len(text)
    return ends, text


def _last_carrier(offsets: Sequence[Span | None], ends: list[int]) -> int:
    carriers = [i for i, end in enumerate(ends) if end > (ends[i - 1] if i else 0)]
    own = [i for i, offset in enumerate(offsets) if offset is not None]
    return (carriers or own or [len(ends) - 1])[-1]


def _align(text: str, prompt: str) -> list[int]:
    """For each place in `text`, the end included, its place in the prompt it was decoded from."""
    places, j = [], 0
    for i, character in enumerate(text):
        places.append(j)
        j = _after(character, text[i + 1 : i + 2], prompt, j)
    return [*places, j]


def _after(character: str, following: str, prompt: str, j: int) -> int:
    """The place in the prompt behind what `character` was decoded from, the place before it being `j`."""
    rest = prompt[j : j + 8]
    if not rest:
        return j
    if rest[0] == character:
        return j + 1
    if not character.isspace() and (found := rest.lower().find(character.lower())) > 0 and rest[:found].isspace():
        return j + found + 1  # the tokenizer dropped spaces
    if character.isspace() or (following and rest[0] == following):
        return j  # the tokenizer put in a character
    return j + 1  # it replaced one
