"""What was found inside blocks, on paper and as data."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO

import numpy as np
import pytest
from safetensors.numpy import load

from engine.figures import render
from engine.figures.fonts import FontChoice, base_font
from engine.figures.inside.pages import inside_page
from engine.figures.inside.strongest import strongest
from engine.figures.page import Cells, Page, Text, on_ground
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.inputs import Text as TextInput
from engine.protocol.inside import Block, Glimpse, Head, Heads, Neuron, Writer
from engine.protocol.looks import Look
from engine.protocol.messages import (
    BlockOpened,
    Explain,
    ExportInside,
    FindNeurons,
    HeadFound,
    HeadsFound,
    LayersRead,
    LookAtHead,
    LookAtHeads,
    LookedInside,
    NeuronsFound,
    OpenBlock,
    ReadLayers,
)
from engine.protocol.values import ModelSource, Prediction
from engine.reading.colours import colours, contrast
from tests.engine.figures.made_relevance import of_picture, relevance

FONTS = FontChoice(base_font(), ())
TEXTS = ["The", " cat", "=1+1", "\n", " sat"]
ANSWER = relevance(TEXTS)
QUESTION = Explain(ModelSource("bundled:llama"), TextInput("".join(TEXTS)))
RANDOM = np.random.default_rng(5)


def _row(scale: float = 1.0) -> np.ndarray:
    return (scale * RANDOM.normal(size=len(TEXTS))).astype(np.float32)


def _matrix() -> np.ndarray:
    return np.tril(RANDOM.normal(size=(len(TEXTS), len(TEXTS)))).astype(np.float32)


HEADS = Heads(np.array([[0.5, -0.25, np.nan], [4.0, 0.125, 1.0]], np.float32), np.zeros((2, 3, len(TEXTS)), np.float32))
SOURCES = _matrix()
HEAD = Head(SOURCES, SOURCES / 2, SOURCES / 8, SOURCES / 8, np.abs(_matrix()), SOURCES.sum(1), SOURCES.sum(1) / 4)
NEURONS = (
    Neuron(1, 706, 0.75, 2.5, 1, _row(), (" up", "=1+1"), (" down",), (" cat",)),
    Neuron(1, 9, -0.5, 1.5, 4, _row()),
)
WRITERS = (Writer("attention", _row(), _row(), (0, 2)), Writer("mlp", _row(), _row(), None, (0, 8)))
BLOCK = Block(_row(), _row(), _row(), 0.0, WRITERS, np.stack([_row(), _row()]), None, NEURONS)
LAYERS = tuple(
    Glimpse(i, (Prediction(3, "3", "3", 2.0 + i, 0.5), Prediction(5, "5", "5", 1.0, 0.25)), 2.0 + i, 0.5, 4 - i)
    for i in range(4)
)
FOUND: dict[str, LookedInside] = {
    "heads": HeadsFound(LookAtHeads(QUESTION), HEADS),
    "head": HeadFound(LookAtHead(QUESTION, 1, 0), HEAD),
    "block": BlockOpened(OpenBlock(QUESTION, 1), BLOCK),
    "neurons": NeuronsFound(FindNeurons(QUESTION), NEURONS),
    "layers": LayersRead(ReadLayers(QUESTION), LAYERS),
}


def page_of(name: str, **look: object) -> Page:
    return inside_page(ExportInside(ANSWER, FOUND[name], "png", Look(**look)), FONTS)


def said(page: Page) -> list[str]:
    return [item.run.text for item in page.items if isinstance(item, Text)]


@pytest.mark.parametrize("name", FOUND)
def test_that_every_format_is_whole(name: str) -> None:
    made = {form: render(ExportInside(ANSWER, FOUND[name], form)).data for form in ("png", "pdf", "csv", "json", "npz")}
    assert made["png"].startswith(b"\x89PNG") and is_whole_pdf(made["pdf"])
    assert len(list(csv.reader(StringIO(made["csv"].decode())))) > 2
    assert json.loads(made["json"])["found"] == type(FOUND[name]).__name__
    arrays = np.load(BytesIO(made["npz"]))
    tensors = load(render(ExportInside(ANSWER, FOUND[name], "safetensors")).data)
    assert set(arrays.files) == {*tensors, "metadata"}
    assert json.loads(str(arrays["metadata"]))["prompt"] == ANSWER.prompt


@pytest.mark.parametrize("name", FOUND)
def test_that_everything_lies_on_the_page_and_the_question_is_below(name: str) -> None:
    page = page_of(name)
    texts = [item for item in page.items if isinstance(item, Text)]
    assert all(0 <= text.x < page.width and 0 < text.baseline < page.height for text in texts)
    assert any(text.startswith("Target “3” after token 4") for text in said(page))
    assert any("AttnLRP" in text for text in said(page))


def test_that_the_grid_has_the_last_block_on_top_and_one_limit() -> None:
    page = page_of("heads")
    grid = next(item for item in page.items if isinstance(item, Cells))
    expected = colours(np.nan_to_num(HEADS.relevance), 4.0, Look().ramp)[::-1]
    assert np.array_equal(grid.colours, expected)
    words = said(page)
    assert words.index("1.0") < words.index("1.2") < words.index("0.0")  # by size, and no head that is none
    assert {"+4.00", "+5.38", "−0.25"} <= {*words} and "0.2" not in words


def test_that_a_matrix_has_its_sums_and_those_of_the_others() -> None:
    matrix = np.zeros((20, 20))
    matrix[3], matrix[:, 5], matrix[7, 9] = 0.001, 2.0, -8.0
    cut = strongest(matrix, 2, keep=4)
    assert cut.rows == [4, 7] and cut.columns == [5, 9]
    assert (cut.other_rows, cut.other_columns) == (18, 18)
    assert cut.cells.sum() == pytest.approx(matrix.sum())
    assert cut.cells[-1, 0] == pytest.approx(36) and cut.cells[1, 1] == -8


def test_that_what_is_next_to_nothing_is_one_of_the_others() -> None:
    matrix = np.diag([5.0, 1.0, 0.001, 0.0])
    assert strongest(matrix, 12).rows == [0, 1]


def test_that_the_head_says_its_ways() -> None:
    words = " ".join(said(page_of("head")))
    total, kept = SOURCES.sum(), SOURCES.sum() / 4
    assert f"took {total:.2f}".replace("-", "−") in words
    assert f"the softmax keeps {kept:.2f}".replace("-", "−") in words


def test_that_a_block_has_a_strip_for_each_part_with_its_own_limit() -> None:
    page = page_of("block")
    strips = [item for item in page.items if isinstance(item, Cells)][:6]
    parts = [BLOCK.arrives, BLOCK.skip, *(w.passed for w in BLOCK.writers), *(w.relevance for w in BLOCK.writers)]
    for strip, values in zip(strips, parts, strict=True):
        assert np.array_equal(strip.colours[0], colours(values, float(np.abs(values).max()), Look().ramp))
    assert {"MLP passes", "attention holds", "706"} <= {*said(page)}


def test_that_a_table_keeps_what_a_spreadsheet_would_run() -> None:
    rows = list(csv.reader(StringIO(render(ExportInside(ANSWER, FOUND["neurons"], "csv")).data.decode())))
    assert rows[1][:2] == ["1", "706"] and rows[1][5] == " up | =1+1"
    hostile = NeuronsFound(FindNeurons(QUESTION), (Neuron(0, 1, 1.0, 1.0, 0, _row(), ("=cmd()",)),))
    assert list(csv.reader(StringIO(render(ExportInside(ANSWER, hostile, "csv")).data.decode())))[1][5] == "'=cmd()"


def test_that_numbers_that_are_none_are_null() -> None:
    content = json.loads(render(ExportInside(ANSWER, FOUND["heads"], "json")).data)
    assert content["heads"]["relevance"] == [[0.5, -0.25, None], [4.0, 0.125, 1.0]]


def test_that_places_of_a_picture_are_patches() -> None:
    answer = of_picture()
    count = 12
    block = Block(*(np.ones(count, np.float32) for _ in range(3)), 0.0, (), None, None, (
        Neuron(0, 3, 1.0, 2.0, 7, np.ones(count, np.float32)),
    ))  # fmt: skip
    export = ExportInside(answer, BlockOpened(OpenBlock(QUESTION, 0), block), "png")
    assert "patch 7" in said(inside_page(export, FONTS))


def test_that_a_dark_ground_has_light_letters() -> None:
    assert render(ExportInside(ANSWER, FOUND["heads"], "png", Look(ground="dark"))).data != (
        render(ExportInside(ANSWER, FOUND["heads"], "png")).data
    )


def test_that_black_on_a_bright_cell_stays_black_in_the_dark() -> None:
    export = ExportInside(ANSWER, FOUND["head"], "png", Look(ground="dark"))
    page = on_ground(inside_page(export, FONTS), "dark")
    cells = next(item for item in page.items if isinstance(item, Cells))
    brightest = cells.colours.reshape(-1, 3)[cells.colours.reshape(-1, 3).sum(1).argmax()]
    assert contrast(brightest, np.array(ink_on(brightest, page))) >= 4.5


def ink_on(cell: np.ndarray, page: Page) -> tuple[int, int, int]:
    """The ink of the number that stands in the cell of that colour."""
    cells = next(item for item in page.items if isinstance(item, Cells))
    row, column = np.argwhere((cells.colours == cell).all(-1))[0]
    rows, columns = cells.colours.shape[:2]
    left, top = cells.x + column * cells.width / columns, cells.y + row * cells.height / rows
    return next(
        item.colour
        for item in page.items
        if isinstance(item, Text)
        and left < item.x < left + cells.width / columns
        and top < item.baseline < top + cells.height / rows
    )
