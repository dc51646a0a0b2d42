"""Walks a laid-out prompt with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from inspector.views.tokens.token_layout import TokenLayout


def is_step(event: QKeyEvent) -> bool:
    """True for keys that walk."""
    keys = Qt.Key
    return (
        event.key()
        in (
            keys.Key_Left,
            keys.Key_Right,
            keys.Key_Up,
            keys.Key_Down,
            keys.Key_Home,
            keys.Key_End,
            keys.Key_PageUp,
            keys.Key_PageDown,
        )
        and not event.modifiers() & Qt.KeyboardModifier.AltModifier
    )


def walk(layout: TokenLayout, current: int, event: QKeyEvent, x: float, page: int) -> int:
    """The token a key leads to from `current`; rows up and down are entered near `x`, a page has `page` rows."""
    span = layout.spans_of(current)[0]
    row = int(layout.span_row[span])
    right_to_left = bool(layout.runs.bases[layout.span_run[span]])
    whole = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    last = int(layout.span_token[-1])
    match event.key():
        case Qt.Key.Key_Left | Qt.Key.Key_Right as key:
            onwards = (key == Qt.Key.Key_Right) != right_to_left
            return min(current + 1, last) if onwards else max(current - 1, 0)
        case Qt.Key.Key_Home:
            return 0 if whole else int(layout.span_token[layout.row_span[row]])
        case Qt.Key.Key_End:
            return last if whole else int(layout.span_token[layout.row_span[row + 1] - 1])
        case Qt.Key.Key_Up:
            return _in_row(layout, current, row - 1, x)
        case Qt.Key.Key_Down:
            return _in_row(layout, current, int(layout.span_row[layout.spans_of(current)[-1]]) + 1, x)
        case Qt.Key.Key_PageUp:
            return _in_row(layout, current, max(row - page, 0), x)
        case Qt.Key.Key_PageDown:
            return _in_row(layout, current, min(row + page, layout.rows - 1), x)
    return current


def _in_row(layout: TokenLayout, current: int, row: int, x: float) -> int:
    return layout.nearest_in_row(row, x) if 0 <= row < layout.rows else current
