"""A prompt as the tokens a model sees: their exact place in the prompt, and how to show each."""

from __future__ import annotations

from engine.models.opening import Model
from engine.protocol.failures import PromptError, TargetError
from engine.protocol.values import Token


def tokenize(model: Model, prompt: str) -> list[Token]:
    """The prompt's tokens, with the special tokens the tokenizer adds. Their texts, joined, are the prompt."""
    tokenizer = model.tokenizer
    encoded = tokenizer(prompt, return_offsets_mapping=True)
    ids = encoded["input_ids"]
    if not ids:
        raise PromptError("The prompt is empty.", "prompt_empty")
    special = set(tokenizer.all_special_ids)
    carrying = [i for i, (s, e) in enumerate(encoded["offset_mapping"]) if e > s]
    last = carrying[-1] if carrying else len(ids) - 1
    tokens, cursor = [], 0
    for i, (id_, (start, end)) in enumerate(zip(ids, encoded["offset_mapping"])):
        begin = cursor
        if i == last:
            cursor = len(prompt)
        elif end > start:
            cursor = max(cursor, end)
        text = prompt[begin:cursor]
        tokens.append(Token(id_, text, begin, cursor, label(text) or tokenizer.convert_ids_to_tokens(id_), id_ in special))
    return tokens


def token_label(model: Model, id: int) -> tuple[str, str]:
    """The text of one token of the vocabulary, and its label."""
    text = model.tokenizer.decode([id])
    return text, label(text) or model.tokenizer.convert_ids_to_tokens(id)


def resolve_token(model: Model, name: int | str) -> int:
    """The id of the token called `name`."""
    if isinstance(name, int):
        if not 0 <= name < model.info.vocabulary:
            raise TargetError(f"There is no token {name}.")
        return name
    ids = model.tokenizer.encode(name, add_special_tokens=False)
    if len(ids) != 1:
        pieces = " + ".join(f"“{token_label(model, i)[0]}”" for i in ids)
        raise TargetError(f"“{name}” is {len(ids)} tokens here: {pieces}. Choose one of them.")
    return ids[0]


def label(text: str) -> str:
    """`text` on one line, with what cannot be seen made visible."""
    if text.isspace() and "\n" not in text:
        return "·" * len(text)
    return text.replace("\n", "↵")
