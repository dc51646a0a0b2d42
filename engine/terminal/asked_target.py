"""The target that an option of the command line means, which depends on what the model chooses from."""

from __future__ import annotations

from engine.protocol.messages import Load, Loaded
from engine.protocol.targets import Target
from engine.protocol.values import ModelSource
from engine.session import Session
from engine.terminal.typed_target import read_target
from engine.watch import Watch


def asked_target(session: Session, source: ModelSource, text: str, position: int, watch: Watch) -> Target:
    """The target of `text`, which names classes where the model of `source` chooses from those. Raises EngineError."""
    loaded = session.answer(Load(source), watch)
    assert isinstance(loaded, Loaded)
    return read_target(text, position, loaded.model.labels if loaded.model.chooses_classes else None)
