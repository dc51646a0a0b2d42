"""Where things are drawn on a page, and in which colour."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from engine.figures.fonts import FontChoice, base_font
from engine.figures.latex import document, to_tex
from engine.figures.layermap import layer_page
from engine.figures.page import WHITE, Cells, Page, Rectangle, Text, rgb, width_of
from engine.figures.strip import token_pages
from engine.protocol.looks import Look, Ramp
from engine.protocol.messages import Export
from engine.protocol.relevance import Relevance
from engine.reading.colours import INKS, colours, rgb_of
from engine.reading.limits import relevance_at
from engine.reading.numbers import number_under
from tests.engine.figures.made_relevance import relevance

FONTS = FontChoice(base_font(), ())
WORDS = ["Mount", " Everest", " is", " 8", ",", "848", " m", " high", "\n", "and", " cold", "."] * 8


def test_that_every_token_has_a_box_in_its_colour() -> None:
    answer = relevance([f" w{place}" for place in range(9)])
    (page,) = token_pages(Export(answer, "png"), FONTS)
    expected = colours(answer.input, float(np.abs(answer.input[1:-1]).max()), Look().ramp)
    boxes = [item.colour for item in page.items if isinstance(item, Rectangle) and item.height > 10]
    assert boxes == [rgb(colour) for colour in expected]


def test_that_what_speaks_against_has_dots_in_the_colour_of_its_text() -> None:
    answer = _with_input(relevance(["a", " against", " for", "b"]), [0.0, -1.0, 1.0, 0.0])
    (page,), (plain,) = (token_pages(Export(answer, "png", look=Look(signs=signs)), FONTS) for signs in (True, False))
    dots = [item for item in page.items if isinstance(item, Rectangle) and item.height < 10]
    words = {text.run.text: text for text in _texts(page)}
    assert len(dots) > 8 and {dot.colour for dot in dots} == {words["against"].colour}
    assert all(words["against"].x - 6 < dot.x < words["for"].x for dot in dots)
    assert not [item for item in plain.items if isinstance(item, Rectangle) and item.height < 10]


def test_that_text_is_black_or_white_by_contrast() -> None:
    answer = _with_input(relevance(["low", "zero", "high"]), [-1.0, 0.0, 1.0])
    (page,) = token_pages(Export(answer, "png"), FONTS)
    assert [text.colour for text in _texts(page)[:3]] == [WHITE, rgb(rgb_of(INKS["light"])), WHITE]


def test_that_nothing_leaves_the_page() -> None:
    (page,) = token_pages(Export(relevance(["x" * 500, *WORDS]), "png"), FONTS)
    for item in page.items:
        assert item.x >= 0
        if isinstance(item, Rectangle):
            assert item.x + item.width <= page.width and item.y + item.height <= page.height


def test_that_a_number_in_several_tokens_stays_on_one_line() -> None:
    (page,) = token_pages(Export(relevance([" word", " 8", ",", "848"] * 40), "png"), FONTS)
    texts = [text for text in _texts(page) if text.run.text in ("8", ",", "848")]
    assert len(texts) == 120
    for eight, comma, rest in zip(texts[::3], texts[1::3], texts[2::3], strict=True):
        assert eight.baseline == comma.baseline == rest.baseline


def test_that_the_prompts_line_breaks_are_kept() -> None:
    (page,) = token_pages(Export(relevance(["a", "\n", "b", "\n", "\n", "c"]), "png"), FONTS)
    a, b, c = (text.baseline for text in _texts(page) if text.run.text in "abc")
    assert c - b == 2 * (b - a) > 0


def test_that_a_line_that_was_broken_begins_without_a_space() -> None:
    (page,) = token_pages(Export(relevance(["a", *[" word"] * 100]), "png"), FONTS)
    boxes = [item for item in page.items if isinstance(item, Rectangle) and item.height > 10][1:]
    words = [text for text in _texts(page) if text.run.text == "word"]
    first = {box.y: word.x - box.x for box, word in zip(reversed(boxes), reversed(words), strict=True)}
    assert len(first) > 3 and list(first.values())[:-1] == [0] * (len(first) - 1)
    assert all(word.x > box.x for box, word in zip(boxes, words, strict=True) if box.x > 10)


def test_that_a_long_prompt_takes_several_pages_and_one_legend() -> None:
    export = Export(relevance(["line\n"] * 200), "pdf")
    pages = token_pages(export, FONTS, tallest=1000)
    assert len(pages) > 1 and all(page.height <= 1000 for page in pages)
    assert [any(isinstance(item, Cells) for item in page.items) for page in pages] == [False] * (len(pages) - 1) + [
        True
    ]
    lines = [text for page in pages for text in _texts(page) if text.run.text.startswith("line")]
    assert len(lines) == 200


@pytest.mark.parametrize(
    ("scale", "words", "number"),
    [("layer", "span this layer", "2"), ("global", "span all layers", "8"), ("target", "the target’s value", "12.5")],
)
def test_that_the_legend_says_what_the_colours_span(scale: str, words: str, number: str) -> None:
    answer = _with_input(relevance(["a", "b"]), [2.0, -1.0])
    answer.layers[:] = [[1, 2], [8, 0], [0, 0], [0, 1]]
    (page,) = token_pages(Export(answer, "png", look=Look(scale=scale)), FONTS)
    said = [text.run.text for text in _texts(page)]
    assert any(words in text for text in said)
    assert {f"−{number}", "0", number} <= set(said)


@pytest.mark.parametrize("without", [True, False])
def test_that_a_map_says_what_is_left_out_of_its_scales(without: bool) -> None:
    answer = _with_input(relevance(["a", "b", "c", "d"]), [9.0, 1.0, -2.0, 5.0])
    page = layer_page(Export(answer, "png", "layers", look=Look(without=without)), FONTS)
    said = "".join(text.run.text for text in _texts(page))
    assert ("of each layer’s largest without “a” and “" in said) == without


def test_that_the_caption_names_target_rules_layer_and_model() -> None:
    (page,) = token_pages(Export(relevance(["a", "b"]), "png", look=Look(layer=2)), FONTS)
    said = "\n".join(text.run.text for text in _texts(page))
    assert "Target “3” after token 1: 12.5 logits" in said
    assert "Relevance at layer 2 of 3, AttnLRP, sum" in said
    assert "Model Llama, revision 0123456789ab, float32" in said


def test_that_the_map_has_the_input_at_the_bottom_and_the_last_layer_at_the_top() -> None:
    answer = relevance(["a", "b", "c"])
    page = layer_page(Export(answer, "png", "layers", look=Look(scale="global", without=False)), FONTS)
    cells = next(item for item in page.items if isinstance(item, Cells))
    limit = float(np.abs(answer.layers).max())
    assert cells.colours.shape == (5, 3, 3)
    np.testing.assert_array_equal(cells.colours[0], colours(answer.layers[-1], limit, Look().ramp))
    np.testing.assert_array_equal(cells.colours[-1], colours(answer.input, limit, Look().ramp))


def test_that_with_a_scale_for_each_layer_every_row_reaches_an_end_of_the_colours() -> None:
    page = layer_page(Export(relevance(["a", "b", "c"]), "png", "layers"), FONTS)
    cells = next(item for item in page.items if isinstance(item, Cells))
    ends = {rgb(colour) for colour in colours(np.array([-1.0, 1.0]), 1, Ramp())}
    assert all(ends & {rgb(colour) for colour in row} for row in cells.colours)
    assert {"−100 %", "100 %"} <= {text.run.text for text in _texts(page)}


@pytest.mark.parametrize(("tokens", "named"), [(10, True), (300, False)])
def test_that_columns_are_named_where_there_is_room_and_numbered_elsewhere(tokens: int, named: bool) -> None:
    page = layer_page(Export(relevance([f" w{place}" for place in range(tokens)]), "png", "layers"), FONTS)
    said = {text.run.text for text in _texts(page)}
    assert ("w7" in said) is named and ("100" in said) is not named
    assert {"layer", "token", "input", "sum of each layer"} <= said


def test_that_labels_of_a_deep_model_do_not_overlap() -> None:
    page = layer_page(Export(relevance(["a", "b"], blocks=120), "png", "layers"), FONTS)
    labels = sorted(text.baseline for text in _texts(page) if text.x < 58 and not text.upwards and text.size == 10)
    assert len(labels) > 5 and min(np.diff(labels)) >= 10


def test_that_the_bars_are_as_long_as_the_sums() -> None:
    answer = relevance(["a", "b"])
    answer.layers[:] = [[1, 1], [2, 2], [-1, -1], [0, 0]]
    answer = _with_input(replace(answer, value=4.0), [1.0, 2.0])
    page = layer_page(Export(answer, "png", "layers"), FONTS)
    bars = [item for item in page.items if isinstance(item, Rectangle) and item.colour == (150, 150, 150)]
    assert [bar.width / bars[1].width for bar in bars] == pytest.approx([1.5, 1, 2, 1, 0])
    assert bars[3].x + bars[3].width == pytest.approx(bars[2].x)


def _with_input(answer: Relevance, values: list[float]) -> Relevance:
    return answer.with_part(input=np.array(values, dtype=np.float32))


def _texts(page: Page) -> list[Text]:
    return [item for item in page.items if isinstance(item, Text)]


def _said(page: Page) -> str:
    """All words of a page."""
    return " ".join(text.run.text for text in _texts(page))


_NUMBER = ("up", " to", " 8", ",", "3", "20", " m", ".")


def test_that_a_word_has_the_colour_of_its_sum_without_a_gap() -> None:
    answer = _with_input(relevance(list(_NUMBER)), [0, 0.5, 0.25, 0, 1.0, -0.25, -0.5, 0])
    (page,) = token_pages(Export(answer, "png", look=Look(unit="word")), FONTS)
    boxes = [item for item in page.items if isinstance(item, Rectangle) and item.height > 10]
    expected = colours(np.array([0, 0.5, 1, 1, 1, 1, -0.5, 0]), 1.0, Look().ramp)
    assert [box.colour for box in boxes] == [rgb(colour) for colour in expected]
    touching = [abs(a.x + a.width - b.x) < 1e-6 for a, b in pairwise(boxes)]
    assert touching == [False, False, True, True, True, False, False]
    assert "summed by word" in _said(page)


def test_that_the_map_has_a_column_for_each_word_and_keeps_every_sum() -> None:
    answer = relevance(list(_NUMBER))
    look = Look(unit="word", scale="global", without=False)
    page = layer_page(Export(answer, "png", "layers", look=look), FONTS)
    cells = next(item for item in page.items if isinstance(item, Cells))
    merged = np.add.reduceat(answer.layers.astype(np.float64), [0, 1, 2, 6, 7], axis=1)
    limit = float(np.abs(merged).max())
    np.testing.assert_array_equal(cells.colours[0], colours(merged[-1], limit, Look().ramp))
    assert "8,320" in _said(page) and "every word" in _said(page)
    plain = layer_page(Export(answer, "png", "layers", look=Look(scale="global", without=False)), FONTS)
    bars = [
        [i.width for i in one.items if isinstance(i, Rectangle) and i.colour == (150,) * 3] for one in (page, plain)
    ]
    np.testing.assert_allclose(*bars, rtol=1e-5)


def test_that_the_legend_names_the_words_that_are_left_out() -> None:
    answer = _with_input(relevance(["Con", "text", " 1", " 8", ",", "3", " m"]), [4, 5, 1, 0, 9, 0, 0])
    answer = replace(answer, target=replace(answer.target, position=4))
    (page,) = token_pages(Export(answer, "png", look=Look(unit="word")), FONTS)
    assert "without “Context” and “8,3”" in _said(page)


def with_decoder() -> Relevance:
    """An answer about four words, of which a decoder has said three, in fewer layers."""
    source, said = (
        relevance(["Who", " keeps", " the", " bees"]),
        relevance(["Ada", " keeps", " them"], blocks=1, seed=4),
    )
    model = replace(source.model, predicts="sequence to sequence")
    return replace(source, parts=(*source.parts, *said.parts), model=model, target=replace(source.target, position=2))


def test_that_what_a_decoder_has_said_stands_below_its_source_in_its_colours() -> None:
    answer = with_decoder()
    (page,) = token_pages(Export(answer, "png", look=Look(layer=3)), FONTS)
    texts = [text.run.text for text in _texts(page)]
    assert texts.index("bees") < texts.index("Said so far by the decoder") < texts.index("them")
    values = np.concatenate([answer.layers[3], answer.decoder.layers[-1]])
    kept = np.abs(np.concatenate([answer.layers[3][1:], answer.decoder.layers[-1][1:2]]))
    expected = colours(values, float(kept.max()), Look().ramp)
    assert [item.colour for item in page.items if isinstance(item, Rectangle) and item.height > 10] == [
        rgb(colour) for colour in expected
    ]
    assert ", of the decoder " in _said(page)


def test_that_tex_draws_the_decoder_too() -> None:
    text = document(Export(with_decoder(), "tex")).text
    strip = text[text.index(r"\startpromptline%") :]
    assert strip.index("bees") < strip.index(r"\partheading{") < strip.index("them")


def _numbers(page: Page) -> list[Text]:
    """What stands under tokens."""
    return [text for text in _texts(page) if text.size == 9]


@pytest.mark.parametrize("layer", [None, 1])
def test_that_the_value_at_the_layer_stands_under_each_token_and_none_is_zero(layer: int | None) -> None:
    answer = _with_input(relevance(["a", " against", " for", " none", "."]), [0.5, -1.25, 12.344, 0.004, 0.0])
    answer.layers[1] = [0.004, 2, -3, 4, 5]
    (page,) = token_pages(Export(answer, "png", look=Look(values=True, layer=layer)), FONTS)
    numbers, words = _numbers(page), {text.run.text: text for text in _texts(page)}
    expected = {None: ["0.50", "−1.25", "12.34"], 1: ["2.00", "−3.00", "4.00", "5.00"]}
    assert [number.run.text for number in numbers] == expected[layer]
    under = dict(zip(["a", "against", "for"] if layer is None else ["against", "for", "none"], numbers, strict=False))
    assert all(number.x == pytest.approx(words[word].x) for word, number in under.items())
    assert all(4 < number.baseline - words[word].baseline < 16 for word, number in under.items())
    assert not _numbers(token_pages(Export(answer, "png"), FONTS)[0])


def test_that_tokens_are_as_wide_as_their_numbers_and_nothing_leaves_the_page() -> None:
    answer = relevance(["<", ".", ",", " i", "\n"] * 60)
    answer = _with_input(answer, np.linspace(-999, 999, 300).tolist())
    (page,) = token_pages(Export(answer, "png", look=Look(values=True)), FONTS)
    numbers = _numbers(page)
    ends = [(text.baseline, text.x, text.x + width_of(text.run, 9)) for text in numbers]
    assert len(ends) == 300
    assert all(a[0] != b[0] or a[2] + 2 < b[1] for a, b in pairwise(sorted(ends)))
    assert max(right for _, _, right in ends) <= page.width


def test_that_numbers_stand_between_the_lines_of_every_page() -> None:
    export = Export(_with_input(relevance(["line\n"] * 200), [1.0] * 200), "pdf", look=Look(values=True))
    pages = token_pages(export, FONTS, tallest=1000)
    assert len(pages) > 5 and all(page.height <= 1000 for page in pages)
    for page in pages:
        lines = sorted({text.baseline for text in _texts(page) if text.run.text.startswith("line")})
        numbers = sorted({number.baseline for number in _numbers(page)})
        assert all(above < number for above, number in zip(lines, numbers, strict=True))
        assert all(number < below - 10 for number, below in zip(numbers, lines[1:], strict=False))


def test_that_a_word_has_one_number_its_sum_under_its_beginning() -> None:
    answer = _with_input(relevance(list(_NUMBER)), [0, 0.5, 0.25, 0, 1.0, -0.25, -0.5, 0])
    (page,) = token_pages(Export(answer, "png", look=Look(unit="word", values=True)), FONTS)
    assert [number.run.text for number in _numbers(page)] == ["0.50", "1.00", "−0.50"]
    eight = next(text for text in _texts(page) if text.run.text == "8")
    assert _numbers(page)[1].x == pytest.approx(eight.x)


def test_that_the_number_of_what_is_cut_is_in_the_first_line_with_room_for_it() -> None:
    answer = _with_input(relevance(["x" * 40, "x" * 23 + ".", " I", " w" + "a" * 30]), [-300.0, -200.0, -50.0, -50.0])
    (page,) = token_pages(Export(answer, "png", look=Look(unit="sentence", values=True)), FONTS)
    first, second = (next(t for t in _texts(page) if t.run.text.startswith(word)) for word in ("I", "wa"))
    assert first.baseline < second.baseline
    assert [number.run.text for number in _numbers(page)] == ["−500.00", "−100.00"]
    assert _numbers(page)[1].baseline > second.baseline


@pytest.mark.parametrize("layer", [None, 1, 3])
def test_that_the_values_of_a_decoder_stand_under_its_tokens(layer: int | None) -> None:
    answer = with_decoder()
    at = [relevance_at(answer, layer, part) for part in (0, 1)]
    (page,) = token_pages(Export(answer, "png", look=Look(values=True, layer=layer)), FONTS)
    texts, numbers = _texts(page), _numbers(page)
    heading = next(text for text in texts if text.run.text == "Said so far by the decoder")
    for part, values in enumerate(at):
        mine = [number for number in numbers if (number.baseline > heading.baseline) == (part > 0)]
        assert [number.run.text for number in mine] == [number_under(value) for value in values.tolist()]
    below = [text for text in texts if text.size == 13 and text.baseline > heading.baseline]
    assert [number.x for number in numbers[4:]] == pytest.approx([word.x for word in below])


def test_that_heading_and_numbers_of_a_long_decoder_stay_on_their_pages() -> None:
    source, said = relevance(["line\n"] * 60), relevance(["word\n"] * 60, seed=4)
    parts = tuple(replace(of.parts[0], input=np.ones(60, np.float32)) for of in (source, said))
    pages = token_pages(Export(replace(source, parts=parts), "pdf", look=Look(values=True)), FONTS, tallest=1000)
    assert all(page.height <= 1000 for page in pages)
    assert sum(len(_numbers(page)) for page in pages) == 120
    for page in pages:
        lines = sorted(text.baseline for text in _texts(page) if text.size in (10, 13) and text.run.text != "↵")
        for number in _numbers(page):
            assert any(4 < number.baseline - above < 16 for above in lines)
            assert all(abs(number.baseline - line) > 4 for line in lines)


def test_that_tex_has_the_values_of_a_decoder() -> None:
    answer = with_decoder()
    text = document(Export(answer, "tex", look=Look(values=True))).text
    strip = text[text.index(r"\startpromptline%") :]
    for part, said in enumerate(strip.split(r"\partheading{")):
        numbers = re.findall(r"\\startnumber\{\w+\}\{((?:[^{}]|\{\})*)\}", said)
        expected = [to_tex(number_under(value)) for value in answer.parts[part].input.tolist()]
        assert numbers == expected
