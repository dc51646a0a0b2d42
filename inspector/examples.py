"""Prompts to try, shipped with the program."""

from __future__ import annotations

from importlib.resources import files

import msgspec


class Example(msgspec.Struct, frozen=True):
    """A prompt, what it shows, and the kind of task it is."""

    title: str
    task: str
    prompt: str


def read_examples() -> tuple[Example, ...]:
    """The examples in the order they are offered; the first is what a new user sees."""
    return msgspec.json.decode(
        (files("resources") / "examples" / "prompts.json").read_bytes(), type=tuple[Example, ...]
    )
