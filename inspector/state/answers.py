"""Answers already computed, kept while they fit."""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakValueDictionary

import numpy as np
from msgspec import structs

from engine.protocol.messages import Explained
from inspector.state.question import Question

ROOM = 256 * 2**20
_BYTES_PER_TOKEN = 400  # a Token with its two texts, about


def size_of(answer: Explained) -> int:
    """The bytes an answer takes, about, without the original picture, which it shares with others."""
    relevance = answer.relevance
    size = relevance.input.nbytes + relevance.layers.nbytes + _BYTES_PER_TOKEN * len(relevance.tokens)
    if relevance.channels is not None:
        size += relevance.channels.nbytes
    if relevance.seen is not None:
        size += relevance.seen.pixels.nbytes
    return size


class Answers:
    """Answers by question, at most `room` bytes of them: the ones looked at longest ago go first.

    Those about the same picture have one original among them.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._used = 0
        self._answers: OrderedDict[Question, Explained] = OrderedDict()
        self._originals: WeakValueDictionary[str, np.ndarray] = WeakValueDictionary()  # by the picture's digest

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, question: Question) -> Explained | None:
        """The answer to `question`, if it is still here."""
        answer = self._answers.get(question.key)
        if answer is not None:
            self._answers.move_to_end(question.key)
        return answer

    def keep(self, question: Question, answer: Explained) -> Explained:
        """Remember `answer`, and forget old ones until all fit; the answer as it is remembered.

        An answer that never fits is not kept.
        """
        self.forget(question)
        kept = self._answers[question.key] = self._with_shared_original(answer)
        self._used += size_of(kept)
        while self._answers and self._used + self._bytes_of_originals() > self._room:
            _, oldest = self._answers.popitem(last=False)
            self._used -= size_of(oldest)
            del oldest  # and its original, where it was the last to have it
        return kept

    def forget(self, question: Question) -> None:
        """Make the next find of `question` miss."""
        answer = self._answers.pop(question.key, None)
        if answer is not None:
            self._used -= size_of(answer)

    def _with_shared_original(self, answer: Explained) -> Explained:
        image, seen = answer.question.image, answer.relevance.seen
        if image is None or seen is None or seen.whole is None:
            return answer
        seen = structs.replace(seen, whole=self._originals.setdefault(image.digest, seen.whole))
        return structs.replace(answer, relevance=structs.replace(answer.relevance, seen=seen))

    def _bytes_of_originals(self) -> int:
        return sum(original.nbytes for original in self._originals.values())
