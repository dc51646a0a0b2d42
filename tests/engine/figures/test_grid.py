"""A grid of heatmaps: what stands where, on which scale."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from engine.figures import render
from engine.figures.fonts import FontChoice, base_font
from engine.figures.grid import grid_page
from engine.figures.page import Cells, Page, Rectangle, Text, width_of
from engine.figures.picture import on_picture, patches
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.failures import EngineError
from engine.protocol.looks import Look, Ramp
from engine.protocol.messages import ExportGrid
from engine.reading.colours import colours
from tests.engine.figures.made_relevance import of_picture, relevance

FONTS = FontChoice(base_font(), ())
CELLS = tuple(replace(of_picture(seed=seed), rules=f"gamma(conv={seed}, linear=0)") for seed in range(6))
GRID = ExportGrid(CELLS, ("conv 0.1", "conv 100"), ("linear 0", "linear 0.05", "linear 1"))


def test_that_cells_stand_row_by_row_under_their_columns() -> None:
    page = grid_page(GRID, FONTS)
    cells = _cells(page)
    assert [cell.x for cell in cells[:3]] == [cell.x for cell in cells[3:]]
    assert len({cell.y for cell in cells[:3]}) == 1 and cells[3].y > cells[0].y + cells[0].height
    for label, cell in zip(GRID.columns, cells, strict=False):
        (text,) = (text for text in _texts(page) if text.run.text == label)
        assert text.x + width_of(text.run, text.size) / 2 == pytest.approx(cell.x + cell.width / 2)
        assert text.baseline < cell.y
    for label, cell in zip(GRID.rows, cells[::3], strict=True):
        (text,) = (text for text in _texts(page) if text.run.text == label)
        assert text.upwards and text.x < cell.x
        assert text.baseline - width_of(text.run, text.size) / 2 == pytest.approx(cell.y + cell.height / 2)


def test_that_each_cell_has_its_own_scale_and_says_it() -> None:
    page = grid_page(GRID, FONTS)
    for cell, answer in zip(_cells(page), CELLS, strict=True):
        limit = float(np.abs(answer.input).max())
        np.testing.assert_array_equal(cell.colours, colours(answer.input, limit, Ramp()))
        assert f"± {limit:.3g}" in _said(page)
    assert {"negative", "0", "positive"} <= set(_said(page))


def test_that_a_shared_scale_ends_at_the_largest_of_all() -> None:
    page = grid_page(replace(GRID, shared=True), FONTS)
    limit = max(float(np.abs(answer.input).max()) for answer in CELLS)
    for cell, answer in zip(_cells(page), CELLS, strict=True):
        np.testing.assert_array_equal(cell.colours, colours(answer.input, limit, Ramp()))
    assert f"−{limit:.3g}" in _said(page) and not any(text.startswith("±") for text in _said(page))


@pytest.mark.parametrize(("scale", "limit"), [("layer", None), ("target", 30.0)])
def test_that_a_layer_of_every_cell_is_drawn_on_one_scale(scale: str, limit: float | None) -> None:
    cells = (CELLS[0], replace(CELLS[1], value=-30.0))
    grid = replace(GRID, cells=cells, rows=("",), columns=("a", "b"), shared=True, look=Look(layer=1, scale=scale))
    limit = limit or max(float(np.abs(patches(answer, 1)).max()) for answer in cells)
    for cell, answer in zip(_cells(grid_page(grid, FONTS)), cells, strict=False):
        np.testing.assert_array_equal(cell.colours, colours(on_picture(answer, 1), limit, Ramp()))
    assert any("colours span" in text for text in _said(grid_page(grid, FONTS)))
    assert "Relevance at layer 1 of 2" in "".join(_said(grid_page(replace(grid, cells=cells[:1]), FONTS)))


def test_that_the_caption_says_what_holds_for_all_cells() -> None:
    said = _said(grid_page(GRID, FONTS))
    assert "Target “cat” for the whole input: 12.5 logits" in said
    assert "Model Llama, revision 0123456789ab, float32" in said
    assert not any("gamma" in text for text in said)
    alike = _said(grid_page(replace(GRID, cells=(CELLS[0],)), FONTS))
    assert "Relevance at the input, gamma(conv=0, linear=0)" in alike


def test_that_titles_stand_over_their_cells() -> None:
    titles = tuple(f"drop {place}" for place in range(6))
    page = grid_page(replace(GRID, titles=titles), FONTS)
    for title, cell in zip(titles, _cells(page), strict=True):
        (text,) = (text for text in _texts(page) if text.run.text == title)
        assert cell.x < text.x < cell.x + cell.width and cell.y - 14 < text.baseline < cell.y


def test_that_long_labels_stay_over_their_columns() -> None:
    long = ("gamma(conv=0.25, linear=0.05)", "x" * 300, "c")
    page = grid_page(replace(GRID, columns=long, rows=("y" * 300, "b")), FONTS)
    cell = _cells(page)[0]
    assert long[0] in _said(page)
    for text in _texts(page):
        if text.run.text.endswith("…"):
            assert width_of(text.run, text.size) <= 1.01 * (cell.height if text.upwards else cell.width)
    assert sum(text.endswith("…") for text in _said(page)) == 2


@pytest.mark.parametrize("titles", [(), tuple("abcdef")])
def test_that_nothing_leaves_the_page_or_lies_on_a_cell(titles: tuple[str, ...]) -> None:
    page = grid_page(replace(GRID, titles=titles), FONTS)
    for item in page.items:
        assert item.x >= 0
        if isinstance(item, Rectangle | Cells):
            assert item.x + item.width <= page.width and item.y + item.height <= page.height
        elif not item.upwards:
            assert item.x + width_of(item.run, item.size) <= page.width and item.baseline <= page.height
            ascent = item.baseline - 0.75 * item.size
            assert not any(
                cell.x < item.x < cell.x + cell.width and ascent < cell.y + cell.height and cell.y < item.baseline
                for cell in _cells(page)
            )


def test_that_a_grid_that_was_stopped_shows_what_is_done() -> None:
    assert len(_cells(grid_page(replace(GRID, cells=CELLS[:4]), FONTS))) == 4


def test_that_pictures_of_other_shapes_keep_their_proportions() -> None:
    wide = of_picture(rows=2, columns=6)
    cells = _cells(grid_page(replace(GRID, cells=(CELLS[0], wide)), FONTS))
    assert cells[0].width / cells[0].height == pytest.approx(4 / 3)
    assert cells[1].width / cells[1].height == pytest.approx(3)


@pytest.mark.parametrize("zoom", [1, 3])
def test_that_zoom_enlarges_the_whole_png(zoom: int) -> None:
    page = grid_page(GRID, FONTS)
    image = Image.open(BytesIO(render(replace(GRID, look=Look(zoom=zoom))).data))
    across = _cells(page)[0].width / 32
    scale = zoom * np.ceil(2 * across) / across
    assert image.size == (round(page.width * scale), round(page.height * scale)) and image.mode == "RGB"


def test_that_a_transparent_ground_leaves_cells_and_letters() -> None:
    image = np.asarray(Image.open(BytesIO(render(replace(GRID, transparent=True)).data)))
    white = np.asarray(Image.open(BytesIO(render(GRID).data)))
    alpha = image[..., 3:] / 255
    assert image[0, 0, 3] == 0 and 0.3 < alpha.mean() < 0.9
    on_white = image[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(on_white - white).mean() < 0.5


def test_that_the_pdf_has_its_words_as_text() -> None:
    made = render(replace(GRID, format="pdf", picture="overlay")).data
    assert is_whole_pdf(made) and made.count(b"/Subtype /Image") == 7 and b"/Font" in made


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"cells": ()}, "0 pictures for a grid of 6"),
        ({"rows": ("a",)}, "6 pictures for a grid of 3"),
        ({"titles": ("a",)}, "1 titles for 6 pictures"),
        ({"cells": (relevance(["a"]),)}, "about a text"),
        ({"look": Look(colour_map="nothing-like-it")}, "nothing-like-it"),
        ({"look": Look(zoom=0)}, "from 1 to 4"),
    ],
)
def test_that_what_makes_no_grid_is_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(EngineError, match=complaint):
        render(replace(GRID, **change))


def test_that_a_png_too_large_to_open_is_refused() -> None:
    large = of_picture(rows=250, columns=250)
    with pytest.raises(EngineError, match="smaller zoom"):
        render(ExportGrid((large,), ("",) * 1, ("",) * 20, look=Look(zoom=4)))


def _cells(page: Page) -> list[Cells]:
    """The pictures, without the colour bar."""
    return [item for item in page.items if isinstance(item, Cells)][:-1]


def _texts(page: Page) -> list[Text]:
    return [item for item in page.items if isinstance(item, Text)]


def _said(page: Page) -> list[str]:
    return [text.run.text for text in _texts(page)]
