"""Messages as the text a model was trained to see them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

from engine.models.opening import Model
from engine.models.text.limits import BeyondLimit, limited
from engine.protocol.failures import PromptError

Message = Mapping[str, Any]

# What a template's own `raise_exception`, a mistake in it, or a message it does not expect come out as.
_REFUSALS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TemplateError, TypeError, ValueError)

_MOST_ADDED, _MOST_TIMES = 1_000_000, 10  # characters that a template adds, and how often it may say a message


def rendered(model: Model, messages: Sequence[Message]) -> str:
    """The messages in the model's chat template, up to where the answer begins. Raises PromptError where that fails.

    The text names its special tokens itself: it is to be split `bare`.
    """
    _check(messages)
    title, tokenizer = model.info.title, model.tokenizer
    if tokenizer is None or not tokenizer.chat_template:
        raise PromptError(
            f"“{title}” has no chat template: it takes a prompt, not messages.",
            "model_unsupported",
        )
    try:
        with limited():
            text = tokenizer.apply_chat_template(
                [dict(message) for message in messages], tokenize=False, add_generation_prompt=True
            )
    except (BeyondLimit, MemoryError) as error:
        raise PromptError(
            f"The chat template of “{title}” does not come to an end with these messages: type a prompt instead.",
            "model_damaged",
        ) from error
    except _REFUSALS as error:
        raise PromptError(
            f"The chat template of “{title}” does not take these messages: {' '.join(str(error).split())}.".replace(
                "..", "."
            ),
            "model_unsupported",
        ) from error
    if len(text) > _MOST_ADDED + _MOST_TIMES * sum(len(str(message["content"])) for message in messages):
        raise PromptError(
            f"The chat template of “{title}” makes {len(text):,} characters of these messages: type a prompt instead.",
            "model_damaged",
        )
    return str(text)


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
