"""Tokens as their tokenizer writes them, as text that people read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence

_WORD_PIECE = "##"  # begins a token that goes on with a word (BERT)
_MARKERS_OF_WORD_PIECE = {"[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]"}
_SPACE_OF_SENTENCE_PIECE = "▁"
_BYTE_OF_SENTENCE_PIECE = re.compile("<0x([0-9A-F]{2})>")
_WHITE_OF_BYTE_LEVEL = "ĠĊĉč"  # space, line break, tab, return

# Byte-level tokenizers write a byte as the letter of that number, or, where it has no picture, as one from 256 on
_OWN = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHERS = [byte for byte in range(256) if byte not in _OWN]
_BYTES = {chr(byte): byte for byte in _OWN} | {chr(256 + i): byte for i, byte in enumerate(_OTHERS)}


def clean_tokens(words: Sequence[str]) -> list[str]:
    """The text of each token, as `convert_ids_to_tokens` gives them; a leading space where a word begins.

    Nothing is escaped: `pdf_heatmap` takes text as it is. A character of several tokens goes to the one that completes
    it. Tokens of a tokenizer that leaves no marks are returned unchanged.
    """
    if any(_SPACE_OF_SENTENCE_PIECE in word for word in words):
        return list(_decoded(_sentence_piece(word) for word in words))
    if any(mark in word for word in words for mark in _WHITE_OF_BYTE_LEVEL):
        return list(_decoded(_byte_level(word) for word in words))
    if any(word.startswith(_WORD_PIECE) or word in _MARKERS_OF_WORD_PIECE for word in words):
        spaced = [word[2:] if word.startswith(_WORD_PIECE) else f" {word}" for word in words]
        return [spaced[0].removeprefix(" "), *spaced[1:]]
    return list(words)


def _sentence_piece(word: str) -> bytes:
    byte = _BYTE_OF_SENTENCE_PIECE.fullmatch(word)
    return bytes.fromhex(byte[1]) if byte else word.replace(_SPACE_OF_SENTENCE_PIECE, " ").encode()


def _byte_level(word: str) -> bytes:
    written = all(letter in _BYTES for letter in word)  # tokens that were added later are plain text
    return bytes(_BYTES[letter] for letter in word) if written else word.encode()


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = list(pieces)
    for place, piece in enumerate(rest, start=1):
        yield decoder.decode(piece, final=place == len(rest))
