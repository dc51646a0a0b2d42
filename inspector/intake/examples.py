"""Prompts and pictures to try, shipped with the program."""

from __future__ import annotations

import msgspec

from engine.shipped import shipped
from inspector.views.input.image_input import ImageExample


class Example(msgspec.Struct, frozen=True):
    """A prompt, what it shows, and the kind of task it is."""

    title: str
    task: str
    prompt: str


def read_examples() -> tuple[Example, ...]:
    """The examples in the order they are offered; the first is what a new user sees."""
    return msgspec.json.decode(shipped("examples", "prompts.json").read_bytes(), type=tuple[Example, ...])


class _ImageFile(msgspec.Struct, frozen=True):
    title: str
    file: str  # beside the list
    model: str | None = None  # None where any will do that takes photographs


def read_image_examples() -> tuple[ImageExample, ...]:
    """The pictures in the order they are offered."""
    folder = shipped("examples")
    found = msgspec.json.decode((folder / "images.json").read_bytes(), type=tuple[_ImageFile, ...])
    return tuple(ImageExample(each.title, str(folder / each.file), each.model or "") for each in found)
