"""What a model is asked about: one value, whatever its kind."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, structs

from engine.protocol.values import Continuation, Image, Medium


class Text(Struct, frozen=True, tag=True):
    """A text. `continuation` is its end, as far as the model said that itself."""

    medium: ClassVar[Medium] = "text"
    image: ClassVar[None] = None

    text: str = ""
    continuation: Continuation | None = None


class Pair(Struct, frozen=True, tag=True):
    """Two texts, such as a question and the context in which its answer is found."""

    medium: ClassVar[Medium] = "text"
    image: ClassVar[None] = None

    text: str
    context: str


class ForDecoder(Struct, frozen=True, tag=True):
    """A text for the encoder of an encoder-decoder model, and what its decoder has said so far.

    `context` is a second text for the encoder, as in a Pair. `continuation` is the end of `decoder_text`, as far as the
    model said that itself.
    """

    medium: ClassVar[Medium] = "text"
    image: ClassVar[None] = None

    text: str
    decoder_text: str
    context: str | None = None
    continuation: Continuation | None = None

    @property
    def begun(self) -> str:
        """The decoder's text as far as the model did not say it itself."""
        return self.decoder_text if self.continuation is None else self.decoder_text[: self.continuation.start]

    def answered(self, answer: str, ids: tuple[int, ...]) -> ForDecoder:
        """The same with more that the decoder said: a text and its tokens."""
        said = _with_more(self.continuation, self.decoder_text, ids)
        return structs.replace(self, decoder_text=self.decoder_text + answer, continuation=said)


ASSISTANTS = ("assistant", "model")  # roles of who answers


class Message(Struct, frozen=True):
    """One message of a chat; the roles are those of the model's own template."""

    role: str
    content: str


class Chat(Struct, frozen=True, tag=True):
    """Messages in the model's own chat template, up to where its answer begins; the last may be its beginning.

    `continuation` is the end of the last message's content, as far as the model said that itself.
    """

    medium: ClassVar[Medium] = "text"
    image: ClassVar[None] = None
    text: ClassVar[str] = ""  # nothing that was typed as a prompt

    messages: tuple[Message, ...]
    continuation: Continuation | None = None

    @property
    def begun(self) -> tuple[Message, ...]:
        """The messages as far as the model did not say them itself."""
        if self.continuation is None:
            return self.messages
        *before, last = self.messages
        return (*before, structs.replace(last, content=last.content[: self.continuation.start]))

    def answered(self, answer: str, ids: tuple[int, ...]) -> Chat:
        """The chat with the assistant's answer, a text and its tokens, or with more of it where it has begun."""
        *before, last = self.messages
        if last.role not in ASSISTANTS:
            before, last = list(self.messages), Message(ASSISTANTS[0], "")
        said = _with_more(self.continuation, last.content, ids)
        return Chat((*before, structs.replace(last, content=last.content + answer)), said)


class Picture(Struct, frozen=True, tag=True):
    """A picture, as the file it came in."""

    medium: ClassVar[Medium] = "picture"
    text: ClassVar[str] = ""

    image: Image


def _with_more(said: Continuation | None, text: str, ids: tuple[int, ...]) -> Continuation:
    """The end of a text that the model said itself, once it has said more behind it."""
    return Continuation(len(text), ids) if said is None else Continuation(said.start, (*said.ids, *ids))


Texts = Text | Pair | ForDecoder | Chat
Input = Texts | Picture


def is_empty(input: Input) -> bool:
    """Whether nothing was typed yet of a text, or of one of several."""
    match input:
        case Text(text) | ForDecoder(text):
            return not text
        case Pair(text, context):
            return not text or not context
        case Chat(messages):
            return not any(message.content.strip() for message in messages)
        case _:
            return False


def words_of(input: Input) -> str:
    """All that was typed, a line for each text."""
    match input:
        case Chat(messages):
            return "\n".join(f"{message.role}: {message.content}" for message in messages)
        case Pair(text, other) | ForDecoder(text, other):
            return f"{text}\n{other}"
        case _:
            return input.text


def without_data(input: Input) -> Input:
    """The input without a picture's bytes, which is known by their digest."""
    if input.image is None or not input.image.data:
        return input
    return Picture(structs.replace(input.image, data=b""))


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
