"""One answer about a picture as a page: heatmap or overlay, with legend and caption."""

from __future__ import annotations

from engine.figures.fonts import FontChoice
from engine.figures.foot import foot, foot_height
from engine.figures.page import Item, Page, framed, right_edge
from engine.figures.picture import fitting, painted, painted_size, sharpness
from engine.figures.wording import picture_words
from engine.protocol.messages import Export
from engine.reading.placing import picture_limit

_ROOM, _MARGIN = 448.0, 10.0


def heatmap_page(export: Export, fonts: FontChoice) -> Page:
    """The picture of a layer, or of the pixels. Raises EngineError where the layer has no place on it."""
    relevance = export.relevance
    limit = picture_limit([relevance], export.look.layer, export.look.scale, export.look.clip)
    width, height = fitting(painted_size(export, relevance), _ROOM)
    words = picture_words(export, limit)
    items: list[Item] = [
        *framed(_MARGIN, _MARGIN, width, height, painted(export, relevance, export.look.layer, limit)),
        *foot(words, export.look.picture_ramp, export.look.ground, fonts, _MARGIN, _MARGIN + height + 14),
    ]
    return Page(right_edge(items) + _MARGIN, _MARGIN + height + 14 + foot_height(words), tuple(items))


def heatmap_sharpness(export: Export) -> float:
    """Pixels per unit of its PNG."""
    return sharpness(painted_size(export, export.relevance), _ROOM, export.look.zoom)
