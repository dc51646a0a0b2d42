"""Relevance on a picture: what is drawn where, and what is exported."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load

from engine.figures import render
from engine.figures.fonts import FontChoice, base_font
from engine.figures.heatmap import heatmap_page
from engine.figures.page import Cells, Page, Text, width_of
from engine.figures.picture import on_picture, patches
from engine.figures.png import exact_png
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.failures import EngineError
from engine.protocol.looks import Look, Ramp
from engine.protocol.messages import Export
from engine.protocol.relevance import Relevance
from engine.protocol.values import Grid
from engine.reading.colours import UNSEEN, colours, greyed
from engine.reading.placing import picture_limit
from tests.engine.figures.made_relevance import of_picture, relevance

FONTS = FontChoice(base_font(), ())


def test_that_patches_are_what_follows_the_class_token_row_by_row() -> None:
    answer = of_picture(rows=3, columns=4)
    np.testing.assert_array_equal(patches(answer, 1), answer.layers[1, 1:].reshape(3, 4))
    np.testing.assert_array_equal(on_picture(answer, 1), np.kron(patches(answer, 1), np.ones((8, 8))))


def test_that_patches_that_do_not_divide_the_picture_cover_all_of_it() -> None:
    answer = of_picture(rows=3, columns=4, patch=8).with_part(grids=(Grid(2, 5), None, None))
    enlarged = on_picture(answer, 0)
    assert enlarged.shape == (24, 32)
    assert enlarged[0, 0] == answer.layers[0, 0] and enlarged[-1, -1] == answer.layers[0, 9]
    assert patches(answer, None).sum() == pytest.approx(answer.input.sum(), rel=1e-5)


def test_that_a_layer_without_places_on_the_picture_is_not_drawn() -> None:
    with pytest.raises(EngineError, match="layer 2 computes has no places"):
        render(Export(of_picture(), "png", "heatmap", look=Look(layer=2)))


def test_that_the_heatmap_has_a_colour_for_every_pixel() -> None:
    answer = of_picture()
    expected = colours(answer.input, float(np.abs(answer.input).max()), Ramp())
    np.testing.assert_array_equal(_cells(heatmap_page(Export(answer, "png", "heatmap"), FONTS)), expected)


def test_that_an_overlay_mixes_colours_and_the_grey_picture_by_opacity() -> None:
    answer = of_picture()
    assert answer.seen is not None
    heat = colours(answer.input, float(np.abs(answer.input).max()), Ramp())
    grey = (answer.seen.pixels @ [0.299, 0.587, 0.114]).round()[..., None]
    for opacity in (0.0, 0.3, 1.0):
        page = heatmap_page(Export(answer, "png", "overlay", look=Look(opacity=opacity)), FONTS)
        np.testing.assert_allclose(_cells(page), (1 - opacity) * grey + opacity * heat, atol=0.51)


def test_that_an_answer_without_its_picture_has_no_overlay() -> None:
    with pytest.raises(EngineError, match="heatmap can be made"):
        render(Export(of_picture().with_part(seen=None), "png", "overlay"))


def test_that_colours_end_at_a_percentile_and_values_do_not() -> None:
    answer = of_picture()
    export = Export(answer, "png", "heatmap", look=Look(clip=90))
    limit = float(np.percentile(np.abs(answer.input), 90))
    assert picture_limit([answer], None, "layer", 90) == pytest.approx(limit)
    np.testing.assert_array_equal(_cells(heatmap_page(export, FONTS)), colours(answer.input, limit, Ramp()))
    assert "logits; colours span 90 % of values" in _said(heatmap_page(export, FONTS))
    np.testing.assert_array_equal(load(render(replace(export, format="safetensors")).data)["input"], answer.input)


def test_that_the_class_token_does_not_stretch_the_colours_and_is_said_beside() -> None:
    answer = of_picture()
    answer.layers[0, 0] = 1000
    assert picture_limit([answer], 0, "layer", 100) == np.abs(answer.layers[0, 1:]).max()
    said = _said(heatmap_page(Export(answer, "png", "heatmap", look=Look(layer=0)), FONTS))
    assert "at layer 0 of 2" in said and "of it 1e3 at the class token" in said


def test_that_a_percentile_of_nothing_is_the_largest() -> None:
    answer = of_picture()
    answer.input[:] = 0
    answer.input[3, 5] = -2
    assert picture_limit([answer], None, "layer", 90) == 2


def test_that_rounding_noise_has_no_colour_at_a_layer_but_the_least_pixels_have() -> None:
    answer = of_picture()
    answer.input[:] *= 1e-9
    answer.layers[0] *= 1e-9
    assert picture_limit([answer], 0, "layer", 100) == 12.5
    assert picture_limit([answer], None, "layer", 100) == np.abs(answer.input).max() > 0


@pytest.mark.parametrize(("scale", "limit"), [("target", 12.5), ("global", 30.0)])
def test_that_other_scales_span_the_value_or_everything_on_the_picture(scale: str, limit: float) -> None:
    answer = of_picture()
    answer.layers[1, 3], answer.layers[1, 0] = -30, 90
    assert picture_limit([answer], None, scale, 100) == limit


@pytest.mark.parametrize("zoom", [1, 2])
def test_that_every_pixel_of_a_png_is_a_square_of_whole_pixels(zoom: int) -> None:
    answer = of_picture(rows=28, columns=28)
    image = np.asarray(Image.open(BytesIO(render(Export(answer, "png", "heatmap", look=Look(zoom=zoom))).data)))
    side = 4 * zoom
    expected = np.kron(
        colours(answer.input, float(np.abs(answer.input).max()), Ramp()), np.ones((side, side, 1), np.uint8)
    )
    corner = 20 * zoom  # the margin
    np.testing.assert_array_equal(image[corner : corner + 224 * side, corner : corner + 224 * side], expected)


def test_that_a_caption_keeps_its_margin_at_any_sharpness() -> None:
    page = heatmap_page(Export(of_picture(), "png", picture="heatmap"), FontChoice(base_font(), []))
    longest = max((each for each in page.items if isinstance(each, Text)), key=lambda text: len(text.run.text))
    for sharpness in (2.0, 2.05, 2.13):
        drawn = np.asarray(Image.open(BytesIO(exact_png(page, sharpness))).convert("L"))
        above, below = (round((longest.baseline + by) * sharpness) for by in (-9, 2))
        end = np.nonzero((drawn[above:below] < 128).any(axis=0))[0].max() / sharpness
        assert end == pytest.approx(longest.x + width_of(longest.run, longest.size), rel=0.012)


@pytest.mark.parametrize("picture", ["heatmap", "overlay"])
def test_that_relevance_without_a_number_can_be_drawn(picture: str) -> None:
    answer = of_picture()
    answer.input[0] = np.nan
    answer.input[1] = np.inf
    for figure_format in ("png", "pdf"):
        assert render(Export(replace(answer, value=float("nan")), figure_format, picture)).data
    answer.input[:] = np.nan
    assert is_whole_pdf(render(Export(answer, "pdf", picture, look=Look(layer=1))).data)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"picture": "tokens"}, "heatmap or overlay"),
        ({"picture": "layers"}, "heatmap or overlay"),
        ({"format": "tex"}, "cannot be written as .tex"),
        ({"look": Look(zoom=5)}, "from 1 to 4, not 5"),
        ({"look": Look(clip=0.0)}, "Clip is a percentile"),
        ({"look": Look(opacity=1.5)}, "not 1.5"),
        ({"look": Look(layer=3)}, "the last is 2"),
    ],
)
def test_that_what_cannot_be_drawn_is_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(EngineError, match=complaint):
        render(replace(Export(of_picture(), "png", "heatmap"), **change))


def test_that_a_text_has_no_heatmap() -> None:
    with pytest.raises(EngineError, match="about a text"):
        render(Export(relevance(["a"]), "png", "heatmap"))


def test_that_csv_has_a_row_a_patch() -> None:
    answer = of_picture(rows=3, columns=4)
    rows = list(csv.DictReader(StringIO(render(Export(answer, "csv")).data.decode(), newline="")))
    assert len(rows) == 12 + 2 * 13 + 13
    assert rows[0] | {"relevance": ""} == {"layer": "input", "index": "0", "row": "0", "column": "0", "relevance": ""}
    assert float(rows[6]["relevance"]) == pytest.approx(answer.input[8:16, 16:24].sum(), rel=1e-5)
    token, *layer = [row for row in rows if row["layer"] == "1"]
    assert (token["index"], token["row"], token["column"]) == ("0", "", "")
    assert np.float32(token["relevance"]) == answer.layers[1, 0]
    assert [(row["row"], row["column"]) for row in layer] == [(str(r), str(c)) for r in range(3) for c in range(4)]
    np.testing.assert_array_equal(np.array([row["relevance"] for row in layer], np.float32), answer.layers[1, 1:])
    assert {row["row"] for row in rows if row["layer"] == "2"} == {""}


def test_that_json_says_what_was_seen_and_where_patches_are() -> None:
    answer = of_picture()
    assert answer.channels is not None
    content = json.loads(render(Export(answer, "json")).data)
    box = {"original": [640, 480], "box": [80, 0, 560, 480], "note": ""}
    assert content["seen"] == {"name": "cat.png", "size": [32, 24], **box}
    np.testing.assert_allclose(content["channels"], answer.channels.sum((1, 2)), rtol=1e-5)
    assert content["grids"] == [{"rows": 3, "columns": 4, "before": 1}] * 2 + [None]
    np.testing.assert_array_equal(np.array(content["input"], np.float32), answer.input)
    assert content["layers"][2][-1] is None


def test_that_arrays_come_back_bit_for_bit_and_without_pickle(tmp_path: Path) -> None:
    answer = of_picture()
    assert answer.seen is not None
    expected = {
        "input": answer.input,
        "channels": answer.channels,
        "layers": answer.layers,
        "seen": answer.seen.pixels,
        "value": np.array(12.5),
    }
    path = tmp_path / "answer.safetensors"
    path.write_bytes(render(Export(answer, "safetensors")).data)
    with np.load(BytesIO(render(Export(answer, "npz")).data), allow_pickle=False) as file:
        npz = dict(file)
    with safe_open(path, "numpy") as opened:
        safe = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        written = opened.metadata()["metadata"]
    metadata = json.loads(str(npz.pop("metadata")))
    assert json.loads(written) == metadata
    assert metadata["target"]["label"] == "“cat”" and metadata["rules"] == "attnlrp" and len(metadata["grids"]) == 3
    for arrays in (npz, safe):
        assert set(arrays) == set(expected)
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, expected[name])
            assert array.dtype == expected[name].dtype


def test_that_a_text_has_its_arrays_as_well() -> None:
    answer = relevance(["a", "\ud800b"])
    with np.load(BytesIO(render(Export(answer, "npz")).data), allow_pickle=False) as file:
        assert set(file) == {"input", "layers", "value", "metadata"}
        assert json.loads(str(file["metadata"]))["prompt"] == answer.prompt
    assert set(load(render(Export(answer, "safetensors")).data)) == {"input", "layers", "value"}


def on_its_original(answer: Relevance, size: tuple[int, int], box: tuple[float, float, float, float]) -> Relevance:
    """`answer`, with an original of `size` (width, height), of which the model saw the box."""
    assert answer.seen is not None
    whole = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    return answer.with_part(seen=replace(answer.seen, original=size, box=box, whole=whole))


@pytest.mark.parametrize(("picture", "opacity"), [("overlay", 0.3), ("heatmap", 1.0)])
def test_that_relevance_lies_on_the_original_where_the_model_saw_it(picture: str, opacity: float) -> None:
    answer = on_its_original(of_picture(rows=3, columns=3), (64, 40), (8.0, 4.0, 56.0, 28.0))  # 24 pixels in 48 by 24
    export = Export(answer, "png", picture, look=Look(opacity=0.3, original=True))
    assert answer.seen is not None and answer.seen.whole is not None
    grey = greyed(answer.seen.whole)
    expected = 255 - UNSEEN * (255.0 - grey)
    heat = colours(answer.input, float(np.abs(answer.input).max()), Ramp()).repeat(2, axis=1)
    expected[4:28, 8:56] = (1 - opacity) * grey[4:28, 8:56] + opacity * heat
    doubled = expected.repeat(2, axis=0).repeat(2, axis=1)  # two pixels for each that was seen
    np.testing.assert_allclose(_cells(heatmap_page(export, FONTS)), doubled, atol=0.51)
    assert "On the original, 64 × 40 pixels; what the model did not see is faint" in _said(heatmap_page(export, FONTS))


def test_that_no_seen_pixel_is_lost_on_an_original_that_is_smaller() -> None:
    answer = on_its_original(of_picture(rows=3, columns=4), (16, 12), (0.0, 0.0, 16.0, 12.0))
    image = _cells(heatmap_page(Export(answer, "png", "heatmap", look=Look(original=True)), FONTS))
    heat = colours(answer.input, float(np.abs(answer.input).max()), Ramp())
    np.testing.assert_array_equal(image, heat.repeat(2, axis=0).repeat(2, axis=1))


def test_that_an_original_of_which_nobody_knows_what_was_seen_is_not_drawn() -> None:
    answer = of_picture()
    assert answer.seen is not None and answer.seen.whole is None
    with pytest.raises(EngineError, match="which part of the original"):
        render(Export(answer, "png", "overlay", look=Look(original=True)))


def _cells(page: Page) -> np.ndarray:
    return next(item.colours for item in page.items if isinstance(item, Cells))


def _said(page: Page) -> str:
    return "\n".join(item.run.text for item in page.items if isinstance(item, Text))
