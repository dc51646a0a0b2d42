from dataclasses import dataclass

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QToolButton
from pytestqt.qtbot import QtBot

from inspector.views.input.prompt_editor import PromptEditor


@dataclass(frozen=True)
class _Example:
    title: str
    task: str
    prompt: str


@pytest.fixture
def editor(shown) -> PromptEditor:
    return shown(PromptEditor(), 320, 240)


def _field(editor: PromptEditor) -> QPlainTextEdit:
    return editor.findChild(QPlainTextEdit)


@pytest.mark.parametrize("text", ["", "a\nb\n", "no\u00a0break", "\ttab  two", "שלום 🏔 日本", "<b>x</b> &amp;"])
def test_that_the_text_comes_back_as_it_was_set(editor: PromptEditor, text: str):
    editor.set_text(text)
    assert editor.text() == text


def test_that_typing_is_said_and_setting_is_not(editor: PromptEditor, qtbot: QtBot):
    said = []
    editor.text_changed.connect(said.append)
    editor.set_text("ab")
    qtbot.keyClicks(_field(editor), "x")
    assert said == ["xab"]


@pytest.mark.parametrize("text", ["abc", "a\r\nc"])
def test_that_setting_the_same_text_keeps_the_caret(editor: PromptEditor, text: str):
    editor.set_text(text)
    _field(editor).moveCursor(_field(editor).textCursor().MoveOperation.End)
    editor.set_text(text)
    assert _field(editor).textCursor().position() == 3


def test_that_a_text_can_be_set_again_after_typing(editor: PromptEditor, qtbot: QtBot):
    editor.set_text("abc")
    qtbot.keyClicks(_field(editor), "x")
    editor.set_text("abc")
    assert editor.text() == "abc"


def test_that_ctrl_enter_submits_and_enter_does_not(editor: PromptEditor, qtbot: QtBot):
    with qtbot.assertNotEmitted(editor.submitted):
        qtbot.keyClick(_field(editor), Qt.Key.Key_Return)
    with qtbot.waitSignal(editor.submitted):
        qtbot.keyClick(_field(editor), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert editor.text() == "\n"


def test_that_files_are_named_and_not_inserted(editor: PromptEditor, qtbot: QtBot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/models/a.gguf"), QUrl.fromLocalFile("/models/b")])
    with qtbot.waitSignal(editor.files_dropped) as signal:
        _field(editor).insertFromMimeData(data)
    assert signal.args == [["/models/a.gguf", "/models/b"]]
    assert editor.text() == ""


def test_that_markup_is_pasted_as_its_text(editor: PromptEditor):
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("bold")
    _field(editor).insertFromMimeData(data)
    assert editor.text() == "bold"


def test_that_half_a_character_is_seen_whether_set_or_pasted(editor: PromptEditor):
    editor.set_text("a\ud83dz")
    assert editor.text() == "a\ufffdz"
    data = QMimeData()
    data.setData("text/plain;charset=utf-8", b"a\xed\xa0\xbdz")
    editor.set_text("")
    _field(editor).insertFromMimeData(data)
    assert "\ufffd" in editor.text()


def test_that_examples_are_chosen_from_a_menu_grouped_by_task(editor: PromptEditor, qtbot: QtBot):
    examples = [_Example("A & B", "Recall", "x"), _Example("C", "Facts", "y"), _Example("D", "Recall", "z")]
    editor.set_examples(examples)
    actions = editor.findChild(QToolButton).menu().actions()
    assert [action.text() for action in actions] == ["Recall", "A && B", "D", "Facts", "C"]
    with qtbot.waitSignal(editor.example_chosen) as signal:
        actions[2].trigger()
    assert signal.args == [examples[2]]


def test_that_the_count_warns_near_the_limit_and_above_it(editor: PromptEditor):
    count = editor.findChild(QLabel)
    colours = []
    for tokens in (453, 8000, 8193):
        editor.set_count(tokens, 8192)
        colours.append(count.palette().windowText().color().name())
    assert count.text() == "8193 / 8192 tokens"
    assert len(set(colours)) == 3
    editor.set_count(1, None)
    assert count.text() == "1 token"
    editor.set_count(12, None)
    assert count.text() == "12 tokens"
    editor.set_count(None, 8192)
    assert count.text() == ""
