"""The command `generate`, and the files of a matrix."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO

import numpy as np
from PIL import Image

from engine.figures.matrix import matrix_file
from engine.protocol.inputs import Text
from engine.protocol.messages import Generate
from engine.protocol.values import Manner, ModelSource
from engine.terminal.generate import generate
from tests.engine.protocol.test_frames import MATRIX


def test_that_the_command_says_the_answer_and_where_it_came_from() -> None:
    prompt = "In 1922 the British reached 8,320 m. Answer: "
    said, data = generate(Generate(ModelSource("bundled:llama"), Text(prompt), max_new_tokens=3), "cp-lrp", "json")
    assert data is not None
    found = json.loads(data)
    assert found["prompt"] == said.input.text
    assert found["rules"] == "cp-lrp"
    np.testing.assert_allclose(np.sum(found["rows"], axis=1), found["values"], rtol=1e-4)  # CP-LRP loses nothing


def test_that_the_command_draws_tokens_where_it_is_asked_to() -> None:
    def said(*manner: Manner) -> tuple[int, ...]:
        asked = Generate(ModelSource("bundled:llama"), Text("In 1922 the British reached 8,"), 4, *manner)
        return generate(asked, "attnlrp", None)[0].input.continuation.ids

    assert said() == said(Manner(seed=3)) != said(Manner(100.0, 1)) != said(Manner(100.0, 2))


def test_that_the_table_has_a_row_for_each_generated_token() -> None:
    head, *rows = csv.reader(StringIO(matrix_file(MATRIX, "csv").decode()))
    assert head == ["position", "id", "text", "logit", "0", "1", "2", "3"]
    assert [row[:4] for row in rows] == [["2", "9", " ", "3.5"], ["3", "11", "1", "-1.0"]]
    assert [float(value) for value in rows[1][4:]] == [4, 5, 6, 7]


def test_that_the_picture_is_red_where_relevance_is_largest() -> None:
    image = Image.open(BytesIO(matrix_file(MATRIX, "png"))).convert("RGB")
    red, _, blue = image.getpixel((int((110 + 7 / 8 * 620) * 2), int((34 + 6.5) * 2)))
    assert red > blue + 40
