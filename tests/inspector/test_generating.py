"""Generated text in the window: asked for, told apart, explained token by token, and taken back."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.protocol.inputs import Text
from engine.protocol.messages import Cancelled, Explain, ExplainEach, Failed, Generate, Load, Progress
from engine.protocol.targets import Token
from engine.protocol.values import Manner, ModelSource
from engine.protocol.values import Token as PromptToken
from engine.reading.colours import rgb_of
from inspector.keeping.settings import Profile, SettingsFile
from inspector.look.theme import tones
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


def said_behind(window, count: int) -> tuple[PromptToken, ...]:
    """The first words of `SAID` as the worker tells of them while they are said."""
    place = len(window.study.question.input.text)
    tokens = []
    for id, word in SAID[:count]:
        tokens.append(PromptToken(id, word, place, place + len(word), word.strip(), generated=True))
        place += len(word)
    return tuple(tokens)


def test_that_each_token_is_shown_as_it_is_said_and_nobody_claims_to_know_its_relevance(window, worker):
    strip, explained = window.relevance.strip, window.study.shown.relevance.tokens
    window.commands["run.generate"].trigger()
    for count in (1, 2):
        said = said_behind(window, count)
        worker.say(Generate, Progress("generate", count, 32, said))
        assert f"token {count} of 32" in window.findChild(ProgressLine).text()
        assert strip._picture.tokens == (*explained, *said)
    picture, last = strip._picture, len(explained) + 1
    assert picture.marks.generated == range(len(explained), last + 1)
    look = picture._dressed(tones(strip.palette()))
    assert not look.has_chip[len(explained) :].any() and look.has_chip[: len(explained)].any()
    assert (look.inks[len(explained) :] == rgb_of(tones(strip.palette()).quiet)).all()
    assert strip._facts.rows(last) == [("relevance", "not explained yet")]
    before = len(worker.asked)
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.token_rects(last)[0].center())
    assert len(worker.asked) == before and window.study.view.token is None


def test_that_what_is_said_is_shown_beside_a_pinned_answer(window, worker):
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    pinned, count = window.relevance.text.pinned, len(window.study.shown.relevance.tokens)
    assert pinned.isVisible()
    window.commands["run.generate"].trigger()
    worker.say(Generate, Progress("generate", 2, 32, said_behind(window, 2)))
    assert (len(pinned._picture.tokens), len(window.relevance.strip._picture.tokens)) == (count, count + 2)
    window.relevance.text.point_at(count + 1)  # which the pinned answer does not have
    window.relevance.text.reveal(count + 1)
    assert pinned.token_rects(count + 1) == []


def test_that_what_is_said_stays_until_it_is_explained_and_cursor_and_place_with_it(window, worker):
    strip, explained = window.relevance.strip, window.study.shown.relevance.tokens
    window.study.look_at_token(1)
    window.commands["run.generate"].trigger()
    for count in (1, 2, 3):
        worker.say(Generate, Progress("generate", count, 3, said_behind(window, count)))
        assert strip.current() == 1
    worker.say(Generate, good_ending(worker.open[-1]))
    picture = strip._picture
    assert not window.study.is_answered and len(picture.tokens) == len(explained) + 3
    worker.answer()
    assert window.study.is_answered and window.study.scene.said is None
    assert strip._picture is picture  # coloured, and not laid out once more


@pytest.mark.parametrize("ending", [Cancelled(), Failed("internal", "It broke.")])
def test_that_what_was_said_is_gone_where_it_came_to_nothing(window, worker, ending):
    strip, explained = window.relevance.strip, window.study.shown.relevance.tokens
    window.commands["run.generate"].trigger()
    worker.say(Generate, Progress("generate", 1, 32, said_behind(window, 1)))
    worker.say(Generate, ending)
    assert strip._picture.tokens == explained and window.study.scene.said is None


def test_that_of_another_text_than_the_one_on_show_its_words_stand_before_what_is_said(window, worker):
    window.editor.set_text("A new\ntext")
    window.inquiry.type("A new\ntext")
    window.commands["run.generate"].trigger()
    worker.say(Generate, Progress("generate", 1, 32, said_behind(window, 1)))
    strip = window.relevance.strip
    assert [token.text for token in strip._picture.tokens] == ["A", " new", "\ntext", " eight"]
    assert not strip._picture._dressed(tones(strip.palette())).has_chip.any()


def test_that_what_is_said_is_not_shown_behind_what_is_typed_meanwhile(window, worker):
    window.commands["run.generate"].trigger()
    worker.say(Generate, Progress("generate", 1, 32, said_behind(window, 1)))
    window.inquiry.type("something else")
    assert window.study.scene.said is None
    assert window.relevance.strip._picture.tokens == window.study.shown.relevance.tokens


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
    generated.below.setCurrentWidget(generated.below.pane(MatrixPane))
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
    generated.below.setCurrentWidget(generated.below.pane(MatrixPane))
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
    generated.below.setCurrentWidget(generated.below.pane(MatrixPane))
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


def test_that_the_model_is_asked_to_speak_as_preferences_say_and_the_button_says_it_too(open_window, worker):
    profile = Profile(SettingsFile(None))
    window = open_window(profile)
    window.inquiry.open_model(window.study.question.source)
    worker.answer()
    button = window.commands["run.generate"]
    assert "32 tokens at most, the likeliest each time (temperature 0) (" in button.toolTip()
    profile.keep(structs.replace(profile.settings, temperature=0.7, seed=3, stop_at_line=True, max_new_tokens=8))
    assert "8 tokens at most, up to a line break, drawn at temperature 0.7 with seed 3 (" in button.toolTip()
    button.trigger()
    request = asked(worker, Generate)[-1]
    assert (request.max_new_tokens, request.manner) == (8, Manner(0.7, 3, True))


def test_that_what_is_to_be_generated_once_the_model_is_open_is_said_in_that_manner(window, worker):
    window.inquiry.open_model(ModelSource("bundled:gpt2"))
    window.inquiry.generate(5, Manner(1.0, 2))
    worker.answer()
    assert (asked(worker, Generate)[-1].max_new_tokens, asked(worker, Generate)[-1].manner) == (5, Manner(1.0, 2))
