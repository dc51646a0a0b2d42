"""What a model changes in itself while it runs, taken back: an answer depends on its question alone.

A recurrent state, an attention mode chosen for short prompts, statistics of a norm, the balance of a router: whatever
it was before, the next call finds it so. Attributes of parts and of their settings, parts, and buffers are looked
after; weights are not. A model that writes into its weights, as RWKV does when it is first used, has converted itself
for good, and keeps all that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from operator import is_
from typing import Any

import torch
from torch import Tensor, nn

_LARGEST_COPY = 1 << 16  # elements of a buffer: more are a mask or a table, and no state
_ABSENT = object()

Place = tuple[dict[str, Any], str]  # a name in what belongs to a part or to settings


@dataclass(eq=False)
class Changes:
    """What a model changed in itself while it ran: by its place, what was there before, and what there is since."""

    _found: list[tuple[Place, Any, Any]] = field(default_factory=list)

    def note(self, place: Place, before: Any, since: Any) -> None:
        """Notes one of them."""
        self._found.append((place, before, since))

    def take_back(self) -> None:
        """Puts what was there before into its place."""
        for place, before, _ in self._found:
            _put(place, before)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Inside the `with`, the model is as it left itself: for what is computed again."""
        for place, _, since in self._found:
            _put(place, since)
        try:
            yield
        finally:
            self.take_back()


@contextmanager
def taken_back(parts: Sequence[nn.Module]) -> Iterator[Changes]:
    """Afterwards, `parts` of a model are as they were before the `with`, and the changes are those that were there."""
    owned = _Owned(parts)
    weights = [weight for part in parts for weight in part._parameters.values() if weight is not None]
    versions = [*map(_version, weights)]
    buffers = [
        ((part._buffers, name), buffer, buffer.detach().clone())
        for part in parts
        for name, buffer in part._buffers.items()
        if buffer is not None and buffer.numel() <= _LARGEST_COPY and not buffer.is_meta
    ]
    changes = Changes()
    try:
        yield changes
    finally:
        if [*map(_version, weights)] == versions:
            for mapping, before in owned.changed():
                for name in {**before, **mapping}:
                    old, new = before.get(name, _ABSENT), mapping.get(name, _ABSENT)
                    if old is not new:
                        changes.note((mapping, name), old, new)
            for place, buffer, copy in buffers:
                if not torch.equal(buffer, copy):  # another tensor, for the graph may need what was written
                    changes.note(place, copy, place[0].get(place[1], _ABSENT))
            changes.take_back()


class _Owned:
    """What belongs to parts and their settings, end to end: copies by the thousand would wake Python's collector."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        self._mappings = list(_belongings(parts))
        self._names = [*chain.from_iterable(self._mappings)]
        self._values = [*chain.from_iterable(map(dict.values, self._mappings))]
        self._sizes = [*map(len, self._mappings)]

    def changed(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """What is not as it was, and as it was."""
        if [*map(len, self._mappings)] == self._sizes:
            values = chain.from_iterable(map(dict.values, self._mappings))
            if all(map(is_, values, self._values)):  # as it is of most models
                return
        start = 0
        for mapping, size in zip(self._mappings, self._sizes, strict=True):
            of_it = slice(start, start + size)
            start += size
            before = self._values[of_it]
            if len(mapping) != size or not all(map(is_, mapping.values(), before)):
                yield mapping, dict(zip(self._names[of_it], before, strict=True))


def _belongings(parts: Sequence[nn.Module]) -> Iterator[dict[str, Any]]:
    settings: dict[int, dict[str, Any]] = {}
    for part in parts:
        yield part.__dict__
        yield part._modules
        yield part._buffers
        config = part.__dict__.get("config")
        if hasattr(config, "__dict__"):
            settings[id(config)] = config.__dict__
    yield from settings.values()


def _put(place: Place, value: Any) -> None:
    mapping, name = place
    if value is _ABSENT:
        mapping.pop(name, None)
    else:
        mapping[name] = value


def _version(tensor: Tensor) -> int:
    """How often a tensor was written into, which those of inference mode do not count."""
    return 0 if tensor.is_inference() else tensor._version
