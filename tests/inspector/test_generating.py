"""Generated text in the window: asked for, told apart, explained token by token, and taken back."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.protocol.inputs import Text
from engine.protocol.messages import Cancelled, Explain, ExplainEach, Generate, Load, Progress
from engine.protocol.targets import Token
from engine.protocol.values import ModelSource
from inspector.panes.matrix_pane import MatrixPane
from inspector.state.known import Known
from inspector.state.trouble import Trouble
from inspector.views.progress_line import ProgressLine
from tests.inspector.answers import SAID, loaded
from tests.inspector.fake_worker import FakeWorker, good_ending


def asked(worker: FakeWorker, kind: type) -> list:
    return [request for _, request in worker.asked if isinstance(request, kind)]


@pytest.fixture
def generated(window, worker):
    """The window after an answer of three words."""
    window.commands["run.generate"].trigger()
    worker.answer()
    return window


def test_that_the_answer_is_appended_and_its_first_token_explained(window, worker):
    before = window.editor.text()
    window.commands["run.generate"].trigger()
    (request,) = asked(worker, Generate)
    assert (request.input, request.max_new_tokens) == (Text(before), 32)
    worker.answer()
    assert window.editor.text() == before + "".join(word for _, word in SAID)
    answer = window.study.shown
    assert window.study.is_answered
    own = len(answer.relevance.tokens) - len(SAID)
    assert answer.question.target == Token(SAID[0][0], own - 1)
    assert [token.generated for token in answer.relevance.tokens] == [False] * own + [True] * len(SAID)


def test_that_generating_can_be_stopped_and_tells_how_far_it_is(window, worker):
    before = window.editor.text()
    window.commands["run.generate"].trigger()
    worker.say(Generate, Progress("generate", 2, 32))
    assert "token 2 of 32" in window.findChild(ProgressLine).text()
    window.commands["run.stop"].trigger()
    assert len(worker.stopped) == 1
    worker.answer()
    assert window.editor.text() == before
    assert not window.commands["run.stop"].isEnabled()


def test_that_undo_takes_the_generated_text_back(generated, worker):
    text = generated.editor.text()
    generated.commands["edit.undo"].trigger()
    assert text.startswith(generated.editor.text())
    assert generated.study.question.input.continuation is None
    assert "Answer" not in [generated.below.tabText(place) for place in range(generated.below.count())]
    generated.commands["edit.redo"].trigger()
    assert generated.editor.text() == text
    assert generated.study.is_answered
    assert "Answer" in [generated.below.tabText(place) for place in range(generated.below.count())]


def test_that_a_click_on_a_generated_token_explains_it_and_on_another_what_follows(generated, worker, qtbot):
    strip = generated.relevance.strip
    count = len(generated.study.shown.relevance.tokens)
    place = strip.token_rects(count - 1)[0].center()
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    worker.answer()
    question = generated.study.shown.question
    assert question.target == Token(SAID[-1][0], count - 2)
    assert question.input.continuation is not None
    assert strip._picture.marks.target == count - 1
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.token_rects(1)[0].center())
    worker.answer()
    assert generated.study.shown.question.target.position == 1
    assert strip._picture.marks.target == 1


def test_that_what_is_typed_ends_the_generated_text(generated, qtbot):
    qtbot.keyClicks(generated.editor.focusProxy(), "x")
    assert generated.study.question.input.continuation is None
    assert "Answer" not in [generated.below.tabText(place) for place in range(generated.below.count())]


def test_that_what_one_model_said_is_plain_text_to_another(generated, worker):
    text = generated.editor.text()
    generated.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    question = generated.study.shown.question
    assert (question.source.name, question.input) == ("bundled:gpt2", Text(text))
    assert "Answer" not in [generated.below.tabText(place) for place in range(generated.below.count())]


def test_that_generating_again_goes_on_from_what_was_said(generated, worker):
    generated.commands["run.generate"].trigger()
    request = asked(worker, Generate)[-1]
    assert request.input.continuation is not None
    assert request.input.continuation.ids == tuple(id for id, _ in SAID)
    worker.answer()
    assert len(generated.study.question.input.continuation.ids) == 2 * len(SAID)


def test_that_the_matrix_is_computed_when_it_is_looked_at_and_a_click_explains_its_row(generated, worker, qtbot):
    assert not asked(worker, ExplainEach)
    generated.below.setCurrentIndex(1)
    worker.answer()
    assert len(asked(worker, ExplainEach)) == 1
    view = generated.below.pane(MatrixPane).view
    qtbot.wait(20)
    start = view._start
    qtbot.mouseClick(view._plots.viewport(), Qt.MouseButton.LeftButton, pos=view.row_rect(start + 1).center())
    worker.answer()
    assert asked(worker, Explain)[-1].target == Token(SAID[1][0], start)
    assert view.accessibleDescription().startswith("“thousand”, logit +9.00, sum of relevance ")
    assert len(asked(worker, ExplainEach)) == 1  # the matrix stays what it is


def test_that_other_rules_have_another_matrix_which_is_remembered(generated, worker):
    generated.below.setCurrentIndex(1)
    worker.answer()
    first = generated.below.pane(MatrixPane).view._layers.rows
    generated.commands["rules.cp-lrp"].trigger()
    worker.answer()
    assert [request.rules for request in asked(worker, ExplainEach)] == ["attnlrp", "cp-lrp"]
    assert not np.array_equal(generated.below.pane(MatrixPane).view._layers.rows, first)
    generated.commands["rules.attnlrp"].trigger()
    worker.answer()
    assert len(asked(worker, ExplainEach)) == 2
    assert np.array_equal(generated.below.pane(MatrixPane).view._layers.rows, first)


def test_that_the_matrix_is_stale_while_another_model_is_opened(generated, worker):
    generated.below.setCurrentIndex(1)
    worker.answer()
    view = generated.below.pane(MatrixPane).view
    assert not view._plots._stale
    generated.inquiry.open_model(ModelSource("somebody/other"))
    assert view._plots._stale
    worker.say(Load, Cancelled())
    assert not view._plots._stale


def test_that_the_tokens_the_model_said_are_underlined(generated):
    picture = generated.relevance.strip.image()
    strip = generated.relevance.strip
    last = len(generated.study.shown.relevance.tokens) - 1
    scale = picture.devicePixelRatio()

    def under(token: int) -> set[str]:
        rect = strip.token_rects(token)[0]
        y = int((rect.bottom() + 0.5) * scale)
        return {picture.pixelColor(int(x * scale), y).name() for x in range(rect.left() + 2, rect.right() - 2)}

    assert under(last).isdisjoint(under(0))


@pytest.mark.parametrize(("agreement", "warned"), [(None, False), (0.97, False), (0.42, True)])
def test_that_a_half_precision_far_from_float32_is_said(window, worker, agreement, warned):
    said = []
    window.inquiry.model_doubted.connect(said.append)
    window.inquiry.open_model(window.study.question.source)
    worker.say(Load, structs.replace(loaded(window.study.question.source), agreement=agreement))
    assert bool(said) == warned
    assert all("0.42" in sentence for sentence in said)


def test_that_a_matrix_too_large_to_be_kept_is_asked_for_once(generated, worker):
    generated.study._known = Known(room=0)
    troubles: list[Trouble] = []
    generated.inquiry.troubled.connect(troubles.append)
    generated.below.setCurrentWidget(generated.below.pane(MatrixPane))
    worker.answer()
    assert len(asked(worker, ExplainEach)) == 1
    generated.study.look_at_token(1)
    assert len(asked(worker, ExplainEach)) == 1
    assert "too large" in troubles[-1].message


def test_that_what_the_model_said_is_marked_in_the_editor_until_it_is_edited(generated, qtbot):
    field = generated.editor.focusProxy()
    (mark,) = field.extraSelections()
    assert mark.cursor.selectedText() == "".join(word for _, word in SAID)
    qtbot.keyClicks(field, "x")
    assert field.extraSelections() == []


def test_that_what_was_said_until_stop_is_kept_and_explained(window, worker):
    window.commands["run.generate"].trigger()
    request = worker.open[-1]
    window.commands["run.stop"].trigger()
    worker.say(Generate, good_ending(structs.replace(request, max_new_tokens=2)))
    worker.answer()
    assert window.study.question.input.continuation.ids == (900, 901)
    assert window.study.is_answered
