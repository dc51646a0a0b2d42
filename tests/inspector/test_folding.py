"""The input folds to a line once it is explained, and unfolds where a person wants to change it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from engine.protocol.messages import Explain, Failed
from inspector.intake.examples import read_image_examples
from inspector.keeping.settings import Profile, SettingsFile
from inspector.window import Window
from tests.inspector.conftest import PROMPT
from tests.inspector.fake_worker import FakeWorker
from tests.inspector.waiting import wait_for_reading


def unfolded(window: Window) -> Window:
    QTest.keyClick(window, Qt.Key.Key_F2)
    assert window.editor.isVisible() and not window.input.line.isVisible()
    return window


def test_that_the_prompt_is_open_until_it_is_explained(open_window, worker: FakeWorker) -> None:
    window = open_window()
    assert window.editor.isVisible() and not window.input.line.isVisible()
    window.inquiry.open_model(window.study.question.source)
    worker.answer()
    assert not window.editor.isVisible() and window.input.line.isVisible()


def test_that_the_line_lies_over_the_whole_width_and_the_tokens_gain_that_of_the_dock(window: Window) -> None:
    window.resize(1280, 800)
    QApplication.processEvents()
    folded = window.relevance.width()
    assert (window.input.line.width(), window.input.line.height()) == (window.width(), 32)
    unfolded(window)
    QApplication.processEvents()
    assert folded - window.relevance.width() >= window.input_dock.width() >= 280


def test_that_the_line_says_what_is_asked_about_and_how_long_it_is(window: Window, worker: FakeWorker) -> None:
    prompt = f"{PROMPT}3 m. {PROMPT}"
    window.inquiry.use_prompt(prompt)
    worker.answer()
    window.resize(700, 480)
    QApplication.processEvents()
    assert window.input.line.accessibleName() == f"Edit: Prompt, {len(prompt.split())} tokens"
    begins, ends = window.input.line.shown().split("…")
    assert begins and prompt.startswith(begins)
    assert ends and prompt.endswith(ends)


def test_that_f2_or_a_click_unfolds_it_and_gives_it_the_keys(window: Window, qtbot) -> None:
    unfolded(window)
    assert window.editor.focusProxy().hasFocus()
    QTest.keyClick(window, Qt.Key.Key_F2)
    assert window.input.line.isVisible()
    qtbot.mouseClick(window.input.line, Qt.MouseButton.LeftButton)
    assert window.editor.focusProxy().hasFocus()
    window.input.title.findChild(QToolButton, "fold").click()
    assert window.input.line.isVisible()


def test_that_f2_goes_to_an_unfolded_editor_before_it_folds_it(window: Window) -> None:
    unfolded(window)
    window.take_keys()
    QTest.keyClick(window, Qt.Key.Key_F2)
    assert window.editor.focusProxy().hasFocus()


def test_that_explain_folds_it_again_and_gives_the_keys_to_the_tokens(window: Window, worker: FakeWorker) -> None:
    unfolded(window)
    QTest.keyClick(window.editor.focusProxy(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.editor.isVisible()
    worker.answer()
    assert window.input.line.isVisible()
    assert window.relevance.strip.hasFocus()


def test_that_another_question_about_the_same_prompt_leaves_it_open(window: Window, worker: FakeWorker) -> None:
    unfolded(window)
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    window.relevance.text.position_clicked.emit(2)
    worker.answer()
    assert window.editor.isVisible()


def test_that_an_answer_does_not_fold_what_is_written_on_meanwhile(window: Window, worker: FakeWorker) -> None:
    unfolded(window)
    window.commands["run.explain"].trigger()
    QTest.keyClicks(window.editor.focusProxy(), " and")
    worker.answer()
    assert window.editor.isVisible()


def test_that_a_refusal_of_the_prompt_unfolds_it(window: Window, worker: FakeWorker) -> None:
    window.commands["run.explain"].trigger()
    worker.say(Explain, Failed("prompt_too_long", "The prompt has 90 tokens; the model takes 64."))
    assert window.editor.isVisible()


@pytest.mark.parametrize("kind", ["worker_died", "internal"])
def test_that_another_failure_leaves_it_folded(window: Window, worker: FakeWorker, kind) -> None:
    window.commands["run.explain"].trigger()
    worker.say(Explain, Failed(kind, "No."))
    assert not window.editor.isVisible()


def test_that_another_prompt_is_seen_in_the_editor_until_it_is_explained(window: Window, worker: FakeWorker) -> None:
    window.inquiry.use_prompt("another prompt")
    assert window.editor.isVisible()
    worker.answer()
    assert window.input.line.isVisible()


def test_that_a_picture_is_named_with_its_size_and_a_small_copy(window: Window, worker: FakeWorker, qtbot) -> None:
    example = read_image_examples()[0]
    window.pictures.open_example(example)
    wait_for_reading()
    worker.answer()
    qtbot.waitUntil(lambda: "pixels" in window.input.line.accessibleName())
    assert window.input.line.isVisible()
    assert "pixels" in window.input.line.accessibleName()
    assert not window.image.copy().isNull()


def test_that_the_numbers_of_gamma_rules_are_shown_when_these_are_chosen(window: Window, worker: FakeWorker) -> None:
    window.commands["rules.gamma"].trigger()
    worker.answer()
    assert window.input.gamma.isVisible()


def test_that_folded_or_not_is_remembered_with_the_layout(open_window, worker: FakeWorker) -> None:
    for folds in (True, False):
        profile = Profile(SettingsFile(None))
        window = open_window(profile)
        window.folding.fold() if folds else window.folding.unfold()
        window.close()
        again = open_window(profile)
        assert again.input.line.isVisible() == folds
        assert again.editor.isVisible() != folds


def test_that_a_reset_of_the_layout_leaves_it_folded(window: Window) -> None:
    window.commands["view.reset_layout"].trigger()
    assert window.input.line.isVisible()
    assert not window.editor.isVisible()


def test_that_a_width_given_by_hand_comes_back_when_it_unfolds(window: Window) -> None:
    unfolded(window)
    window.resizeDocks([window.input_dock], [350], Qt.Orientation.Horizontal)
    QApplication.processEvents()
    window.folding.fold()
    window.folding.unfold()
    QApplication.processEvents()
    assert window.input_dock.width() == 350
