"""The models that need no download, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from engine.models.labels import label
from engine.models.listing import list_models
from engine.protocol.values import CachedModel


def models() -> tuple[CachedModel, ...]:
    """Those that come with the program, then those in the local cache of the hub."""
    return list_models()


def in_words(found: Sequence[CachedModel]) -> str:
    """A line each: what to call it, how large it is, where it comes from."""
    if not found:
        return "No model lies on this machine. Any hub id, folder or .gguf file can be opened by its name."
    width = max(len(label(model.name)) for model in found)
    return "\n".join(f"{label(model.name):<{width}}  {size(model.bytes):>9}  {model.kind}" for model in found)


def size(count: float) -> str:
    """Bytes for people: `4.1 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
