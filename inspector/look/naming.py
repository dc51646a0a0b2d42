"""Names by which tests, style sheets and accessibility tools find a widget."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject

Named = TypeVar("Named", bound=QObject)


def named(name: str, thing: Named) -> Named:
    """`thing`, with its object name set."""
    thing.setObjectName(name)
    return thing
