"""The order in which Tab goes through a window: the order in which it is read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget


def tab_stops(window: QWidget, areas: Sequence[QWidget]) -> list[QWidget]:
    """Where Tab stops in `window`: area by area, and in each of them row by row."""
    stops: list[QWidget] = []
    for area in _in_rows(window, [area for area in areas if area.isVisible() and area.window() is window]):
        stops += _in_rows(window, [each for each in area.findChildren(QWidget) if _is_stop(each, window)])
    return stops


def go_on(window: QWidget, areas: Sequence[QWidget], forward: bool) -> bool:
    """Give the keys to the next stop of `window`, or to the one before; False where there is none."""
    stops = tab_stops(window, areas)
    if not stops:
        return False
    here, step = window.focusWidget(), 1 if forward else -1
    before = -1 if forward else 0  # the end from which a first step goes to the other
    place = step + (stops.index(here) if here in stops else before)
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    stops[place % len(stops)].setFocus(reason)
    return True


def _is_stop(widget: QWidget, window: QWidget) -> bool:
    """Whether Tab stops here; the field of a spin box hands the keys on to the box, which does."""
    can_be_seen = widget.isVisible() and widget.isEnabled() and widget.window() is window
    takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return can_be_seen and takes_tab and widget.focusProxy() is None


def _in_rows(window: QWidget, widgets: list[QWidget]) -> list[QWidget]:
    """Row by row, each from the left: what begins above the middle of a row's highest is in that row."""
    places = {widget: QRect(widget.mapTo(window, QPoint()), widget.size()) for widget in widgets}
    rows: list[list[QWidget]] = []
    for widget in sorted(widgets, key=lambda each: places[each].top()):
        if rows and places[widget].top() < places[rows[-1][0]].center().y():
            rows[-1].append(widget)
        else:
            rows.append([widget])
    return [widget for row in rows for widget in sorted(row, key=lambda each: places[each].left())]
