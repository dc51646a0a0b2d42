"""Answers already computed, kept while they fit."""

from __future__ import annotations

from collections import OrderedDict

from engine.protocol.messages import Explained
from inspector.state.question import Question

ROOM = 256 * 2**20
_BYTES_PER_TOKEN = 400  # a Token with its two texts, about


def size_of(answer: Explained) -> int:
    """The bytes an answer takes, about."""
    relevance = answer.relevance
    size = relevance.input.nbytes + relevance.layers.nbytes + _BYTES_PER_TOKEN * len(relevance.tokens)
    if relevance.channels is not None:
        size += relevance.channels.nbytes
    if relevance.seen is not None:
        size += sum(each.nbytes for each in (relevance.seen.pixels, relevance.seen.whole) if each is not None)
    return size


class Answers:
    """Answers by question, at most `room` bytes of them: the ones looked at longest ago go first."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._used = 0
        self._answers: OrderedDict[Question, Explained] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, question: Question) -> Explained | None:
        """The answer to `question`, if it is still here."""
        answer = self._answers.get(question.key)
        if answer is not None:
            self._answers.move_to_end(question.key)
        return answer

    def keep(self, question: Question, answer: Explained) -> None:
        """Remember `answer`, and forget old ones until all fit. An answer that never fits is not kept."""
        self.forget(question)
        self._answers[question.key] = answer
        self._used += size_of(answer)
        while self._used > self._room:
            _, oldest = self._answers.popitem(last=False)
            self._used -= size_of(oldest)

    def forget(self, question: Question) -> None:
        """Make the next find of `question` miss."""
        answer = self._answers.pop(question.key, None)
        if answer is not None:
            self._used -= size_of(answer)
