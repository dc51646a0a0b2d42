"""Tokens of a prompt, as a model sees it: their exact places in the prompt, and how to show each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from engine.models.labels import label
from engine.models.opening import Model
from engine.models.text.spans import Span, decoded_ends, hand_on, offsets_by_decoding, partition
from engine.models.vocabulary import Vocabulary
from engine.protocol.failures import PromptError, TargetError
from engine.protocol.values import Token

_CONTEXT = 8  # tokens of the prompt that are decoded with what follows: first in a text, many lose their space
_SURROGATE = re.compile("[\ud800-\udfff]")

# What a token can stand behind. Some tokenizers treat the start of a text in a way of their own, some join a letter
# to the letters before it: a token that exists is found behind one of these.
_BEFORE = ("\n", "", ".", "a", "1")


@dataclass(frozen=True)
class Pair:
    """Two texts as one prompt, a line each. `types` are the token types where the model is told the texts apart."""

    prompt: str
    tokens: tuple[Token, ...]
    second: tuple[int, ...]  # the positions of the second text's tokens
    types: tuple[int, ...] | None


def tokenize(model: Model, prompt: str, *, bare: bool = False) -> list[Token]:
    """The prompt's tokens, with the special tokens the tokenizer adds. Their texts, joined, are the prompt.

    `bare` adds none: for a text that names its special tokens itself, as chat templates write them. Half a surrogate
    pair, which no model can be given, is shown to the model as U+FFFD. Raises PromptError where the prompt is empty,
    also of a model that would answer its special tokens alone, and where no token comes of it.
    """
    vocabulary = _vocabulary(model)
    if not prompt:
        raise PromptError("The prompt is empty: type something to explain.", "prompt_empty")
    ids, offsets = _encoded(vocabulary, _SURROGATE.sub("\ufffd", prompt), bare)
    if not ids:
        raise PromptError("No token comes of this prompt: type something else to explain.", "prompt_empty")
    return _placed(vocabulary, ids, offsets, prompt)


def tokenize_pair(model: Model, first: str, second: str) -> Pair:
    """Two texts, such as a question and its context, in the form the model was trained on. Raises PromptError."""
    vocabulary = _vocabulary(model)
    if not vocabulary.tokenizer.is_fast:
        raise PromptError("This model's tokenizer does not say which token is of which text: give one text.")
    encoded = vocabulary.encoded(
        _SURROGATE.sub("\ufffd", first), _SURROGATE.sub("\ufffd", second), return_offsets_mapping=True
    )
    sources = encoded.sequence_ids(0)
    if not {0, 1} <= set(sources):
        raise PromptError("Of two texts neither may be empty: type both.", "prompt_empty")
    shifts = (0, len(first) + 1)
    offsets = [
        None if source is None else (start + shifts[source], end + shifts[source])
        for source, (start, end) in zip(sources, encoded["offset_mapping"], strict=True)
    ]
    prompt = f"{first}\n{second}"
    types = encoded.get("token_type_ids")
    return Pair(
        prompt,
        tuple(_placed(vocabulary, list(encoded["input_ids"]), offsets, prompt)),
        tuple(i for i, source in enumerate(sources) if source == 1),
        None if types is None else tuple(types),
    )


def tokenize_target(model: Model, text: str) -> list[int]:
    """The ids of a decoder's text so far, without the token that ends a text."""
    vocabulary = _vocabulary(model)
    ids = list(vocabulary.encoded(text_target=_SURROGATE.sub("\ufffd", text))["input_ids"])
    return ids[:-1] if ids and ids[-1] == vocabulary.tokenizer.eos_token_id else ids


def decoder_tokens(model: Model, start: int, text: str | None, said: Sequence[int] = ()) -> tuple[Token, ...]:
    """The tokens of a decoder: the one it starts from, those of its text so far, and those it said itself behind it."""
    first = Token(start, "", 0, 0, token_label(model, start)[1], special=True)
    begun = _target_tokens(model, text) if text is not None else []
    return (first, *continued(model, begun, said))


def _target_tokens(model: Model, text: str) -> list[Token]:
    vocabulary, ids = _vocabulary(model), tokenize_target(model, text)
    is_own = [id not in vocabulary.special for id in ids]
    own = [id for id, yes in zip(ids, is_own, strict=True) if yes]
    found = iter(offsets_by_decoding(own, vocabulary.decode, text) if own else ())
    return _placed(vocabulary, ids, [next(found) if yes else None for yes in is_own], text) if ids else []


def continued(model: Model, tokens: Sequence[Token], ids: Sequence[int]) -> tuple[Token, ...]:
    """`tokens`, and behind them those of `ids`, which the model said itself, with their place in the text of both.

    A text split again is not always split as it was said: generated tokens are known by their ids.
    """
    if model.tokenizer is None:
        return (*tokens, *(Token(id, "", 0, 0, f"‹id {id}›", generated=True) for id in ids))
    vocabulary, start = model.vocabulary, tokens[-1].end if tokens else 0
    before = [token.id for token in tokens[-_CONTEXT:]]
    ends, text = decoded_ends([*before, *ids], vocabulary.decode)
    base = ends[len(before) - 1] if before else 0
    places = [base, *(max(base, end) for end in ends[len(before) :])]
    said = [
        _token(vocabulary, id, (start + a - base, start + b - base), text[a:b], added=False)
        for id, (a, b) in zip(ids, pairwise(places), strict=True)
    ]
    return (*tokens, *(replace(token, generated=True) for token in said))


def token_label(model: Model, id: int) -> tuple[str, str]:
    """The text of one token of the vocabulary, with the space before it if it has one, and its label."""
    if model.tokenizer is None:
        return "", f"‹id {id}›"
    piece = model.vocabulary.piece(id)
    return piece.text, piece.label


def resolve_token(model: Model, name: str) -> int:
    """The id of the token whose text is `name`, as typed or else with a space before it.

    Raises TargetError where the text is no token, or several.
    """
    if model.tokenizer is None:
        raise TargetError(f"This model came without a tokenizer: give the id of the token “{label(name)}”.")
    if not name:
        raise TargetError("An empty text is not a token. Type the token to explain, or its id.")
    for text in (name, " " + name):
        if (id := _single_token(model.vocabulary, text)) is not None:
            return id
    raise TargetError(_pieces_message(model.vocabulary, name))


def _vocabulary(model: Model) -> Vocabulary:
    if model.tokenizer is None:
        raise PromptError("This model came without a tokenizer: it takes input ids, not a prompt.", "model_unsupported")
    return model.vocabulary


def _encoded(vocabulary: Vocabulary, prompt: str, bare: bool) -> tuple[list[int], list[Span | None]]:
    """The ids, and the offsets of those that come from the prompt; None for those that were added to it."""
    if not vocabulary.tokenizer.is_fast:
        ids = list(vocabulary.encoded(prompt, add_special_tokens=not bare)["input_ids"])
        own = vocabulary.encode(prompt)
        before = next((i for i in range(len(ids) - len(own) + 1) if ids[i : i + len(own)] == own), len(ids))
        found = offsets_by_decoding(own, vocabulary.decode, prompt)
        after = len(ids) - before - len(own)
        return ids, [*[None] * before, *found, *[None] * after]
    encoded = vocabulary.encoded(
        prompt,
        add_special_tokens=not bare,
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
    )
    # Only tokens that come from the prompt belong to a sequence.
    sources = encoded.sequence_ids(0)
    offsets = [
        None if source is None else (int(start), int(end))
        for source, (start, end) in zip(sources, encoded["offset_mapping"], strict=True)
    ]
    return list(encoded["input_ids"]), offsets


def _placed(vocabulary: Vocabulary, ids: list[int], offsets: list[Span | None], prompt: str) -> list[Token]:
    spans = hand_on(
        offsets, partition(offsets, len(prompt)), lambda i, span: vocabulary.piece(ids[i]).text == prompt[slice(*span)]
    )
    return [
        _token(vocabulary, id, span, prompt[slice(*span)], added=offset is None)
        for id, span, offset in zip(ids, spans, offsets, strict=True)
    ]


def _token(vocabulary: Vocabulary, id: int, span: Span, text: str, *, added: bool) -> Token:
    unknown = id == vocabulary.tokenizer.unk_token_id and not added and text.strip() != vocabulary.tokenizer.unk_token
    special = id in vocabulary.special and not unknown
    shown = label(text) if text and not unknown else vocabulary.piece(id).label
    return Token(id, text, *span, shown, special)


def _single_token(vocabulary: Vocabulary, text: str) -> int | None:
    """The token that adds just `text` to a text before it."""
    for id, content in vocabulary.added.items():
        if content == text:
            return id
    for before in _BEFORE:
        ids = _behind(vocabulary, before, text)
        if ids is not None and len(ids) == 1 and vocabulary.piece(ids[0]).text == text:
            return ids[0]
    return None


def _behind(vocabulary: Vocabulary, before: str, text: str) -> list[int] | None:
    """The tokens of `text` behind `before`; None where the two share a token."""
    head = vocabulary.encode(before) if before else []
    ids = vocabulary.encode(_SURROGATE.sub("\ufffd", before + text))
    return ids[len(head) :] if ids[: len(head)] == head else None


def _pieces_message(vocabulary: Vocabulary, name: str) -> str:
    pieces = next(ids for before in (*_BEFORE[:1], "") if (ids := _behind(vocabulary, before, name)) is not None)
    shown = [f"“{vocabulary.piece(id).label}”" for id in pieces]
    match shown:
        case []:
            return f"“{label(name)}” is no token of this model."
        case [single]:
            return f"“{label(name)}” is no token of this model; the nearest is {single}."
        case _:
            return f"“{label(name)}” is {len(shown)} tokens here: {' + '.join(shown)}. Choose one of them."
