"""Answers made up for tests: the right shapes, known numbers, no model."""

from __future__ import annotations

import numpy as np
from msgspec import structs

from engine.protocol.inputs import Chat, ForDecoder, Picture, Text, words_of
from engine.protocol.inside import Block, Glimpse, Head, Heads, Neuron, Writer
from engine.protocol.messages import (
    BlockOpened,
    Examine,
    Examined,
    Explain,
    ExplainEach,
    Explained,
    ExplainedEach,
    FindNeurons,
    Generate,
    Generated,
    HeadFound,
    HeadsFound,
    LayersRead,
    Loaded,
    LookAtHead,
    LookAtHeads,
    NeuronsFound,
    OpenBlock,
    Rate,
    Rated,
    ReadLayers,
    Tokenize,
    Tokenized,
)
from engine.protocol.relevance import PicturePart, Relevance, TextPart
from engine.protocol.reports import Check, CoverageRow, SelfTest
from engine.protocol.rule_names import gamma_of
from engine.protocol.targets import Class, Contrast, Token, Top
from engine.protocol.values import (
    Continuation,
    Grid,
    Matrix,
    Memory,
    ModelInfo,
    ModelSource,
    Prediction,
    ResolvedTarget,
    Seen,
)
from engine.protocol.values import Token as PromptToken

BLOCKS, DECODER_BLOCKS = 4, 2
VOCABULARY = ("7", "3", "8", "4")  # by rank; the id is 100 + rank
MEMORY = Memory(1_200_000_000, 8_000_000_000)


CLASSES = ("tabby cat", "tiger cat", "espresso", "teapot")
PICTURE = (12, 16)  # height and width, as the model sees it
GRID = Grid(3, 4, before=1)


def info_of(source: ModelSource) -> ModelInfo:
    """The model that `source` opens: one for pictures where its name says so."""
    if "vit" in source.name:
        return ModelInfo(
            source, "Vit", "VisionTransformer", None, 1_000_000, BLOCKS, len(CLASSES), None, "cpu", "float32",
            4_000_000, "classes", CLASSES, True,
        )  # fmt: skip
    return ModelInfo(
        source, source.name.split(":")[-1].title(), "LlamaForCausalLM", None, 1_000_000, BLOCKS, 512, 64, "cpu",
        "float32", 4_000_000, "sequence to sequence" if "t5" in source.name else "next token",
        takes_chats="chat" in source.name, takes_pairs="bert" in source.name,
    )  # fmt: skip


def loaded(source: ModelSource) -> Loaded:
    return Loaded(info_of(source), MEMORY)


def tokens_of(prompt: str, continuation: Continuation | None = None) -> tuple[PromptToken, ...]:
    """One token for each word, with the space before it; those of the continuation have the ids it says."""
    tokens, start = [], 0
    while start < len(prompt):
        end = prompt.find(" ", start + 1)
        end = len(prompt) if end < 0 else end
        tokens.append(PromptToken(len(tokens), prompt[start:end], start, end, prompt[start:end].strip() or "␣"))
        start = end
    if continuation is None:
        return tuple(tokens)
    own = len(tokens) - len(continuation.ids)
    said = [structs.replace(t, id=i, generated=True) for t, i in zip(tokens[own:], continuation.ids, strict=True)]
    return (*tokens[:own], *said)


SAID = ((900, " eight"), (901, " thousand"), (902, " metres"))


def generated(asked: Generate) -> Generated:
    """The words of `SAID`, as far as they were asked for."""
    said = SAID[: asked.max_new_tokens]
    if isinstance(asked.input, Chat):
        start = len(tokens_of(words_of(asked.input)))
        answered = asked.input.answered("".join(word for _, word in said), tuple(id for id, _ in said))
        return Generated(asked, answered, start, False, MEMORY, said[0][0])
    if "t5" in asked.source.name:
        begun = asked.input if isinstance(asked.input, ForDecoder) else ForDecoder(asked.input.text, "")
        answered = begun.answered("".join(word for _, word in said), tuple(id for id, _ in said))
        return Generated(asked, answered, len(decoder_tokens_of(begun)), False, MEMORY, said[0][0])
    before = asked.input.continuation or Continuation(len(asked.input.text), ())
    continuation = Continuation(before.start, (*before.ids, *(id for id, _ in said)))
    position = len(tokens_of(asked.input.text))
    whole = Text(asked.input.text + "".join(word for _, word in said), continuation)
    return Generated(asked, whole, position, False, MEMORY, said[0][0])


def decoder_tokens_of(input: ForDecoder) -> tuple[PromptToken, ...]:
    """The token that a decoder starts from, and those of its text."""
    return PromptToken(0, "", 0, 0, "<pad>", special=True), *tokens_of(input.decoder_text, input.continuation)


def tokenized(asked: Tokenize) -> Tokenized:
    """The words of a text, or of several; a decoder's apart."""
    if isinstance(asked.input, ForDecoder):
        return Tokenized(tokens_of(asked.input.text), decoder_tokens_of(asked.input))
    return Tokenized(tokens_of(words_of(asked.input)))


def matrix_of(asked: ExplainEach) -> ExplainedEach:
    """A matrix with relevance only before each token."""
    prompt, continuation = words_of(asked.input), asked.input.continuation
    tokens = tokens_of(prompt, continuation)
    count, start = len(continuation.ids), len(tokens) - len(continuation.ids)
    rows = np.random.default_rng([1, *asked.rules.encode()]).normal(size=(count, len(tokens))).astype(np.float32)
    rows = np.tril(rows, start - 1)
    matrix = Matrix(
        info_of(asked.source), prompt, tokens, start, asked.rules, rows, np.full(count, 9.0, np.float32), {}
    )
    return ExplainedEach(asked, matrix, 0.5, MEMORY)


def examined(asked: Examine) -> Examined:
    """A model of which one check does not hold, and one operation goes without a rule."""
    checks = (Check("reversibility", None, True, "Nothing changed."), Check("ledger", 0.12, False, "0.12 left over."))
    rows = (
        CoverageRow("model.layers.2.mlp", "gelu", "identity", 1),
        CoverageRow("model.layers.1", "sign", "plain gradient", 1),
    )
    return Examined(asked, SelfTest(checks), rows, 0.5, MEMORY)


HEADS = 3  # of each block


def heads_found(asked: LookAtHeads) -> HeadsFound:
    """Every head of every block, with what each gave each token."""
    count = len(tokens_of(words_of(asked.question.input)))
    random = np.random.default_rng([2, *asked.question.rules.encode(), *repr(asked.question.target).encode()])
    tokens = random.normal(size=(BLOCKS, HEADS, count)).astype(np.float32)
    return HeadsFound(asked, Heads(tokens.sum(-1, dtype=np.float64).astype(np.float32), tokens))


def head_found(asked: LookAtHead) -> HeadFound:
    """A head under AttnLRP: half by its values, a quarter each by queries and keys but for what the softmax keeps."""
    count = len(tokens_of(words_of(asked.question.input)))
    taken = np.tril(np.random.default_rng([asked.block, asked.head]).normal(size=(count, count))).astype(np.float32)
    pattern = np.tril(np.ones((count, count), np.float32))
    pattern /= pattern.sum(axis=1, keepdims=True)
    half, part = taken / 2, taken / 8
    kept = (taken - half - 2 * part).sum(axis=1)
    return HeadFound(asked, Head(taken, half, part, part, pattern, taken.sum(axis=1), kept))


def neuron(block: int, index: int, count: int) -> Neuron:
    tokens = np.random.default_rng([3, block, index]).normal(size=count).astype(np.float32)
    return Neuron(block, index, float(tokens.sum()), 1.5, int(abs(tokens).argmax()), tokens, ("3", "three"), ("5",))


def block_opened(asked: OpenBlock) -> BlockOpened:
    """A block with an attention and an MLP, and two neurons."""
    count = len(tokens_of(words_of(asked.question.input)))
    heads = heads_found(LookAtHeads(asked.question)).heads.tokens[asked.block]
    neurons = tuple(neuron(asked.block, index, count) for index in (7, 706))
    held = heads.sum(axis=0), sum(each.tokens for each in neurons)
    writers = (
        Writer("attention", held[0], held[0] / 2, (0, HEADS), None),
        Writer("mlp", held[1], held[1], None, (0, 1024)),
    )
    skip = np.ones(count, np.float32)
    arrives = skip + held[0] / 2 + held[1]
    return BlockOpened(asked, Block(arrives, skip, arrives, 0.0, writers, heads, None, neurons))


def neurons_found(asked: FindNeurons) -> NeuronsFound:
    """The first neuron of every block."""
    count = len(tokens_of(words_of(asked.question.input)))
    return NeuronsFound(asked, tuple(neuron(block, 7, count) for block in range(BLOCKS)))


def layers_read(asked: ReadLayers) -> LayersRead:
    """The target comes to the first place at the last layer."""
    last = BLOCKS
    return LayersRead(
        asked,
        tuple(Glimpse(layer, predictions(), 3.0 * layer, 0.1 * layer, 1 + last - layer) for layer in range(last + 1)),
    )


def predictions() -> tuple[Prediction, ...]:
    return tuple(Prediction(100 + rank, text, text, 12.0 - rank, 0.5 / 2**rank) for rank, text in enumerate(VOCABULARY))


def answer_to(question: Explain, seed: int = 0) -> Explained:
    """An answer whose relevance depends on the rules and the target, and sums to anything."""
    if question.input.image is not None:
        return answer_about_picture(question, seed)
    info, asked = info_of(question.source), question.input
    prompt = asked.text if isinstance(asked, ForDecoder) else words_of(asked)
    tokens = tokens_of(prompt, asked.continuation if isinstance(asked, Text | Chat) else None)
    random = np.random.default_rng([seed, *question.rules.encode(), *repr(question.target).encode()])
    layers = random.normal(size=(BLOCKS + 1, len(tokens))).astype(np.float32)
    parts = [TextPart(prompt, tokens, layers[0].copy(), layers)]
    if info.predicts == "sequence to sequence":
        begun = asked if isinstance(asked, ForDecoder) else ForDecoder(asked.text, "")
        tokens = decoder_tokens_of(begun)
        layers = random.normal(size=(DECODER_BLOCKS + 1, len(tokens))).astype(np.float32)
        parts.append(TextPart(begun.decoder_text, tokens, layers[0].copy(), layers))
    target = resolved(question.target, len(tokens))
    relevance = Relevance(info, tuple(parts), target, question.rules, 12.5, {"torch": "0"})
    return Explained(question, relevance, predictions(), 0.25, MEMORY)


def answer_about_picture(question: Explain, seed: int = 0) -> Explained:
    """An answer about a picture: one class token, a grid of patches, and a last layer that has no places on it."""
    random = np.random.default_rng([seed, *question.rules.encode(), *repr(question.target).encode()])
    layers = random.normal(size=(BLOCKS + 1, GRID.before + GRID.rows * GRID.columns)).astype(np.float32)
    layers[-1, 1:] = np.nan
    channels = random.normal(size=(3, *PICTURE)).astype(np.float32)
    pixels = random.integers(0, 256, (*PICTURE, 3), dtype=np.uint8)
    image = question.input.image
    whole = random.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    explained = 1 if isinstance(question.target, Class) else 0
    target = ResolvedTarget(question.target, f"“{CLASSES[explained]}”", -1, ((-1, explained, 1.0),))
    seen = Seen(image.name, pixels, (640, 480), (80.0, 0.0, 560.0, 480.0), whole=whole)
    part = PicturePart(channels.sum(axis=0), layers, channels, (*[GRID] * BLOCKS, None), seen)
    relevance = Relevance(info_of(question.source), (part,), target, question.rules, 12.5, {"torch": "0"})
    found = tuple(Prediction(i, name, name, 12.0 - i, 0.5 / 2**i) for i, name in enumerate(CLASSES))
    asked = structs.replace(question, input=Picture(structs.replace(image, data=b"")))
    return Explained(asked, relevance, found, 0.25, MEMORY)


def rated(asked: Rate) -> Rated:
    """The smaller the gammas, the better."""
    gamma = gamma_of(asked.question.rules)
    curve = np.linspace(1, 0, asked.steps + 1, dtype=np.float32)
    return Rated(asked.question, curve, curve, 1 / (1 + gamma.conv + gamma.linear))


def resolved(target: Top | Token | Contrast, count: int) -> ResolvedTarget:
    """What `target` comes to in a prompt of `count` tokens."""
    position = target.position if target.position >= 0 else count + target.position
    match target:
        case Top():
            return ResolvedTarget(target, "“7”", position, ((position, 100, 1.0),))
        case Token():
            return ResolvedTarget(target, f"“{target.token}”", position, ((position, _id(target.token), 1.0),))
        case Contrast(token, against):
            terms = [(position, _id(token), 1.0)]
            if against is not None:
                terms.append((position, _id(against), -1.0))
            return ResolvedTarget(target, "contrast", position, tuple(terms), against is None)


def _id(token: int | str) -> int:
    return token if isinstance(token, int) else 100 + VOCABULARY.index(token)
