"""The heads of an answer as the views show them: all of them on one scale, and one from query to key."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.inside import Head, Heads
from engine.protocol.looks import Ramp
from engine.protocol.messages import Explain, Failed, HeadFound, HeadsFound, LookAtHeads, Request
from engine.protocol.values import Token
from inspector.state.model_part import HeadPart
from inspector.state.scene import Scene
from inspector.state.through import asked_query


@dataclass(frozen=True)
class ShownHeads:
    """All heads, whose colours end at ± `limit` logits. Equal ones look the same."""

    found: HeadsFound  # compares by identity
    limit: float
    ramp: Ramp
    target: float = field(compare=False)  # its value, in logits
    tokens: tuple[Token, ...] = field(compare=False)

    @property
    def heads(self) -> Heads:
        return self.found.heads


@dataclass(frozen=True)
class ShownHead:
    """One head from query to key. Equal ones look the same."""

    part: HeadPart
    found: HeadFound  # compares by identity
    asked: int | None  # the query at which the target is
    ramp: Ramp
    tokens: tuple[Token, ...] = field(compare=False)

    @property
    def head(self) -> Head:
        return self.found.head


def heads_in(scene: Scene) -> ShownHeads | str:
    """The heads of the answer on show, or why there are none; empty as long as that is not known."""
    question = _question(scene)
    found = None if question is None else scene.find(LookAtHeads(question))
    match found:
        case HeadsFound(_, heads):
            assert scene.text is not None
            look = scene.view.look
            largest = float(np.nanmax(np.abs(heads.relevance), initial=0.0))
            target = scene.text.answer.relevance.value
            limit = abs(target) if look.scale == "target" else largest
            return ShownHeads(found, limit or 1.0, look.ramp, target, scene.text.tokens)
        case Failed(_, message):
            return message
        case _:
            return ""


def head_in(scene: Scene) -> ShownHead | str:
    """The head that is looked at, or why it has no matrix; empty where none is, or as long as that is not known."""
    question, part = _question(scene), scene.view.through
    if question is None or not isinstance(part, HeadPart):
        return ""
    assert scene.text is not None
    match scene.find(part.request_taken(question)):
        case HeadFound() as found:
            return ShownHead(part, found, asked_query(scene.text.answer), scene.view.look.ramp, scene.text.tokens)
        case Failed(_, message):
            return message
        case _:
            return ""


def request_for_heads(scene: Scene) -> Request | None:
    """What has to be asked for the heads of the answer on show, then for the one that is looked at."""
    question, part = _question(scene), scene.view.through
    if question is None:
        return None
    every = LookAtHeads(question)
    if isinstance(part, HeadPart) and isinstance(scene.find(every), HeadsFound):
        return part.request_taken(question)
    return every


def _question(scene: Scene) -> Explain | None:
    return None if scene.text is None else scene.text.answer.question
