"""How much longer a tokenizer may make a text: steps that each double it would, in a few lines, fill any memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.models.storage.entries import damaged

MOST_TIMES = 10_000  # as long; tokenizers in use come to a few dozen

_OF_UNICODE = 4  # what a character comes to, in a form of Unicode or as bytes
_UNICODE = ("ByteLevel", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled")


def require_bounded(path: Path, tokenizer: Mapping[str, Any]) -> None:
    """Raises ModelError where the normalizer or decoder in tokenizer.json makes a text absurdly long."""
    for part in ("normalizer", "decoder"):
        if (times := _times(tokenizer.get(part))) > MOST_TIMES:
            shown = f"{times:,}" if times < 10**9 else "a billion or more"
            raise damaged(path.name, f"its {part} can make a text {shown} times as long")


def _times(step: Any) -> int:
    """How many times as long a text may be after a step; of a step that is none, 1: the library refuses it."""
    match step:
        case {"type": "Sequence", "normalizers": list(steps)} | {"type": "Sequence", "decoders": list(steps)}:
            return math.prod(map(_times, steps))
        case {"type": "Replace", "pattern": {"String": str(old)}, "content": str(new)}:
            return max(1, -(-len(new) // len(old))) if old else 1 + len(new)
        case {"type": "Replace", "pattern": {"Regex": _}, "content": str(new)}:
            return 1 + len(new)  # it may be found where there is nothing
        case {"type": "Prepend", "prepend": str(new)}:
            return 1 + len(new)
        case {"type": str(name)} if name in _UNICODE:
            return _OF_UNICODE
        case _:
            return 1
