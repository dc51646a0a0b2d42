"""Messages as the text a model was trained to see them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

from engine.models.opening import Model
from engine.models.text.limits import BeyondLimit, limited
from engine.protocol.failures import PromptError
from engine.protocol.inputs import ASSISTANTS

Message = Mapping[str, Any]

# What a template's own `raise_exception`, a mistake in it, or a message it does not expect come out as.
_REFUSALS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TemplateError, TypeError, ValueError)

_MOST_ADDED, _MOST_TIMES = 1_000_000, 10  # characters that a template adds, and how often it may say a message


def rendered(model: Model, messages: Sequence[Message]) -> str:
    """The messages in the model's chat template, up to where the answer begins. Raises PromptError where that fails.

    Where the last is the assistant's own, its words are the answer's beginning, and the text ends with them. The text
    names its special tokens itself: it is to be split `bare`.
    """
    _check(messages)
    title, tokenizer = model.info.title, model.tokenizer
    if tokenizer is None or not tokenizer.chat_template:
        raise PromptError(
            f"“{title}” has no chat template: it takes a prompt, not messages.",
            "model_unsupported",
        )
    begun = messages[-1]["role"] in ASSISTANTS and _has_words(messages[-1]["content"])
    try:
        with limited():
            text = tokenizer.apply_chat_template(
                [dict(message) for message in _without_empty_answer(messages)],
                tokenize=False,
                add_generation_prompt=not begun,
                continue_final_message=begun,
            )
    except (BeyondLimit, MemoryError) as error:
        raise PromptError(
            f"The chat template of “{title}” does not come to an end with these messages: type a prompt instead.",
            "model_damaged",
        ) from error
    except _REFUSALS as error:
        why = " ".join(str(error).split())
        if why.startswith("continue_final_message"):  # and the whole chat behind it
            why = "it does not show the last one's words as they are, so that they cannot be continued"
        raise PromptError(
            f"The chat template of “{title}” does not take these messages: {why.removesuffix('.')}.",
            "model_unsupported",
        ) from error
    if len(text) > _MOST_ADDED + _MOST_TIMES * sum(len(str(message["content"])) for message in messages):
        raise PromptError(
            f"The chat template of “{title}” makes {len(text):,} characters of these messages: type a prompt instead.",
            "model_damaged",
        )
    return str(text)


def _without_empty_answer(messages: Sequence[Message]) -> Sequence[Message]:
    """The messages without an answer at their end of which nothing is said yet."""
    last = messages[-1]
    nothing = last["role"] in ASSISTANTS and isinstance(last["content"], str) and not last["content"].strip()
    return messages[:-1] if nothing and set(last) <= {"role", "content"} else messages


def _has_words(content: object) -> bool:
    """Whether the content of a message, a text or a list of parts, has any words."""
    if isinstance(content, str):
        return bool(content.strip())
    return isinstance(content, list | tuple) and any(
        isinstance(part, Mapping) and str(part.get("text") or "").strip() for part in content
    )


def _check(messages: Sequence[Message]) -> None:
    if isinstance(messages, str | Mapping) or not messages:
        raise PromptError('Messages are a list with at least one {"role": ..., "content": ...}.', "prompt_empty")
    for message in messages:
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str) or "content" not in message:
            raise PromptError(
                f'A message is {{"role": ..., "content": ...}}, such as {{"role": "user", "content": "Hello"}}, not '
                f"{message!r}.",
                "prompt_empty",
            )
