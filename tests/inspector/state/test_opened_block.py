"""A block's account adds up, line by line and in words."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine.protocol.inputs import Text
from engine.protocol.inside import Block, Writer
from inspector.state.opened_block import block_at, in_words, lines_of, neurons_held
from inspector.state.question import BUNDLED_MODELS, Question
from tests.inspector.answers import BLOCKS, answer_to


def block(*writers: Writer, constants: float = 0.0, heads: np.ndarray | None = None) -> Block:
    skip = np.array([10, 6], np.float32)
    arrives = skip + sum(writer.passed for writer in writers)
    return Block(skip, skip, arrives, constants, writers, heads, None, ())


def writer(name: str, holds: float, passed: float, **more: object) -> Writer:
    return Writer(name, np.array([holds, 0], np.float32), np.array([passed, 0], np.float32), **more)


def test_that_a_real_block_adds_up_and_its_heads_are_what_attention_holds() -> None:
    opened = engine.trace(engine.load_model("bundled:llama"), "In 1922 the British reached 8,").inside(2)
    found = Block(opened.input, opened.skip, opened.arrives, opened.constants, opened.writers, opened.heads, None, ())
    whole, *lines = lines_of(found)
    parts = [line.amount for line in lines if line.kind == "share"]
    heads = [line.amount for line in lines if line.kind == "head"]
    heading = next(line for line in lines if line.kind == "heading")
    assert sum(parts) == pytest.approx(whole.amount, abs=1e-4)
    assert sum(heads) == pytest.approx(heading.amount, abs=1e-4)
    assert [abs(each) for each in heads] == sorted((abs(each) for each in heads), reverse=True)
    assert sum(line.share for line in lines if line.kind == "share") == pytest.approx(1, abs=1e-4)


def test_that_it_is_said_what_attention_holds_and_how_much_of_it_goes_through_the_mlp() -> None:
    words = in_words(block(writer("attention", 0.24, 0.12), writer("mlp", 1.37, 1.37)))
    assert words == (
        "16.00 + 0.12 + 1.37 = 17.49. Attention holds 0.24: 0.12 arrives by itself, "
        "0.12 through this block's MLP, where it is counted."
    )


def test_that_a_writer_that_all_arrives_needs_no_words_and_what_is_against_has_its_sign() -> None:
    assert in_words(block(writer("attention", -2, -2), writer("mlp", 1, 1))) == "16.00 − 2.00 + 1.00 = 15.00."


def test_that_constants_and_what_goes_past_the_parts_are_said_where_they_are_not_zero() -> None:
    bias = writer("mlp", 1, 1, constants=0.25, by_others=-0.5, neuron_span=(0, 9))
    words = in_words(block(bias))
    assert words.endswith("Constants hold 0.25 of the MLP. −0.50 of the MLP goes past its neurons.")
    assert [line.name for line in lines_of(block(bias))] == ["arrives", "passes by", "MLP"]
    assert [line.name for line in lines_of(block(bias, constants=0.1))][-1] == "constants"
    assert neurons_held(block(bias)) == (9, pytest.approx(1.25))


@pytest.mark.parametrize(
    ("layer", "expected"), [(None, 0), (0, 0), (2, 2), (BLOCKS - 1, BLOCKS - 1), (BLOCKS, BLOCKS - 1)]
)
def test_that_a_layer_is_what_enters_its_block_and_the_last_leaves_the_last(layer: int | None, expected: int) -> None:
    relevance = answer_to(Question(BUNDLED_MODELS[0], Text("a b"))).relevance
    assert block_at(layer, relevance) == expected
