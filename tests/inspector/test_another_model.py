"""While another model opens, nothing that is seen is taken for its answer, and nothing asked for is lost."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QTableView

from engine.protocol.messages import Cancelled, Explain, Failed, Generate, Load, Unload
from engine.protocol.values import ModelSource
from inspector.state.trouble import Remedy
from inspector.window import Window
from tests.inspector.answers import loaded
from tests.inspector.fake_worker import FakeWorker

OTHER, PICTURES = ModelSource("somebody/other"), ModelSource("bundled:vit")


def title(window: Window) -> str:
    return f"{window.findChild(QLabel, 'relevance_title').text()}\n{window.relevance.heading.facts.accessibleName()}"


def asked(worker: FakeWorker, kind: type) -> list:
    return [request for _, request in worker.asked if isinstance(request, kind)]


def test_that_the_answer_before_is_stale_and_named_from_the_moment_another_model_is_opened(window, worker):
    window.inquiry.open_model(OTHER)
    assert window.study.scene.stale
    assert "\nLlama AttnLRP" in title(window) and window.relevance.heading.facts._stale


def test_that_it_is_so_when_the_model_is_open_and_no_longer_when_it_has_answered(window, worker):
    window.inquiry.open_model(OTHER)
    worker.say(Load, loaded(OTHER))
    assert window.study.scene.stale and "\nLlama AttnLRP" in title(window)
    worker.answer()
    assert not window.study.scene.stale and "Llama" not in title(window)


@pytest.mark.parametrize("end", [Failed("model_not_found", "There is none."), Cancelled()])
def test_that_the_answer_is_current_again_where_the_other_model_does_not_come(window, worker, end):
    window.inquiry.open_model(OTHER)
    worker.say(Load, end)
    assert not window.study.scene.stale and "Llama" not in title(window)


def test_that_an_answer_is_current_while_its_own_model_is_opened_again(window, worker):
    window.inquiry.open_model(window.study.question.source)
    assert not window.study.scene.stale


def test_that_generate_is_done_once_the_model_is_open(window, worker):
    window.inquiry.open_model(OTHER)
    assert window.commands["run.generate"].isEnabled()
    window.commands["run.generate"].trigger()
    assert not asked(worker, Generate)
    worker.answer()
    assert [request.source for request in asked(worker, Generate)] == [OTHER]
    assert window.study.shown.question.input.continuation is not None


def test_that_generate_is_possible_while_the_first_model_opens(open_window, worker):
    window = open_window()
    assert not window.commands["run.generate"].isEnabled()
    window.inquiry.open_model(window.study.question.source)
    window.commands["run.generate"].trigger()
    worker.answer()
    assert asked(worker, Generate)


def test_that_a_model_that_cannot_generate_says_so_once_it_is_open(window, worker):
    window.inquiry.open_model(PICTURES)
    window.commands["run.generate"].trigger()
    worker.answer()
    assert not asked(worker, Generate)
    assert "Vit predicts classes" in window.notices.failure.message()
    assert window.notices._remedies == (Remedy.CHOOSE_MODEL,)
    assert "Vit predicts classes" in window.commands["run.generate"].toolTip()


@pytest.mark.parametrize("instead", ["run.explain", "run.stop"])
def test_that_what_was_asked_for_last_is_done(window, worker, instead):
    window.inquiry.open_model(OTHER)
    window.commands["run.generate"].trigger()
    window.commands[instead].trigger()
    worker.answer()
    assert not asked(worker, Generate)


@pytest.mark.parametrize(("command", "kind"), [("run.explain", Explain), ("run.generate", Generate)])
def test_that_what_is_asked_while_a_model_is_let_go_is_asked_of_the_worker(window, worker, command, kind):
    window.editor.text_changed.emit("another prompt")
    before = len(asked(worker, kind))
    window.inquiry.unload()
    assert asked(worker, Unload)
    window.commands[command].trigger()
    worker.answer()
    assert len(asked(worker, kind)) > before


def _tables(window: Window) -> list[bool]:
    """Whether each part that shows an answer marks it as stale: tokens, layers, predictions, ledger."""
    predictions = window.table.findChild(QTableView)
    return [
        window.relevance.strip._picture.stale,
        window.layers.text.map._plots._stale,
        predictions.accessibleDescription() == "stale",
        window.relevance.heading.facts._stale and window.status._time.foregroundRole() == QPalette.PlaceholderText,
    ]


@pytest.mark.parametrize(
    "go_on",
    [
        lambda window: window.inquiry.open_model(OTHER),
        lambda window: window.editor.text_changed.emit("another prompt"),
        lambda window: window.commands["rules.cp-lrp"].trigger(),
        lambda window: window.inquiry.choose_position(1),
    ],
)
def test_that_all_parts_of_an_earlier_answer_are_marked_until_the_next_is_there(window, worker, go_on, qtbot):
    worker.answer()
    qtbot.waitUntil(lambda: not window.layers._drawing.isActive())
    assert not any(_tables(window))
    go_on(window)
    assert all(_tables(window))
    window.commands["run.explain"].trigger()
    worker.answer()
    qtbot.waitUntil(lambda: not window.layers._drawing.isActive())
    assert not any(_tables(window))


def test_that_a_pinned_answer_is_stale_where_another_input_or_model_is_asked_and_not_by_other_rules(window, worker):
    worker.answer()
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    pinned = window.relevance.text.pinned._picture
    window.commands["rules.attnlrp"].trigger()
    assert not pinned.stale
    window.editor.text_changed.emit("another prompt")
    assert pinned.stale
    window.commands["edit.undo"].trigger()
    assert not pinned.stale
    window.inquiry.open_model(OTHER)
    assert pinned.stale
    worker.say(Load, Cancelled())
    assert not pinned.stale
