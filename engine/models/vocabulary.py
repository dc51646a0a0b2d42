"""A vocabulary, token by token: the text each adds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from transformers import BatchEncoding, PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from engine.models.labels import bytes_label, label
from engine.models.storage.reading_files import Reading

_USE = Reading("the tokenizer of this model")  # a damaged one may be opened, and fail with the first unknown word
_UNDECODABLE = "\ufffd"
_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_characters: Callable[[], dict[int, str]] = bytes_to_unicode
_BYTE_OF = {character: byte for byte, character in _characters().items()}


@dataclass(frozen=True)
class Piece:
    """The text a token adds when it continues another, and how to show it. The text of half a character is U+FFFD."""

    text: str
    label: str


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The tokens of a tokenizer, one by one."""

    tokenizer: PreTrainedTokenizerBase

    @cached_property
    def added(self) -> dict[int, str]:
        """The tokens that are found in a prompt as they are, before it is split: control tokens above all."""
        return {id: token.content for id, token in self.tokenizer.added_tokens_decoder.items()}

    @cached_property
    def special(self) -> frozenset[int]:
        """The control tokens. The unknown token is one, although it stands for a piece of the prompt."""
        added = self.tokenizer.added_tokens_decoder.items()
        return frozenset(self.tokenizer.all_special_ids) | {id for id, token in added if token.special}

    def piece(self, id: int) -> Piece:
        """The token's text, with the space before it if it has one, and its label."""
        found = self._pieces.get(id)
        if found is None:
            found = self._pieces[id] = self._made_piece(id)
        return found

    @cached_property
    def _pieces(self) -> dict[int, Piece]:
        return {}

    def _made_piece(self, id: int) -> Piece:
        if id in self.added:
            content = self.added[id]
            return Piece(content, label(content) or _nameless(id))
        token = self._token(id)
        if token is None:
            return Piece("", _nameless(id))
        text = self._continuation(id)
        if _UNDECODABLE in text and (raw := _raw_bytes(token)) is not None:
            return Piece(text, bytes_label(raw))
        return Piece(text, label(text) or label(str(token)) or _nameless(id))

    def decode(self, ids: list[int]) -> str:
        """The text of `ids`, untouched: no token left out, no space cleaned away."""
        with _USE:
            return str(self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, with no token added around it."""
        with _USE:
            return list(self.tokenizer.encode(text, add_special_tokens=False))

    def encoded(self, *texts: str, **keywords: Any) -> BatchEncoding:
        """What the tokenizer makes of `texts`, with its keywords. Raises ModelError where it cannot."""
        with _USE:
            found: BatchEncoding = self.tokenizer(*texts, verbose=False, **keywords)
            return found

    def _token(self, id: int) -> str | bytes | None:
        # Models often have more logits than their tokenizer has tokens; slow tokenizers raise for the ids beyond.
        try:
            token = self.tokenizer.convert_ids_to_tokens(id)
        except (IndexError, KeyError, ValueError, OverflowError):
            return None
        return token if token is None or isinstance(token, bytes) else str(token)

    def _continuation(self, id: int) -> str:
        # Alone, or first in a text, many tokens lose the space before them: decode each after another one.
        before, prefix = self._anchor
        text = self.decode([*before, id])
        return text[len(prefix) :] if text.startswith(prefix) else self.decode([id])

    @cached_property
    def _anchor(self) -> tuple[list[int], str]:
        ids = self.encode("a")[-1:]
        return ids, self.decode(ids) if ids else ""


def _raw_bytes(token: str | bytes) -> bytes | None:
    """The bytes a token stands for, in either of the ways in which vocabularies spell bytes; None if in neither."""
    if isinstance(token, bytes):
        return token
    if match := _BYTE_TOKEN.fullmatch(token):
        return bytes.fromhex(match[1])
    if all(character in _BYTE_OF for character in token):
        return bytes(_BYTE_OF[character] for character in token)
    return None


def _nameless(id: int) -> str:
    return f"‹id {id}›"
