"""Inputs of a model: tokens of a prompt, a pair of texts, a decoder's text, or pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import torch
from msgspec import structs
from torch import Tensor

from engine.attribution.inputs.ids import require_known
from engine.attribution.inputs.prompts import Prompt, prompt_of
from engine.models.blocks import encoder_and_decoder
from engine.models.opening import Model
from engine.models.sight.seeing import see
from engine.models.text.tokens import decoder_tokens
from engine.protocol.failures import PromptError, in_tokens
from engine.protocol.inputs import Chat, ForDecoder, Input, Pair, Picture, Text, Texts
from engine.protocol.values import Seen, Token


@dataclass(frozen=True, eq=False)
class Inputs:
    """The first argument of a model's forward pass, the others by name, and the tokens they are made of."""

    main: Tensor  # ids (1, token), or pixels (1, channel, height, width)
    others: dict[str, Tensor] = field(default_factory=dict)
    prompt: str = ""
    tokens: tuple[Token, ...] = ()  # none of pixels
    second: tuple[int, ...] = ()  # where the second of two texts is
    decoder: tuple[Token, ...] = ()  # what a decoder is given of its own
    seen: Seen | None = None  # the picture that the pixels are of, where they are of one

    @property
    def length(self) -> int:
        """How many tokens there are to a run's memory: of pixels, about one for each 16 x 16 of them."""
        return len(self.tokens) or max(1, self.main[0, 0].numel() // 256)


def inputs_for(model: Model, input: Input) -> Inputs:
    """What the model is given for `input`. Raises PromptError, ImageError."""
    match input:
        case Text() | Pair() | ForDecoder() | Chat():
            return inputs_of_text(model, prompt_in(model, input), begun_in(input))
        case Picture(image):
            return inputs_of_pixels(model, *see(model, image))
        case _:
            assert_never(input)


def prompt_in(model: Model, input: Texts) -> Prompt:
    """The prompt that is made of a text, or of several, with what the model said itself at its end."""
    match input:
        case Text(text, continuation):
            return prompt_of(model, text, continuation=continuation)
        case Pair(text, context):
            return prompt_of(model, text, context=context)
        case ForDecoder():
            given = prompt_of(model, input.text, context=input.context)
            return given if input.continuation is None else given.continued(model, input.continuation.ids)
        case Chat():
            messages = [structs.asdict(message) for message in input.begun]
            return prompt_of(model, messages=messages, continuation=input.continuation)
        case _:
            assert_never(input)


def begun_in(input: Texts) -> str | None:
    """What a decoder has said before what it said itself; None where that is nothing."""
    return (input.begun or None) if isinstance(input, ForDecoder) else None


def inputs_of(model: Model, prompt: str | None, input_ids: Any, pixel_values: Tensor | None) -> Inputs:
    """One prompt, ids or an image. Raises PromptError."""
    if pixel_values is not None:
        return inputs_of_pixels(model, pixel_values)
    return inputs_of_text(model, prompt_of(model, prompt, input_ids=input_ids))


def inputs_of_text(model: Model, given: Prompt, decoder_text: str | None = None) -> Inputs:
    """A prompt's ids, and what else the model is to be told. Raises PromptError.

    What an encoder-decoder said itself is its decoder's, behind its start and `decoder_text`.
    """
    others: dict[str, Tensor] = {}
    decoder: tuple[Token, ...] = ()
    said: tuple[int, ...] = ()
    if model.info.predicts == "sequence to sequence":
        given, said = _answered(given)
    _check_length(model, len(given.tokens))
    _check_places(model, given.tokens)
    if given.types is not None:
        others["token_type_ids"] = torch.tensor([given.types], device=model.info.device)
    if model.info.predicts == "sequence to sequence":
        decoder = _for_decoder(model, decoder_text, said)
        others["decoder_input_ids"] = torch.tensor([[token.id for token in decoder]], device=model.info.device)
    elif decoder_text is not None:
        raise PromptError(f"{model.info.title} has no decoder to give a text to: it reads one prompt.")
    ids = torch.tensor([[token.id for token in given.tokens]], device=model.info.device)
    return Inputs(ids, others, given.text, given.tokens, given.second, decoder)


_PLACES = ("image_token_id", "image_token_index", "video_token_id", "audio_token_id")


def _check_places(model: Model, tokens: Sequence[Token]) -> None:
    """Raises PromptError where a token stands for a picture, film or sound, of which the model is given none."""
    config = getattr(model.module, "config", None)
    places = {getattr(config, name, None) for name in _PLACES} - {None}
    found = next((token for token in tokens if token.id in places), None)
    if found is not None:
        raise PromptError(
            f"“{found.text or found.label}” is the place of a picture, film or sound, and none can be given yet: leave "
            "it out, and the text alone is explained.",
            "model_unsupported",
        )


def inputs_of_pixels(model: Model, pixel_values: Tensor, seen: Seen | None = None) -> Inputs:
    """One image, (channel, height, width) or in a batch of one, scaled as the model expects. Raises PromptError."""
    model.must_take("picture")
    if not isinstance(pixel_values, Tensor):
        raise PromptError(f"pixel_values are a tensor (1, channel, height, width), not {type(pixel_values).__name__}.")
    pixels = pixel_values[None] if pixel_values.ndim == 3 else pixel_values
    if pixels.ndim != 4 or len(pixels) != 1 or not pixels.is_floating_point() or not pixels.numel():
        shape = ", ".join(str(size) for size in pixel_values.shape)
        raise PromptError(
            f"pixel_values are one image (1, channel, height, width) of floats, not {pixel_values.dtype} of ({shape})."
        )
    weight = next(p for p in model.module.parameters() if p.is_floating_point())
    if not pixels.isfinite().all():
        raise PromptError("Some pixel values are not numbers (NaN) or infinite: look at what prepares the picture.")
    if pixels.is_inference():  # made under inference mode, which a copy leaves
        pixels = pixels.clone()
    return Inputs(pixels.to(weight.device, weight.dtype), seen=seen)


def _answered(given: Prompt) -> tuple[Prompt, tuple[int, ...]]:
    """The prompt without the tokens at its end that were generated, and their ids."""
    asked = tuple(token for token in given.tokens if not token.generated)
    said = tuple(token.id for token in given.tokens if token.generated)
    return Prompt("".join(token.text for token in asked), asked, given.second, given.types) if said else given, said


def _for_decoder(model: Model, text: str | None, said: Sequence[int]) -> tuple[Token, ...]:
    tokens = decoder_tokens(model, decoder_start(model), text, said)
    _check_length(model, len(tokens), "decoder's text")
    require_known(model, tokens)
    return tokens


def decoder_start(model: Model) -> int:
    """The token a decoder starts from, as transformers chooses it for generation. Raises PromptError."""
    module: Any = model.module
    decoder = encoder_and_decoder(module)[-1]
    places = (getattr(module, "generation_config", None), module.config, getattr(decoder, "config", None))
    for name in ("decoder_start_token_id", "bos_token_id"):
        for place in places:
            if isinstance(token := getattr(place, name, None), int) and not isinstance(token, bool):
                return token
    raise PromptError(f"{model.info.title} names no token that its decoder starts from: set decoder_start_token_id.")


def _check_length(model: Model, length: int, what: str = "prompt") -> None:
    if length == 0:
        raise PromptError("The prompt is empty: type something to explain.", "prompt_empty")
    limit = model.info.max_tokens
    if limit is not None and length > limit:
        raise PromptError(f"The {what} has {in_tokens(length)}; {model.info.title} takes {limit:,}. Shorten it.")
