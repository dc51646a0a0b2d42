"""One answer, five formats."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from engine.figures.rendering import render
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.failures import EngineError
from engine.protocol.looks import Look
from engine.protocol.messages import Export
from engine.protocol.values import Account, Ledger
from tests.engine.figures.hostile import FRAGMENTS, hostile_text
from tests.engine.figures.made_relevance import relevance

TEXTS = ["In", " 1922", " they", "\n", "reached", " 8", ",", "3"]


@pytest.fixture
def no_latex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("picture", ["tokens", "layers"])
def test_that_a_png_is_a_picture_at_twice_the_resolution(picture: str) -> None:
    image = Image.open(BytesIO(render(Export(relevance(TEXTS), "png", picture)).data))
    assert image.info["dpi"] == pytest.approx((192, 192), abs=0.1)
    assert len(image.getcolors(1 << 20)) > 100


def test_that_a_pdf_without_latex_says_so(no_latex: None) -> None:
    made = render(Export(relevance(TEXTS), "pdf"))
    assert is_whole_pdf(made.data)
    assert "No LaTeX was found" in made.note


def test_that_the_layer_map_needs_no_latex(no_latex: None) -> None:
    made = render(Export(relevance(TEXTS), "pdf", "layers"))
    assert is_whole_pdf(made.data) and made.note == ""


def test_that_any_token_can_be_drawn(no_latex: None) -> None:
    everything = relevance([*FRAGMENTS])
    for picture in ("tokens", "layers"):
        assert is_whole_pdf(render(Export(everything, "pdf", picture)).data)
        assert render(Export(everything, "png", picture)).data.startswith(b"\x89PNG")


@pytest.mark.parametrize("texts", [[""], ["\n"], ["x"]])
@pytest.mark.parametrize("picture", ["tokens", "layers"])
def test_that_next_to_nothing_can_be_drawn(texts: list[str], picture: str, no_latex: None) -> None:
    for figure_format in ("png", "pdf"):
        assert render(Export(relevance(texts), figure_format, picture)).data


def test_that_a_relevance_without_a_number_can_be_drawn() -> None:
    broken = relevance(TEXTS)
    broken.input[2] = np.nan
    broken.layers[1] = np.inf
    assert render(Export(broken, "png", "layers")).data.startswith(b"\x89PNG")
    assert render(Export(broken, "png")).data.startswith(b"\x89PNG")


def test_that_csv_has_a_row_a_token_and_a_column_a_layer() -> None:
    answer = relevance(TEXTS)
    rows = list(csv.reader(StringIO(render(Export(answer, "csv")).data.decode("utf-8"), newline="")))
    assert rows[0] == ["index", "id", "text", "start", "end", "input", "layer_0", "layer_1", "layer_2", "layer_3"]
    assert [row[2] for row in rows[1:]] == TEXTS
    assert rows[2][:5] == ["1", "101", " 1922", "2", "7"]
    values = np.array([row[5:] for row in rows[1:]], dtype=np.float32)
    np.testing.assert_array_equal(values.T, [answer.input, *answer.layers])


def test_that_json_carries_the_whole_answer() -> None:
    answer = relevance(TEXTS)
    content = json.loads(render(Export(answer, "json")).data)
    assert (content["format"], content["version"]) == ("lxt-inspector/relevance", 1)
    assert content["prompt"] == answer.prompt
    second = {"id": 101, "text": " 1922", "start": 2, "end": 7, "label": "1922", "special": False, "generated": False}
    assert content["tokens"][1] == second
    assert content["model"]["source"]["name"] == "bundled:llama" and content["model"]["revision"] == "0123456789abcdef"
    assert content["target"]["asked"] == {"type": "Top", "position": -1} and content["target"]["label"] == "“3”"
    assert content["rules"] == "attnlrp" and content["value"] == 12.5 and content["versions"] == answer.versions
    np.testing.assert_array_equal(np.array(content["layers"], dtype=np.float32), answer.layers)
    np.testing.assert_array_equal(np.array(content["input"], dtype=np.float32), answer.input)
    assert content["ledger"] is None


def test_that_json_carries_the_ledger() -> None:
    account = Account(12.5, 2.5, 6.0, float("nan"), 0.0)
    ledger = Ledger(account, account, (account,) * 3, account, {"bias": 6.0}, True, True)
    content = json.loads(render(Export(replace(relevance(["a"]), ledger=ledger), "json")).data)["ledger"]
    assert content["total"] == {"arrived": 12.5, "passed": 2.5, "constants": 6.0, "softmax": None, "rest": 0.0}
    assert content["constants"] == {"bias": 6.0} and len(content["blocks"]) == 3
    assert content["conserves"] is content["closes"] is True


def test_that_what_is_not_a_number_is_null_in_json() -> None:
    answer = relevance(["a", "b"])
    answer.layers[0, 0], answer.input[1] = np.nan, -np.inf
    content = json.loads(render(Export(replace(answer, value=float("nan")), "json")).data)
    assert content["layers"][0][0] is None and content["input"][1] is None and content["value"] is None


@settings(max_examples=50)
@given(st.lists(hostile_text, min_size=1, max_size=5))
def test_that_json_is_utf8_and_gives_every_text_back(texts: list[str]) -> None:
    content = json.loads(render(Export(relevance(texts), "json")).data.decode("utf-8"))
    # two surrogates that stand side by side are one character in JSON
    assert [_paired(token["text"]) for token in content["tokens"]] == [_paired(text) for text in texts]


@settings(max_examples=50)
@given(st.lists(hostile_text, min_size=1, max_size=5))
def test_that_csv_is_utf8_with_a_row_for_every_token(texts: list[str]) -> None:
    text = render(Export(relevance(texts), "csv")).data.decode("utf-8")
    assert len(list(csv.reader(StringIO(text, newline="")))) == 1 + len(texts)


@pytest.mark.parametrize("layer", [-1, 4])
def test_that_a_layer_the_model_has_not_is_refused(layer: int) -> None:
    with pytest.raises(EngineError, match="the last is 3"):
        render(Export(relevance(TEXTS), "png", look=Look(layer=layer)))


def test_that_an_unknown_colour_map_is_refused() -> None:
    with pytest.raises(EngineError, match="nothing-like-it"):
        render(Export(relevance(TEXTS), "png", look=Look(colour_map="nothing-like-it")))


def test_that_the_layer_map_is_not_written_as_tex() -> None:
    with pytest.raises(EngineError, match="PDF and PNG"):
        render(Export(relevance(TEXTS), "tex", "layers"))


def test_that_there_is_nothing_to_draw_without_tokens() -> None:
    with pytest.raises(EngineError, match="no token"):
        render(Export(relevance([]), "png"))


def test_that_a_picture_too_tall_to_open_is_refused() -> None:
    with pytest.raises(EngineError, match="PDF"):
        render(Export(relevance(["line\n"] * 3000), "png"))


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
