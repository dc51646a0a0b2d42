"""Known endings, each by the request that it ended, kept while all of them fit."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
from msgspec import Struct, structs

from engine.protocol.inputs import without_data
from engine.protocol.messages import Ending, Explain, Explained, Request
from engine.protocol.values import Prediction, Seen, Token

One = TypeVar("One", bound=Request)

ROOM = 256 * 2**20
BYTES_EACH = 400  # a Token or a Prediction with its two texts, about


def key_of(request: One) -> One:
    """The request without what does not change its answer: how to compute, and a picture's bytes, known by a digest."""
    changes: dict[str, Any] = {}
    if getattr(request, "checkpointing", False):
        changes["checkpointing"] = False
    if isinstance(asked := getattr(request, "question", None), Explain):
        changes["question"] = key_of(asked)
    if (input := getattr(request, "input", None)) is not None:
        changes["input"] = without_data(input)
    return structs.replace(request, **changes)


def size_of(value: object) -> int:
    """The bytes an answer takes, about, without the original picture, which it shares with others."""
    match value:
        case np.ndarray():
            return value.nbytes
        case tuple() if value and isinstance(value[0], Token | Prediction):
            return BYTES_EACH * len(value)
        case tuple():
            return sum(map(size_of, value))
        case Seen():
            return value.pixels.nbytes
        case Struct():
            return sum(size_of(getattr(value, name)) for name in value.__struct_fields__)
        case _:
            return 0


class Known:
    """Endings by request, at most `room` bytes of them: the ones looked at longest ago go first.

    A request carries all that its answer depends on, so it is the key. Those about the same picture have one original
    among them.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._used = 0
        self._endings: OrderedDict[Request, Ending] = OrderedDict()
        self._originals: WeakValueDictionary[str, np.ndarray] = WeakValueDictionary()  # by the picture's digest

    def __len__(self) -> int:
        return len(self._endings)

    def find(self, request: Request) -> Ending | None:
        """The ending of `request`, if it is still here."""
        key = key_of(request)
        ending = self._endings.get(key)
        if ending is not None:
            self._endings.move_to_end(key)
        return ending

    def explained(self, request: Explain) -> Explained | None:
        """The answer to `request`, if it is still here."""
        found = self.find(request)
        return found if isinstance(found, Explained) else None

    def keep(self, request: Request, ending: Ending) -> Ending:
        """Remember an ending, and forget old ones until all fit; the ending as it is remembered.

        One that never fits is not kept.
        """
        self.forget(request)
        kept = self._endings[key_of(request)] = self._with_shared_original(request, ending)
        self._used += size_of(kept)
        while self._endings and self._used + self._bytes_of_originals() > self._room:
            _, oldest = self._endings.popitem(last=False)
            self._used -= size_of(oldest)
            del oldest  # and its original, where it was the last to have it
        return kept

    def forget(self, request: Request) -> None:
        """Make the next find of `request` miss."""
        ending = self._endings.pop(key_of(request), None)
        if ending is not None:
            self._used -= size_of(ending)

    def _with_shared_original(self, request: Request, ending: Ending) -> Ending:
        if not isinstance(request, Explain) or not isinstance(ending, Explained):
            return ending
        image, seen = request.input.image, ending.relevance.seen
        if image is None or seen is None or seen.whole is None:
            return ending
        seen = structs.replace(seen, whole=self._originals.setdefault(image.digest, seen.whole))
        return structs.replace(ending, relevance=ending.relevance.with_part(seen=seen))

    def _bytes_of_originals(self) -> int:
        return sum(original.nbytes for original in self._originals.values())
