"""Making a trace: one forward pass under a rule set over what a model is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from torch import Tensor, nn
from zennit.core import Composite

from engine.anatomy import unchanged
from engine.attribution.attention import check_attention
from engine.attribution.forecast import check_that_it_fits
from engine.attribution.generating import Generation
from engine.attribution.inputs.given import Inputs, inputs_for, inputs_of_pixels, inputs_of_text
from engine.attribution.inputs.prompts import Prompt, prompt_of, without_padding
from engine.attribution.ledger.books import Books
from engine.attribution.recording import record
from engine.attribution.trace import Trace
from engine.attribution.traces import Traces
from engine.models.machine.modes import check_has_gradients, with_gradients
from engine.models.opening import Model, load_model
from engine.models.sight.seeing import AnyImage, see
from engine.models.text.chat import Message
from engine.protocol.failures import PromptError
from engine.protocol.inputs import Chat, ForDecoder, Input, Pair, Picture, Text, input_of
from engine.protocol.values import Continuation
from engine.rules.table import RuleSet, rule_set
from engine.watch import AskCancelled, ReportProgress, Watch


@overload
def trace(
    model: Model | nn.Module,
    prompt: str | Input | Generation | None = None,
    *,
    messages: Sequence[Message] | None = None,
    input_ids: Sequence[int] | Tensor | None = None,
    attention_mask: None = None,
    continuation: Continuation | None = None,
    context: str | None = None,
    decoder_text: str | None = None,
    image: AnyImage | None = None,
    pixel_values: Tensor | None = None,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace: ...


@overload
def trace(
    model: Model | nn.Module,
    prompt: list[str] | tuple[str, ...],
    *,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Traces: ...


@overload
def trace(
    model: Model | nn.Module,
    *,
    input_ids: Any,
    attention_mask: Any,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Traces: ...


@with_gradients()
def trace(
    model: Model | nn.Module,
    prompt: str | Input | Generation | list[str] | tuple[str, ...] | None = None,
    *,
    messages: Sequence[Message] | None = None,
    input_ids: Any = None,
    attention_mask: Any = None,
    continuation: Continuation | None = None,
    context: str | None = None,
    decoder_text: str | None = None,
    image: AnyImage | None = None,
    pixel_values: Tensor | None = None,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace | Traces:
    """One forward pass under `rules` over a prompt: a text, a Pair or another input, what `generate` gave, `messages`
    in the model's chat template, or `input_ids`; or over an `image`, a file or a picture, or its `pixel_values` as the
    model expects them.

    A list of prompts gives `Traces`, one after another, and so do `input_ids` (batch, token) with an `attention_mask`,
    padded on either side: each answer is what it is alone. `continuation` says which end of `prompt` the model said.

    `context` is a second text, such as the one in which the answer to a question is found. `decoder_text` is what the
    decoder of an encoder-decoder model has written so far; without it the decoder is at its start token.
    `checkpointing` keeps one residual stream a block instead of everything in it, and computes the rest again when
    explaining: the same relevance for less memory and more time. Without `ledger`, where relevance went beside
    the input is not written down, which takes a little less time. `progress` hears of blocks, `cancelled` is asked at
    each. Raises PromptError, ModelError, RulesError, DoesNotFit; Stopped where `cancelled` said so.
    """
    opened = model if isinstance(model, Model) else load_model(model)
    chosen = rule_set(rules)
    watch = Watch(progress, cancelled)

    def recorded(inputs: Inputs) -> Trace:
        with unchanged(opened.module):
            check_attention(opened.module)
            check_has_gradients(opened.module)
            check_that_it_fits(opened, inputs.length, checkpointing)
            if not ledger or chosen.reading == "gradient norm":
                return Trace(opened, record(opened.module, inputs, chosen, checkpointing, watch))
            books = Books(chosen)
            with books.watching(opened.module):
                made = record(opened.module, inputs, chosen, checkpointing, watch, books, books.move)
            return Trace(opened, made, books)

    def one(given: Prompt) -> Trace:
        return recorded(inputs_of_text(opened, given, decoder_text))

    if (image is not None or pixel_values is not None) and (prompt or messages or context or decoder_text):
        raise PromptError("A picture is explained without any text: leave prompt, context and decoder_text out.")
    if image is not None:
        return recorded(inputs_of_pixels(opened, *see(opened, image)))
    if pixel_values is not None:
        return recorded(inputs_of_pixels(opened, pixel_values))
    match prompt:
        case Generation():
            return one(Prompt(prompt.text, prompt.tokens))
        case Text() | Pair() | ForDecoder() | Chat() | Picture():
            return recorded(inputs_for(opened, prompt))
        case str() if messages is None and input_ids is None:
            return recorded(inputs_for(opened, input_of(prompt, context, decoder_text, continuation)))
        case list() | tuple():
            texts = list(prompt)
            return Traces(len(texts), lambda i: one(prompt_of(opened, texts[i])))
    if attention_mask is not None:
        rows = without_padding(input_ids, attention_mask)
        return Traces(len(rows), lambda i: one(prompt_of(opened, input_ids=rows[i])))
    return one(prompt_of(opened, prompt, messages, input_ids))
