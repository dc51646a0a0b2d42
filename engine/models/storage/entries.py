"""Entries of a model's files of settings: each of the type that it is read as, and no count that none could build.

Libraries check some of them, in loops as long as the counts say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from engine.protocol.failures import ModelError

MOST_PARTS = 100_000  # of a kind: layers, heads, experts
MOST_PLACES = 1 << 24  # tokens of an input
MOST_LABELS = 1_000_000
LONGEST_SIDE = 8192  # of a picture as a model sees it

_PARTS = re.compile(r"layer|depth|(^|[_.])blocks?(_count|$)|stages|heads|experts|num_blocks|head_count|repeats")
_PLACES = re.compile(r"position_embeddings$|^n_positions$|^n_ctx$|seq_len|sequence_length|context_length|max_length")
_LABELS = re.compile(r"labels|num_classes")
_MOST = ((_PARTS, MOST_PARTS), (_PLACES, MOST_PLACES), (_LABELS, MOST_LABELS))

_AT = re.compile(r"(.*) - at `\$\.?(.*)`")

Entries = TypeVar("Entries")
Side = Annotated[int, Meta(ge=1, le=LONGEST_SIDE)]


_Id = Annotated[int, Meta(ge=-(2**31), lt=2**31)]


class _Generation(Struct):
    bos_token_id: _Id | list[_Id] | None = None
    eos_token_id: _Id | list[_Id] | None = None
    pad_token_id: _Id | list[_Id] | None = None
    decoder_start_token_id: _Id | list[_Id] | None = None


class _Config(_Generation):
    architectures: list[str] | None = None
    model_type: str | None = None
    library: str | None = None
    auto_map: dict[str, Any] | None = None
    is_encoder_decoder: bool | None = None


class _TokenizerConfig(Struct):
    model_max_length: int | float | None = None
    tokenizer_class: str | None = None


class _Index(Struct):
    weight_map: dict[str, str]


class _Adapter(Struct):
    base_model_name_or_path: str | None = None


class _Preprocessor(Struct):
    size: Side | list[Side] | dict[str, int | None] | None = None
    crop_size: Side | list[Side] | dict[str, int | None] | None = None


_OF_FILE: tuple[tuple[str, type[Struct]], ...] = (
    ("preprocessor_config.json", _Preprocessor),
    ("tokenizer_config.json", _TokenizerConfig),
    ("generation_config.json", _Generation),
    ("adapter_config.json", _Adapter),
    ("config.json", _Config),
    (".index.json", _Index),
)


def require_entries(path: Path, content: Mapping[str, Any]) -> None:
    """Raises ModelError, naming file and entry, where one is of another type than it is read as, or absurd."""
    type_ = next((type_ for end, type_ in _OF_FILE if path.name.endswith(end)), None)
    if type_ is None:
        return
    found = as_entries(path.name, content, type_)
    if isinstance(found, _Preprocessor):
        for name, size in (("size", found.size), ("crop_size", found.crop_size)):
            _require_sides(path.name, name, size)
    if type_ is _Config:
        require_counts(path.name, _counts(content))


def as_entries(file: str, content: object, type_: type[Entries], within: str = "") -> Entries:
    """`content` of `file`, or of the entry `within` it, as a `type_`. Raises ModelError, naming file and entry."""
    try:
        return msgspec.convert(content, type_)
    except msgspec.ValidationError as error:
        at = _AT.fullmatch(str(error))
        entry = ".".join(filter(None, (within, at[2] if at else "")))
        what = (at[1] if at else str(error)).replace("`", "")
        raise damaged(file, f"its entry “{entry}” is wrong: {what}" if entry else what) from error
    except UnicodeEncodeError as error:
        where = f"its entry “{within}”" if within else "a text in it"
        raise damaged(file, f"{where} holds half a character, {error.object[error.start]!a}") from error


def require_counts(file: str, counts: Iterator[tuple[str, int]]) -> None:
    """Raises ModelError where a model of the file called `file` has more of something than any that exists."""
    for name, count in counts:
        most = next((most for pattern, most in _MOST if pattern.search(name.lower())), None)
        if most is not None and count > most:
            raise damaged(file, f"its entry “{name}” is {count:,}, and no model has more than {most:,}")


def _counts(content: object, name: str = "") -> Iterator[tuple[str, int]]:
    """The whole numbers in settings, those in a list by the list's name."""
    match content:
        case dict():
            for key, value in content.items():
                yield from _counts(value, str(key))
        case list():
            for value in content:
                yield from _counts(value, name)
        case int():
            yield name, content


def _require_sides(file: str, name: str, size: object) -> None:
    """Sides of a picture; where there is a longest one too, the two may be counts of pixels."""
    if isinstance(size, dict) and "longest_edge" not in size:
        for key, side in size.items():
            if side is not None and not 1 <= side <= LONGEST_SIDE:
                raise damaged(
                    file, f"its entry “{name}.{key}” is {side:,}: sides are from 1 to {LONGEST_SIDE:,} pixels"
                )


def damaged(file: str, why: str) -> ModelError:
    """The error of a file that is not what it should be."""
    return ModelError(f"The file “{file}” is damaged: {why}. Copy or download it again.", "model_damaged")


def unreadable(path: Path, error: OSError) -> ModelError:
    """The error of a file that the system does not let be read."""
    return ModelError(f"The file “{path.name}” may not be read: {error.strerror}.", "model_damaged")
