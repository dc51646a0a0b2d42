"""No text is a formula to a spreadsheet, and every text can be read back."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.figures.matrix import matrix_file
from engine.figures.rendering import render
from engine.protocol.messages import Export
from engine.protocol.values import Matrix
from engine.reading.cells import cell, text_of_cell
from engine.reading.units import units_of
from inspector.views.tokens.token_facts import TokenFacts
from tests.engine.figures.hostile import hostile_text
from tests.engine.figures.made_relevance import relevance

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", '"=1"', "''-", "=")


@pytest.mark.parametrize("text", FORMULAS)
def test_that_a_formula_is_a_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "\n", "'s", '"', "a=1", " =", "1-1", "3"])
def test_that_other_texts_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


@given(st.text() | hostile_text | st.text(alphabet="'\"=+-@a\t"))
def test_that_every_text_is_read_back(text: str) -> None:
    assert text_of_cell(cell(text)) == text


def test_that_no_table_runs_anything_and_numbers_stay_numbers() -> None:
    answer = relevance(FORMULAS)
    rows = _rows(render(Export(answer, "csv")).data)
    assert [row[2] for row in rows[1:]] == [f"'{text}" for text in FORMULAS]
    np.testing.assert_array_equal(np.array([row[5:] for row in rows[1:]], np.float32).T[1:], answer.layers)

    values = np.array([[-0.5] * len(answer.tokens)], np.float32)
    matrix = Matrix(answer.model, "", answer.tokens, 0, "attnlrp", values, np.array([-2.0]), {})
    row = _rows(matrix_file(matrix, "csv"))[1]
    assert row[2] == "'=1+1" and float(row[3]) == -2.0 and row[4] == "-0.5"

    copied = [
        line.split("\t")
        for line in TokenFacts(answer.tokens, units_of(answer.tokens, "token"), answer.input).tsv().splitlines()[1:]
    ]
    assert [row[3] for row in copied[:4]] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)"]
    assert all(row[3][0] in "'\\＝" or row[3] == cell(row[3]) for row in copied)
    assert [float(row[4]) for row in copied] == answer.input.tolist()


def _rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8"), newline="")))
