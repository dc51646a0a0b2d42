"""What is asked of a model."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.protocol.messages import Explain, ExplainEach, Generated
from engine.protocol.targets import Class, Contrast, Sum, Target, Token, Top
from engine.protocol.values import Continuation, Image, ModelSource

BUNDLED_MODELS = tuple(ModelSource(f"bundled:{name}") for name in ("llama", "gpt2", "bert", "vit"))
TOP = Top()


@dataclass(frozen=True)
class Question:
    """Everything that decides the answer: equal questions have equal answers."""

    source: ModelSource = BUNDLED_MODELS[0]
    prompt: str = ""
    target: Target = TOP
    rules: str = "attnlrp"
    continuation: Continuation | None = None  # the end of the prompt that the model said itself
    image: Image | None = None  # instead of a prompt
    checkpointing: bool = False  # how to compute, not what: the answer is the same

    @property
    def key(self) -> Question:
        """The question without what does not change its answer."""
        return replace(self, checkpointing=False)

    def asks_the_same_as(self, other: Question) -> bool:
        """Whether both ask for the same target of the same model and input, by whatever rules."""
        ours, theirs = ((each.source, each.prompt, each.image, each.target) for each in (self, other))
        return ours == theirs

    def request(self) -> Explain:
        """The message that asks it."""
        return Explain(
            self.source,
            self.prompt,
            self.target,
            self.rules,
            self.checkpointing,
            self.continuation,
            image=self.image,
        )

    def request_each(self) -> ExplainEach | None:
        """The message that asks it of every generated token; None where there is none."""
        if self.continuation is None:
            return None
        return ExplainEach(self.source, self.prompt, self.continuation, self.rules, self.checkpointing)

    @property
    def matrix_key(self) -> Question:
        """The question without its target: all that decides the matrix."""
        return replace(self.key, target=TOP)

    def about_prompt(self, prompt: str) -> Question:
        """The same question about another prompt, of which no position is known yet."""
        return replace(self, prompt=prompt, target=Top(), continuation=None, image=None)

    def about_image(self, image: Image) -> Question:
        """The same question about a picture, whose largest class is explained."""
        return replace(self, prompt="", target=Top(), continuation=None, image=image)

    def about_generated(self, said: Generated) -> Question:
        """The same question about the prompt as the model went on with it: why it said the first token that is new."""
        before = said.question.continuation
        first = said.continuation.ids[len(before.ids) if before else 0]
        target = Token(first, said.position - 1)
        return replace(self, prompt=said.prompt, target=target, continuation=said.continuation)

    def put_to(self, source: ModelSource) -> Question:
        """The same question to another model, to which the ids of tokens mean nothing."""
        return replace(self, source=source, target=Top(), checkpointing=False, continuation=None)


def question_of(request: Explain) -> Question:
    """The question that `request` asks."""
    return Question(
        request.source,
        request.prompt,
        request.target,
        request.rules,
        request.continuation,
        request.image,
        request.checkpointing,
    )


def question_of_each(request: ExplainEach) -> Question:
    """The question that `request` asks of every generated token."""
    return Question(
        request.source, request.prompt, TOP, request.rules, request.continuation, checkpointing=request.checkpointing
    )


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
