from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QTableView, QToolButton, QWidget

from engine.protocol.messages import Examine, Explain, Export, Exported, Failed, Load, Progress
from engine.protocol.targets import Contrast, Token, Top
from engine.protocol.values import Manner, ModelSource
from inspector.client.client import WorkerState
from inspector.dialogs.export import ExportDialog
from inspector.dialogs.model_chooser import ModelChooser
from inspector.dialogs.palette import CommandPalette
from inspector.dialogs.preferences import Preferences
from inspector.keeping.settings import Profile, SettingsFile
from inspector.panes.check_pane import CheckPane
from inspector.state.trouble import Remedy, Trouble
from inspector.window import Window
from tests.inspector.answers import BLOCKS, VOCABULARY
from tests.inspector.fake_worker import MODELS, FakeWorker

ROOT = Path(__file__).parents[2]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def title(window: Window) -> str:
    return f"{window.findChild(QLabel, 'relevance_title').text()}\n{window.relevance.heading.facts.accessibleName()}"


def dialog(window: Window, kind: type):
    return next(each for each in window.findChildren(kind) if each.isVisible())


def asked(worker: FakeWorker, kind: type) -> list:
    return [request for _, request in worker.asked if isinstance(request, kind)]


def prompt_field(window: Window):
    return window.editor.focusProxy()


def test_that_a_window_without_a_model_opens_and_says_what_it_waits_for(open_window, worker):
    window = open_window()
    window.inquiry.open_model(window.study.question.source)
    assert window.isVisible()
    assert "bundled:llama" in window.findChild(QToolButton, "model_button").text()
    assert window.commands["run.stop"].isEnabled()
    assert not window.commands["file.export"].isEnabled()


def test_that_the_first_explanation_comes_with_no_click(window):
    assert "at the input" in title(window)
    assert window.relevance.strip.tsv()
    assert not window.layers.text.map.image().isNull()


@pytest.mark.process
def test_that_nothing_is_imported_while_the_first_explanation_is_drawn():
    command = [sys.executable, "-m", "tests.inspector.first_answer"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    assert done.stdout == "[]\n", done.stderr


def test_that_typing_marks_the_answer_stale_and_ctrl_enter_explains_it(window, worker, qtbot):
    qtbot.keyClicks(prompt_field(window), "x")
    assert window.study.scene.stale
    qtbot.keyClick(prompt_field(window), Qt.Key.Key_Return, CTRL)
    worker.answer()
    assert not window.study.scene.stale
    assert window.study.shown.relevance.prompt == window.editor.text()


def test_that_ctrl_z_in_the_prompt_undoes_the_question(window, worker, qtbot):
    before = window.editor.text()
    qtbot.keyClicks(prompt_field(window), "abc")
    assert window.editor.text() != before
    QTest.keyClick(prompt_field(window), Qt.Key.Key_Z, CTRL)
    assert window.editor.text() == before
    assert window.study.is_answered
    QTest.keyClick(prompt_field(window), Qt.Key.Key_Z, CTRL | SHIFT)
    assert window.editor.text() != before


def test_that_a_click_on_a_token_explains_the_position_after_it(window, worker, qtbot):
    place = window.relevance.strip.token_rects(2)[0].center()
    qtbot.mouseClick(window.relevance.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked(worker, Explain)[-1].target == Top(2)
    worker.answer()
    assert window.study.scene.choice.position == 2


def test_that_a_click_on_a_layer_takes_the_strip_there_and_keeps_the_token_in_step(window, qtbot):
    cell = window.layers.text.map.cell_rect(2, 5).center()
    plots = window.layers.text.map.childAt(cell)
    qtbot.mouseClick(plots, Qt.MouseButton.LeftButton, pos=plots.mapFrom(window.layers.text.map, cell))
    assert window.study.view.look.layer == 2
    assert "at layer 2 of 4" in title(window)
    assert window.relevance.strip.current() == 5


def test_that_the_cursor_in_the_strip_moves_the_one_in_the_map(window, qtbot):
    window.relevance.strip.setFocus()
    qtbot.keyClick(window.relevance.strip, Qt.Key.Key_Right)
    assert window.study.view.token == window.relevance.strip.current()


def test_that_arrow_keys_on_the_map_walk_the_layers(window, qtbot):
    layers = window.layers.text.map
    layers.setFocus()
    qtbot.keyClick(layers, Qt.Key.Key_End)
    assert window.study.view.look.layer == BLOCKS
    qtbot.keyClick(layers, Qt.Key.Key_Left)
    assert window.study.view.look.layer == BLOCKS - 1
    qtbot.keyClick(layers, Qt.Key.Key_Home)
    assert window.study.view.look.layer is None


@pytest.mark.parametrize("rules", ["cp-lrp", "input-x-gradient", "gradient"])
def test_that_a_rule_switch_asks_for_that_rule_set(window, worker, rules):
    window.commands[f"rules.{rules}"].trigger()
    assert asked(worker, Explain)[-1].rules == rules
    worker.answer()
    assert window.commands[f"rules.{rules}"].isChecked()


def test_that_predictions_are_explained_and_set_against_each_other(window, worker):
    window.table.explained.emit(101)
    assert asked(worker, Explain)[-1].target == Token(101)
    worker.answer()
    window.table.set_against.emit("mean")
    assert asked(worker, Explain)[-1].target == Contrast(101, None)


def test_that_a_free_text_that_is_no_token_is_refused_beside_its_field(window, worker):
    window.table.text_target_entered.emit("has been")
    worker.say(Explain, Failed("target_unknown", "“has been” is 2 tokens."))
    shown = [label.text() for label in window.table.findChildren(QLabel) if label.isVisible()]
    assert "“has been” is 2 tokens." in shown
    assert not window.notices.failure.isVisible()


def test_that_a_refused_text_stays_in_its_field_to_be_mended(window, worker, qtbot):
    field = window.table.findChild(QLineEdit)
    qtbot.keyClicks(field, "has been")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    worker.say(Explain, Failed("target_unknown", "“has been” is 2 tokens."))
    assert (field.text(), field.selectedText()) == ("has been", "has been")


def test_that_a_text_explained_stays_in_its_field_under_other_rules(window, worker, qtbot):
    field = window.table.findChild(QLineEdit)
    qtbot.keyClicks(field, "3")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    worker.answer()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    assert field.text() == "3"


@pytest.mark.parametrize(
    "choose",
    [
        lambda window: window.table.explained.emit(102),
        lambda window: window.relevance.strip.position_clicked.emit(1),
        lambda window: window.inquiry.use_prompt("one two three"),
        lambda window: window.inquiry.open_model(ModelSource("bundled:gpt2")),
    ],
    ids=["prediction", "position", "prompt", "model"],
)
@pytest.mark.parametrize("enter", [True, False])
def test_that_a_text_to_explain_goes_where_something_else_is_chosen(window, worker, qtbot, choose, enter):
    field = window.table.findChild(QLineEdit)
    qtbot.keyClicks(field, "3")
    if enter:
        qtbot.keyClick(field, Qt.Key.Key_Return)
        worker.answer()
    choose(window)
    worker.answer()
    assert field.text() == ""


def test_that_undo_brings_back_the_text_that_was_explained(window, worker, qtbot):
    field = window.table.findChild(QLineEdit)
    qtbot.keyClicks(field, "3")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    worker.answer()
    window.table.explained.emit(102)
    window.commands["edit.undo"].trigger()
    assert field.text() == "3"


@pytest.mark.parametrize("scale", ["layer", "global", "target"])
def test_that_the_scale_in_force_is_written(window, scale):
    window.commands[f"scale.{scale}"].trigger()
    assert window.study.view.look.scale == scale
    assert window.study.scene.text.legend in window.relevance.scale.bar.accessibleDescription()


def test_that_a_failure_is_shown_in_place_and_its_button_helps(window, worker, qtbot):
    window.commands["rules.cp-lrp"].trigger()
    worker.die()
    assert window.notices.failure.isVisible()
    assert QApplication.activeModalWidget() is None
    worker.greet()
    worker.answer()
    window.notices.failure.acted.emit(0)
    worker.answer()
    assert not window.notices.failure.isVisible()
    assert window.study.shown.relevance.rules == "cp-lrp"


def test_that_a_traceback_is_in_the_log_and_nowhere_else(window, worker):
    window.commands["rules.cp-lrp"].trigger()
    worker.say(Explain, Failed("internal", "Something went wrong.", "Traceback: in detail"))
    assert "Traceback" in window.log.toPlainText()
    assert "Traceback" not in window.notices.failure.message()
    window.notices.details_requested.emit()
    assert window.log_dock.isVisible()


def test_that_a_prompt_is_not_read_from_a_pipe(window, tmp_path: Path):
    os.mkfifo(tmp_path / "prompt.txt")
    window.openings.open_prompt(str(tmp_path / "prompt.txt"))
    assert "prompt.txt” is no file but a stream" in window.notices.failure.message()


def test_that_a_model_not_found_leads_to_the_chooser(window, worker):
    window.openings.open_model("nobody/nothing")
    worker.say(Load, Failed("model_not_found", "There is no such model."))
    window.notices.failure.acted.emit(0)
    assert dialog(window, ModelChooser).isVisible()


def test_that_the_chooser_lists_what_is_on_the_machine_and_opens_it(window, worker):
    window.commands["model.choose"].trigger()
    worker.answer()
    chooser = dialog(window, ModelChooser)
    assert {model.name for model in MODELS} <= set(chooser.models())
    chooser.findChild(QLineEdit, "model_name").setText("somebody/some-model")
    chooser.accept()
    assert asked(worker, Load)[-1].source.name == "somebody/some-model"


def test_that_weights_are_asked_of_the_worker_and_remembered_with_their_model(window, worker):
    window.commands["model.choose"].trigger()
    chooser = dialog(window, ModelChooser)
    chooser.findChild(QLineEdit, "model_name").setText("timm:resnet18")
    chooser.findChild(QLineEdit, "weights").setText("random")
    chooser.accept()
    source = asked(worker, Load)[-1].source
    assert (source.name, source.weights) == ("timm:resnet18", "random")
    worker.answer()
    assert window._profile.settings.recent_models[0].weights == "random"
    window.commands["model.choose"].trigger()
    assert chooser.source().weights == "random"


def test_that_a_model_opened_is_remembered_without_leave_to_run_its_code(window, worker):
    window.inquiry.open_model(ModelSource("somebody/own-code", trust_remote_code=True))
    worker.answer()
    assert window._profile.settings.model.name == "somebody/own-code"
    assert not window._profile.settings.model.trust_remote_code


def test_that_worker_state_memory_and_model_are_in_the_status_bar(window, worker):
    texts = " ".join(label.text() for label in window.status.findChildren(QLabel))
    assert "Worker: ready" in texts
    assert "1.2 of 8.0 GB" in texts
    assert "float32 · cpu" in texts


def test_that_a_model_on_its_way_is_named_without_its_folder(window, worker):
    window.inquiry.open_model(ModelSource("/a/very/long/way/down/model.gguf"))
    assert window.findChild(QToolButton, "model_button").text() == "Opening model.gguf…"


def test_that_the_count_of_tokens_is_back_with_the_worker(window, worker):
    def counted() -> bool:
        return any("tokens" in label.text() for label in window.editor.findChildren(QLabel))

    assert counted()
    worker.die()
    assert not counted()
    worker.greet()
    worker.answer()
    assert counted()


def test_that_progress_has_words_and_a_stop(window, worker):
    window.commands["rules.cp-lrp"].trigger()
    worker.say(Explain, Progress("forward", 3, 9))
    texts = " ".join(label.text() for label in window.status.findChildren(QLabel))
    assert "block 3 of 9" in texts
    window.commands["run.stop"].trigger()
    assert worker.stopped == [worker.asked[-1][0]]


def test_that_an_export_is_written_and_said_where(window, figures, tmp_path: Path, qtbot):
    window.study.look_at_layer(2)
    window.commands["file.export"].trigger()
    export = dialog(window, ExportDialog)
    export.findChild(QLineEdit, "export_path").setText(str(tmp_path / "tokens.pdf"))
    export.accept()
    request = asked(figures, Export)[-1]
    assert (request.format, request.look.layer, request.look.scale) == ("pdf", 2, "layer")
    with qtbot.waitSignal(window.inquiry.exporting.written):
        figures.say(Export, Exported(b"%PDF"))
    assert (tmp_path / "tokens.pdf").read_bytes() == b"%PDF"
    assert "tokens.pdf" in window.notices.news.message()
    assert window._profile.settings.export_folder == str(tmp_path)


def test_that_a_file_saved_ends_what_was_said_of_one_that_was_not(window, figures, tmp_path: Path, qtbot):
    refused = Failed("figure_failed", "LaTeX said no.", "")
    for ending, outcome in ((refused, "failed"), (Exported(b"%PDF"), "written")):
        window.commands["file.export"].trigger()
        export = dialog(window, ExportDialog)
        export.findChild(QLineEdit, "export_path").setText(str(tmp_path / "a.pdf"))
        export.accept()
        with qtbot.waitSignal(getattr(window.inquiry.exporting, outcome)):
            figures.say(Export, ending)
        assert window.notices.failure.isVisible() == (outcome == "failed")


def drop(window: Window, data: QMimeData) -> None:
    window.dropEvent(
        QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    )


def test_that_a_dropped_text_becomes_the_prompt(window, worker):
    data = QMimeData()
    data.setText("a dropped prompt")
    drop(window, data)
    assert asked(worker, Explain)[-1].input.text == "a dropped prompt"


def test_that_a_dropped_text_file_becomes_the_prompt_and_a_folder_a_model(window, worker, tmp_path: Path):
    (tmp_path / "prompt.txt").write_text("from a file", encoding="utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "prompt.txt"))])
    drop(window, data)
    assert asked(worker, Explain)[-1].input.text == "from a file"
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop(window, data)
    assert asked(worker, Load)[-1].source.name == str(tmp_path)


def test_that_a_drop_of_anything_else_says_what_can_be_dropped(window, tmp_path: Path):
    (tmp_path / "film.mp4").write_bytes(b"")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "film.mp4"))])
    drop(window, data)
    assert "film.mp4" in window.notices.failure.message()


def test_that_closing_ends_the_worker_and_remembers(open_window, worker, tmp_path: Path):
    path = tmp_path / "settings.json"
    window = open_window(Profile(SettingsFile(path)))
    window.inquiry.type("remember this")
    window.commands["scale.global"].trigger()
    window.resize(1000, 700)
    window.close()
    assert worker.is_closed
    kept = SettingsFile(path).read()
    assert (kept.prompt, kept.scale) == ("remember this", "global")
    assert kept.geometry and kept.layout and not kept.panes


def test_that_a_handle_that_was_moved_stays_and_else_the_tokens_have_what_they_take(
    open_window, worker, tmp_path: Path
):
    path = tmp_path / "settings.json"
    window = open_window(Profile(SettingsFile(path)))
    strip, above = window.relevance.strip, window.panes.sizes()[0]
    assert strip.height() == pytest.approx(max(strip.wanted_height(), 0.3 * window.panes.height()), abs=260)
    window.panes.moveSplitter(above + 40, 1)
    window.panes.splitterMoved.emit(above + 40, 1)
    window.fit_panes()
    assert window.panes.sizes()[0] > above
    window.close()
    assert SettingsFile(path).read().panes


@pytest.mark.parametrize("is_older", [True, False])
def test_that_the_handle_of_an_older_arrangement_says_nothing(open_window, tmp_path: Path, is_older: bool):
    path = tmp_path / "settings.json"
    window = open_window(Profile(SettingsFile(path)))
    window.panes.moveSplitter(window.panes.sizes()[0] + 40, 1)
    window.panes.splitterMoved.emit(0, 1)
    window.close()
    kept = SettingsFile(path).read()
    layout = bytes(window.saveState(1).toBase64().data()).decode() if is_older else kept.layout
    again = open_window(Profile(SettingsFile(None)))
    again.restore_places(kept.geometry, layout, kept.panes)
    assert bool(again.panes.state()) != is_older


def test_that_places_that_qt_does_not_understand_do_not_keep_the_window_closed(open_window, tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text('{"geometry": "§§", "layout": "bm9uc2Vuc2U=", "panes": "x"}', encoding="utf-8")
    assert open_window(Profile(SettingsFile(path))).isVisible()


def test_that_a_damaged_settings_file_is_put_aside_and_said(open_window, tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text("{not json", encoding="utf-8")
    window = open_window(Profile(SettingsFile(path)))
    assert "settings" in window.notices.news.message()
    assert (tmp_path / "settings.damaged.json").read_text(encoding="utf-8") == "{not json"


def test_that_the_palette_does_the_command_it_was_asked_for(window, worker, qtbot):
    window.commands["view.palette"].trigger()
    palette = dialog(window, CommandPalette)
    qtbot.keyClicks(palette.findChild(QLineEdit, "words"), "cp-lrp")
    qtbot.keyClick(palette.findChild(QLineEdit, "words"), Qt.Key.Key_Return)
    assert asked(worker, Explain)[-1].rules == "cp-lrp"


def test_that_colours_chosen_in_the_preferences_are_seen_at_once(window):
    window.commands["edit.preferences"].trigger()
    preferences = dialog(window, Preferences)
    preferences.choose_colour_map("bwr")
    assert window.study.scene.text.ramp.colour_map == "bwr"
    assert window._profile.settings.colour_map == "bwr"


def test_that_another_worker_command_starts_another_worker(open_window, worker):
    other = FakeWorker()
    window = open_window(other=other)
    window.inquiry.open_model(window.study.question.source)
    window.dialogs.worker_changed.emit("ssh gpu lxt-inspector worker")
    assert worker.is_closed
    assert other.state is WorkerState.STARTING
    assert isinstance(other.open[0], Load)


def test_that_no_text_from_a_model_is_taken_for_markup(window, worker):
    hostile = "<img src=/etc/passwd> &amp; <b>bold</b>"
    window.inquiry.use_prompt(hostile)
    worker.answer()
    window.table.show_target_error(hostile)
    labels = [label for label in window.findChildren(QLabel) if label.text()]
    assert labels
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels if "<" in label.text())
    assert not [each for each in window.findChildren(QWidget) if "<" in each.toolTip()]


def test_that_every_prediction_is_listed(window):
    assert [prediction.text for prediction in window.study.scene.choice.predictions] == list(VOCABULARY)


def test_that_a_run_does_not_widen_a_narrow_window(window):
    window.resize(window.minimumSizeHint())
    QApplication.processEvents()
    width = window.width()
    window.status.show_activity("Opening " + "a model with a long name " * 20)
    QApplication.processEvents()
    assert window.width() == width


def resized(window, width: int, height: int) -> None:
    window.resize(width, height)
    QApplication.processEvents()


@pytest.mark.parametrize("gamma", [False, True])
def test_that_a_small_window_is_as_small_as_it_is_told_and_shows_all_numbers(window, worker, gamma):
    if gamma:
        window.commands["rules.gamma"].trigger()
        worker.answer()
    resized(window, 700, 480)
    assert (window.width(), window.height()) == (700, 480)
    table = window.table.findChild(QTableView)
    assert table.horizontalHeader().length() <= table.viewport().width()


def test_that_no_failure_widens_a_small_window(window):
    resized(window, 700, 480)
    trouble = Trouble("Llama takes text, not pictures. cat.png waits for a model that does.", Remedy.PICTURE_MODEL)
    window.notices.show_trouble(trouble)
    QApplication.processEvents()
    assert window.width() == 700
    message = next(each for each in window.notices.failure.findChildren(QLabel) if each.text() == trouble.message)
    assert message.height() >= message.heightForWidth(message.width())


def test_that_the_docks_get_back_what_a_narrow_window_took(window):
    window.folding.unfold()
    QApplication.processEvents()
    wide = window.input_dock.width(), window.target_dock.width()
    resized(window, 700, 480)
    assert window.input_dock.width() < wide[0]
    resized(window, 1280, 800)
    assert (window.input_dock.width(), window.target_dock.width()) == wide


def test_that_a_width_given_by_hand_is_the_one_that_comes_back(window, qtbot):
    window.folding.unfold()
    QApplication.processEvents()
    handle = QPoint(window.input_dock.geometry().right() + 2, window.input_dock.geometry().center().y())
    qtbot.mousePress(window, Qt.MouseButton.LeftButton, pos=handle)
    qtbot.mouseMove(window, handle + QPoint(60, 0))
    QApplication.processEvents()
    qtbot.mouseRelease(window, Qt.MouseButton.LeftButton, pos=handle + QPoint(60, 0))
    wide = window.input_dock.width()
    resized(window, 700, 480)
    assert window.input_dock.width() < wide
    resized(window, 1280, 800)
    assert window.input_dock.width() == wide > 320


def test_that_the_words_of_a_narrow_status_bar_are_cut_with_a_sign_that_they_are(window):
    window.status.show_activity("Opening " + "a model with a long name " * 4)
    resized(window, 700, 480)
    labels = [each for each in window.status.findChildren(QLabel) if each.isVisible()]
    cut = [each for each in labels if each.width() < each.sizeHint().width()]
    assert cut
    assert all(each.shown().endswith("…") and len(each.shown()) > 5 for each in cut)
    assert all(each.geometry().right() <= each.parentWidget().width() for each in labels)


def test_that_in_a_narrow_window_the_question_and_the_bar_of_colours_stay(window, worker):
    resized(window, 700, 800)
    assert window.findChild(QLabel, "relevance_title").shown().startswith("Why ")
    assert window.relevance.scale.bar.isVisible()
    control = window.relevance.scale
    assert control.geometry().right() <= window.relevance.width()


def test_that_the_question_on_show_follows_undo_across_the_rules(window, worker):
    window.commands["rules.gradient"].trigger()
    worker.answer()
    window.commands["edit.undo"].trigger()
    assert window.commands["rules.attnlrp"].isChecked()


def test_that_undo_says_what_it_takes_back(window, worker):
    undo, redo = window.commands["edit.undo"], window.commands["edit.redo"]
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    assert (undo.text(), redo.text()) == ("Undo: other rules", "Redo")
    undo.trigger()
    assert redo.text() == "Redo: other rules"
    assert redo.isEnabled()


def test_that_a_very_long_token_widens_and_lengthens_nothing(open_window, worker):
    window = open_window(prompt="a" * 100_000)
    window.inquiry.open_model(window.study.question.source)
    worker.answer()
    assert window.height() == 800
    said = [label.text() for label in window.findChildren(QLabel)]
    assert max(map(len, said)) < 1200


def test_that_every_number_of_the_preferences_is_kept_and_heeded(open_window, worker):
    profile = Profile(SettingsFile(None))
    window = open_window(profile)
    window.dialogs.preferences(("cpu",))
    shown = dialog(window, Preferences)
    shown._new_tokens.setValue(7)
    shown._start_limit.setValue(600)
    shown._temperature.setValue(0.7)
    shown._seed.setValue(3)
    shown._stop_at_line.click()
    assert (profile.settings.max_new_tokens, profile.settings.start_limit) == (7, 600)
    assert profile.settings.manner == Manner(0.7, 3, True)
    assert worker.start_limit == 600


def test_that_the_model_is_checked_where_that_is_looked_at_and_a_row_leads_to_its_layer(window, worker):
    def in_front(name: str) -> None:
        window.below.setCurrentIndex([window.below.tabText(i) for i in range(window.below.count())].index(name))

    assert not asked(worker, Examine)
    in_front("Check")
    worker.answer()
    assert [request.rules for request in asked(worker, Examine)] == ["attnlrp"]
    pane = window.below.pane(CheckPane)
    verdict = pane.findChild(QLabel, "verdict").text()
    assert verdict.startswith("Not all that is promised holds; under AttnLRP 1 operation goes without a rule.")
    pane.coverage.row_activated.emit(0)
    assert window.study.view.look.layer == 1
    in_front("Layers")
    in_front("Check")
    assert len(asked(worker, Examine)) == 1  # it is known
