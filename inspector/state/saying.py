"""What a model says, token by token, before any of it is explained."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.protocol.inputs import ForDecoder, Input, words_of
from engine.protocol.messages import Explained
from engine.protocol.values import ModelSource, Token
from inspector.state.question import Question

_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True)
class Saying:
    """What the model of `source` said so far, going on from `input`; `whole` is both, once it has ended."""

    source: ModelSource
    input: Input
    said: tuple[Token, ...]
    whole: Input | None = None

    def is_of(self, question: Question) -> bool:
        """Whether the question is about what is gone on from, or about what came of it."""
        return question.source == self.source and question.input in (self.input, self.whole)


@dataclass(frozen=True)
class Said:
    """Tokens that are not explained: those at the end of the answer on show, or else of a text that has none."""

    tokens: tuple[Token, ...]  # all that is to be seen, with those of the answer
    explained: int  # so many of them
    in_decoder: bool = False  # at the end of what a decoder has said, and not of what was asked about


def said_after(question: Question, answer: Explained | None, saying: Saying | None) -> Said | None:
    """What is to be seen of `saying`; None where nothing is said, or where all of it is explained.

    Without an answer to the text that is gone on from nobody knows its tokens: its words stand for them.
    """
    if saying is None or not saying.said or not saying.is_of(question):
        return None
    asked = None if answer is None else answer.question
    if answer is not None and asked is not None and asked.source == saying.source:
        if asked.input == saying.whole:
            return None
        if asked.input == saying.input:
            before = answer.relevance.answered_tokens
            return Said((*before, *saying.said), len(before), answer.relevance.answered_part > 0)
    if isinstance(saying.input, ForDecoder):
        return Said((*words_in(saying.input.decoder_text), *saying.said), 0, in_decoder=True)
    return Said((*words_in(words_of(saying.input)), *saying.said), 0)


def words_in(text: str) -> tuple[Token, ...]:
    """The words of a text of which no tokens are known, as tokens."""
    found = _WORD.finditer(text)
    return tuple(Token(-1, word[0], *word.span(), word[0].strip() or "␣") for word in found)
