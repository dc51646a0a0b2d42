"""Makes the prompt of a trace: from text, messages, ids, or a prompt with the model's answer behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.attribution.inputs.ids import ids_of, require_known
from engine.models.opening import Model
from engine.models.text.chat import Message, rendered
from engine.models.text.tokens import continued, token_label, tokenize, tokenize_pair
from engine.protocol.failures import PromptError
from engine.protocol.values import Continuation, Token


@dataclass(frozen=True)
class Prompt:
    """A text and its tokens; the text is empty where only ids were given.

    Of two texts, `second` are the positions of the second one's tokens, and `types` the token types, if the model
    takes any.
    """

    text: str
    tokens: tuple[Token, ...]
    second: tuple[int, ...] = ()
    types: tuple[int, ...] | None = None

    def continued(self, model: Model, ids: Sequence[int]) -> Prompt:
        """The prompt with the tokens of `ids` behind it, which the model said itself."""
        tokens = continued(model, self.tokens, ids)
        return Prompt(self.text + "".join(token.text for token in tokens[len(self.tokens) :]), tokens)


def prompt_of(
    model: Model,
    text: str | None = None,
    messages: Sequence[Message] | None = None,
    input_ids: Sequence[int] | Tensor | None = None,
    continuation: Continuation | None = None,
    context: str | None = None,
) -> Prompt:
    """The one of `text`, `messages` and `input_ids` that is given. Raises PromptError.

    `continuation` says which end of `text` the model said itself, or what it said behind `messages`; `context` is a
    second text.
    """
    prompt = _prompt_of(model, text, messages, input_ids, continuation, context)
    require_known(model, prompt.tokens)
    return prompt


def _prompt_of(
    model: Model,
    text: str | None,
    messages: Sequence[Message] | None,
    input_ids: Sequence[int] | Tensor | None,
    continuation: Continuation | None,
    context: str | None,
) -> Prompt:
    model.must_take("text")
    if sum(given is not None for given in (text, messages, input_ids)) > 1:
        raise PromptError("Give one of a prompt, messages and input_ids, not several.", "prompt_empty")
    if text is not None and context is not None:
        pair = tokenize_pair(model, text, context)
        return Prompt(pair.prompt, pair.tokens, pair.second, pair.types)
    if text is not None and continuation is not None:
        own = text[: continuation.start]
        return Prompt(own, tuple(tokenize(model, own))).continued(model, continuation.ids)
    if text is not None:
        return Prompt(text, tuple(tokenize(model, text)))
    if messages is not None:
        text = rendered(model, messages)
        prompt = Prompt(text, tuple(tokenize(model, text, bare=True)))
        return prompt if continuation is None else prompt.continued(model, continuation.ids)
    if input_ids is not None:
        return Prompt("", tuple(bare_token(model, token) for token in ids_of(input_ids, model)))
    raise PromptError("There is nothing to explain: give a prompt or input_ids.", "prompt_empty")


def without_padding(input_ids: Sequence[Sequence[int]] | Tensor, attention_mask: object) -> list[list[int]]:
    """The ids of each prompt of a batch, without those that `attention_mask` (batch, token) takes away.

    A padded prompt and the prompt alone are the same to a model, but for rounding. Raises PromptError where the mask
    does not fit the ids, or takes away tokens between others.
    """
    try:
        ids, mask = torch.as_tensor(input_ids), torch.as_tensor(attention_mask)
    except (TypeError, ValueError, RuntimeError) as error:
        raise PromptError(f"input_ids and attention_mask are (batch, token): {error}", "prompt_empty") from error
    if ids.dim() == 1:
        ids, mask = ids[None], mask[None]
    if ids.dim() != 2 or ids.shape != mask.shape:
        shapes = " and ".join(str(tuple(given.shape)) for given in (ids, mask))
        raise PromptError(f"input_ids and attention_mask are both (batch, token), not {shapes}.", "prompt_empty")
    rows = []
    for row, kept in zip(ids, mask != 0, strict=True):
        places = kept.nonzero().flatten().tolist()
        if not places:
            raise PromptError("The attention mask leaves no token of a prompt.", "prompt_empty")
        if places[-1] - places[0] + 1 != len(places):
            raise PromptError("The attention mask takes away tokens between others: it can only be for padding.")
        rows.append(row[kept].tolist())
    return rows


def bare_token(model: Model, token: int) -> Token:
    """A token that comes from no text."""
    label = str(token) if model.tokenizer is None else token_label(model, token)[1]
    return Token(token, "", 0, 0, label)
