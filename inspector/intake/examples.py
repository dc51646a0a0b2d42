"""Prompts and pictures to try, shipped with the program."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.protocol.inputs import Input, Picture, Text
from engine.protocol.picture_files import read_image
from engine.protocol.values import ModelSource
from engine.shipped import shipped
from inspector.views.input.image_input import ImageExample


class Example(msgspec.Struct, frozen=True):
    """A prompt, what it shows, the kind of task it is, and the bundled models that know the answer."""

    title: str
    task: str
    prompt: str
    models: tuple[str, ...] = ()


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


def own_example(source: ModelSource, input: Input) -> Input | None:
    """The first example that goes with a bundled model, where `input` is one that goes with others.

    None where the input is a person's own, or `source` has no examples of its own.
    """
    prompts, pictures = read_examples(), read_image_examples()
    own: list[Input] = [Text(each.prompt) for each in prompts if source.name in each.models] or [
        Picture(read_image(Path(each.path))) for each in pictures if each.model == source.name
    ]
    if not own or input in own:
        return None
    if isinstance(input, Picture):
        is_example = any(input == Picture(read_image(Path(each.path))) for each in pictures)
    else:
        is_example = any(input == Text(each.prompt) for each in prompts)
    return own[0] if is_example else None
