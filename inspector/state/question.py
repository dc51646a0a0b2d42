"""The question: all that an answer depends on, which is the request that asks it."""

from __future__ import annotations

from msgspec.structs import replace

from engine.protocol.inputs import Chat, ForDecoder, Input, Picture, Text
from engine.protocol.messages import Explain, ExplainEach, Generated
from engine.protocol.targets import Class, Contrast, Sum, Target, Token, Top
from engine.protocol.values import Image, ModelSource

BUNDLED_MODELS = tuple(ModelSource(f"bundled:{name}") for name in ("llama", "gpt2", "bert", "vit"))
TOP = Top()

Question = Explain
FIRST = Question(BUNDLED_MODELS[0], Text())  # asked by nobody yet


def ask_the_same(one: Question, other: Question) -> bool:
    """Whether both ask for the same target of the same model and input, by whatever rules."""
    return (one.source, one.input, one.target) == (other.source, other.input, other.target)


def about_prompt(question: Question, prompt: str, target: Target = TOP) -> Question:
    """The same question about another prompt, whose largest logit is explained where no other target is known."""
    return replace(question, input=Text(prompt), target=target)


def about_image(question: Question, image: Image) -> Question:
    """The same question about a picture, whose largest class is explained."""
    return replace(question, input=Picture(image), target=TOP)


def about_generated(question: Question, said: Generated) -> Question:
    """The same question about the prompt as the model went on with it: why it said the first token that is new."""
    if said.first is None:
        return question
    return replace(question, input=said.input, target=Token(said.first, said.position - 1))


def put_to(question: Question, source: ModelSource, input: Input | None = None) -> Question:
    """The same question to another model, to which ids of tokens mean nothing; about `input`, where there is one."""
    asked = without_said(input or question.input)
    return replace(question, source=source, input=asked, target=TOP, checkpointing=False)


def without_said(input: Input) -> Input:
    """The same input as if a person had typed all of it."""
    return replace(input, continuation=None) if isinstance(input, Text | Chat | ForDecoder) else input


def each_of(question: Question) -> ExplainEach | None:
    """The request to explain every generated token of the question's text or chat; None where there is none."""
    input = question.input
    if not isinstance(input, Text | Chat) or input.continuation is None:
        return None
    return ExplainEach(question.source, input, question.rules, question.checkpointing)


def text_of(target: Target) -> str:
    """The text by which the target names its token or class; empty where it names it by its number, or none."""
    match target:
        case Token(str() as text) | Contrast(str() as text) | Class(str() as text):
            return text
        case _:
            return ""


def position_of(target: Target) -> int:
    """The position the target is at, as asked: -1 is the last. A sum is at its last term's."""
    match target:
        case Top() | Token() | Contrast():
            return target.position
        case Class():
            return -1 if target.position is None else target.position
        case Sum():
            return position_of(target.targets[-1])
