"""Text from prompts and vocabularies made fit to be drawn: what is said on the terminal goes the same way."""

from __future__ import annotations

from engine.protocol.visible_text import visible

__all__ = ["visible"]
