"""What a model is asked about: one value, whatever its kind."""

from __future__ import annotations

from msgspec import Struct

from engine.protocol.values import Continuation, Image


class Text(Struct, frozen=True, tag=True):
    """A text. `continuation` is its end, as far as the model said that itself."""

    text: str = ""
    continuation: Continuation | None = None


class Pair(Struct, frozen=True, tag=True):
    """Two texts, such as a question and the context in which its answer is found."""

    text: str
    context: str


class ForDecoder(Struct, frozen=True, tag=True):
    """A text for the encoder of an encoder-decoder model, and what its decoder has said so far.

    `context` is a second text for the encoder, as in a Pair.
    """

    text: str
    decoder_text: str
    context: str | None = None


class Message(Struct, frozen=True):
    """One message of a chat; the roles are those of the model's own template."""

    role: str
    content: str


class Chat(Struct, frozen=True, tag=True):
    """Messages in the model's own chat template, up to where its answer begins; the last may be its beginning."""

    messages: tuple[Message, ...]


class Picture(Struct, frozen=True, tag=True):
    """A picture, as the file it came in."""

    image: Image


Input = Text | Pair | ForDecoder | Chat | Picture


def text_in(input: Input) -> str:
    """The text that a person typed as the prompt; empty of a chat and of a picture."""
    return input.text if isinstance(input, Text | Pair | ForDecoder) else ""


def image_in(input: Input) -> Image | None:
    """The picture, where there is one."""
    return input.image if isinstance(input, Picture) else None


def input_of(
    text: str,
    context: str | None = None,
    decoder_text: str | None = None,
    continuation: Continuation | None = None,
) -> Input:
    """The input that is made of these texts; of a pair no end is the model's own."""
    if decoder_text is not None:
        return ForDecoder(text, decoder_text, context)
    return Text(text, continuation) if context is None else Pair(text, context)
