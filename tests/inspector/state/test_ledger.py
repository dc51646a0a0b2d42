"""The ledger is read from the target down to the input, and every row adds up."""

from __future__ import annotations

import pytest

import engine
from engine.protocol.inputs import Text
from engine.protocol.messages import Explained
from inspector.state.ledger import ledger_of
from inspector.state.question import BUNDLED_MODELS, Question
from tests.inspector.answers import answer_to


def test_that_every_stretch_adds_up_and_they_follow_each_other() -> None:
    answer = engine.trace(engine.load_model("bundled:llama"), "In 1922 the British reached 8,").explain()
    shown = ledger_of(_answered(answer), answer.ledger, "")
    assert [each.name for each in shown.stretches] == [
        "behind the blocks", "block 3", "block 2", "block 1", "block 0", "before the blocks",
    ]  # fmt: skip
    assert shown.stretches[0].arrived == pytest.approx(answer.value)
    for above, below in zip(shown.stretches, shown.stretches[1:], strict=False):
        assert above.passed == pytest.approx(below.arrived, abs=1e-4)
    for each in (*shown.stretches, shown.total):
        assert each.arrived == pytest.approx(each.passed + each.softmax + each.constants + each.rest, abs=1e-4)
    assert shown.total.passed == pytest.approx(float(answer.input.sum()), abs=1e-4)


def _answered(relevance: engine.Relevance) -> Explained:
    known = answer_to(Question(BUNDLED_MODELS[0], Text("a b")))
    return Explained(known.question, relevance, (), 0.0, known.memory)
