"""The scalars that can be explained. A target names logits; relevance is linear in it.

A position of -1, the default, is where the model answers: the last token for a model that continues a text, the
first mask for one that fills masks, the surest token for one that classes tokens, the whole input for one that classes
it. A sequence-to-sequence model is asked at positions of its decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

# A token by its id, or by its text: the text must be one token of the model's vocabulary.
TokenName = int | str


class Top(Struct, frozen=True, tag=True):
    """The largest logit at `position`; of an answer span, its most likely start and end together."""

    position: int = -1


class Token(Struct, frozen=True, tag=True):
    """The logit of `token` at `position`."""

    token: TokenName
    position: int = -1


class Class(Struct, frozen=True, tag=True):
    """The logit of a class, by its label or its index.

    `position` is a token's, for a model that classes tokens; left out, the token where the logit is largest. An answer
    span has two classes, "start" and "end".
    """

    name: TokenName
    position: int | None = None


class Contrast(Struct, frozen=True, tag=True):
    """The logit of `token` minus that of `against`, or minus 1/N of every other logit where `against` is None.

    The second form explains the softmax's output rather than the logit (Gu et al., 2018), which models need whose
    logits are all negative, such as GPT-2. Where a model predicts classes, `token` and `against` name classes.
    """

    token: TokenName
    against: TokenName | None = None
    position: int = -1


class Sum(Struct, frozen=True, tag=True):
    """The sum of several targets."""

    targets: tuple[Target, ...]


Target = Top | Token | Class | Contrast | Sum


class HasId(Protocol):
    """A token of a prompt, as far as a target needs to know it."""

    @property
    def id(self) -> int: ...


def span(tokens: Sequence[HasId], start: int, end: int) -> Sum:
    """What was said from position `start` up to `end`: of each of these tokens the logit it had where it was said.

    `tokens` are the prompt's. The first has none before it that could say it, so `start` is at least 1. Raises
    ValueError where the tokens have no such span.
    """
    if not 1 <= start < end <= len(tokens):
        raise ValueError(f"Of {len(tokens)} tokens, {start} to {end} is no span: it starts at 1 at least.")
    return Sum(tuple(Token(tokens[i].id, i - 1) for i in range(start, end)))
