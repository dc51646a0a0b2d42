from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path

import pytest
from msgspec import structs
from PIL import Image as Pillow
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QSlider, QToolButton, QWidget

from engine.protocol.inputs import Picture, Text
from engine.protocol.messages import Explain, Export, ExportGrid, Failed, Load, Rate
from engine.protocol.rule_names import Gamma
from engine.protocol.targets import Class
from engine.protocol.values import ModelSource
from inspector.app import Options, begin
from inspector.dialogs.explore import ExploreDialog
from inspector.dialogs.export import ExportDialog
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.trouble import Remedy
from inspector.views.input.image_input import ImageExample
from inspector.views.side_titles import SideTitles
from inspector.window import Window
from tests.inspector.answers import BLOCKS, loaded
from tests.inspector.fake_worker import good_ending
from tests.inspector.waiting import wait_for_reading

VIT = ModelSource("bundled:vit")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    Pillow.new("RGB", (64, 48), (200, 120, 40)).save(path)
    return path


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    )
    wait_for_reading()


def asked(worker, kind: type) -> list:
    return [request for _, request in worker.asked if isinstance(request, kind)]


def title(window: Window) -> str:
    return f"{window.findChild(QLabel, 'relevance_title').text()}\n{window.relevance.heading.facts.accessibleName()}"


@pytest.fixture
def with_vit(window, worker) -> Window:
    window.inquiry.open_model(VIT)
    worker.answer()
    return window


@pytest.fixture
def about_cat(with_vit, worker, picture) -> Window:
    """A window that shows the answer about a picture."""
    drop(with_vit, picture)
    worker.answer()
    assert with_vit.study.is_answered
    return with_vit


def test_that_a_class_there_is_not_stays_in_its_field_selected_to_be_mended(about_cat, worker, qtbot):
    field = about_cat.table.findChild(QLineEdit)
    qtbot.keyClicks(field, "giraffe")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert asked(worker, Explain)[-1].target == Class("giraffe")
    worker.say(Explain, Failed("target_unknown", "There is no class “giraffe”."))
    assert (field.text(), field.selectedText()) == ("giraffe", "giraffe")
    assert any(label.text() == "There is no class “giraffe”." for label in about_cat.table.findChildren(QLabel))


def test_that_a_layer_with_nothing_on_the_picture_says_so_in_any_window(with_vit, worker, picture):
    drop(with_vit, picture)
    answer = good_ending(worker.open[-1])
    layers = answer.relevance.layers.copy()
    layers[2, 1:] = 0
    worker.say(Explain, structs.replace(answer, relevance=answer.relevance.with_part(layers=layers)))
    note = with_vit.findChild(QLabel, "picture_note")
    assert not note.isVisible()
    with_vit.study.look_at_layer(2)
    assert note.isVisible()
    assert "class token" in note.shown()
    with_vit.resize(700, 480)
    QApplication.processEvents()
    assert (with_vit.width(), with_vit.height()) == (700, 480)
    with_vit.study.look_at_layer(1)
    assert not note.isVisible()


def test_that_controls_give_way_to_the_picture_in_a_low_window(about_cat):
    part = about_cat.relevance.picture
    mode, clip = (about_cat.findChild(QWidget, name) for name in ("mode_overlay", "clip"))
    assert mode.isVisible()
    assert clip.isVisible()
    about_cat.resize(700, 480)
    QApplication.processEvents()
    assert (about_cat.width(), about_cat.height()) == (700, 480)
    assert not mode.isVisible()
    assert not clip.isVisible()
    assert part.picture.height() > part.height() - 10


def test_that_no_control_of_a_picture_lies_on_another_in_a_narrow_window(about_cat):
    about_cat.resize(700, 800)
    QApplication.processEvents()
    names = ("mode_picture", "mode_heatmap", "mode_overlay", "mode_side by side", "opacity", "patches", "clip")
    part = about_cat.relevance.picture
    places = [
        QRect(control.mapTo(part, QPoint(0, 0)), control.size())
        for control in (about_cat.findChild(QWidget, name) for name in names)
    ]
    assert all(part.rect().contains(place) and place.bottom() < part.picture.y() for place in places)
    assert not any(one.intersects(other) for one, other in combinations(places, 2))


def test_that_a_dropped_picture_is_explained_and_shown(about_cat, worker, picture):
    assert asked(worker, Explain)[-1].input.image.data == picture.read_bytes()
    assert about_cat.relevance.picture.picture.isVisible()
    assert not about_cat.relevance.strip.isVisible()
    assert "pixels" in title(about_cat)
    assert "tabby cat" in title(about_cat)


def test_that_a_picture_dropped_on_a_text_model_is_explained_once_the_remedy_is_taken(window, worker, picture):
    drop(window, picture)
    assert window.notices.failure.isVisible()
    window.notices.remedy_chosen.emit(Remedy.PICTURE_MODEL)
    worker.answer()
    assert window.study.shown.relevance.seen.name == "cat.png"
    assert window.relevance.picture.isVisible()


def test_that_what_cannot_be_read_is_said_and_the_answer_stays(about_cat, worker, tmp_path):
    shown, count = about_cat.study.shown, len(worker.asked)
    (tmp_path / "empty.png").touch()
    drop(about_cat, tmp_path / "empty.png")
    assert about_cat.notices.failure.isVisible()
    assert about_cat.study.shown is shown
    assert not about_cat.study.scene.stale
    assert len(worker.asked) == count


def test_that_the_folder_of_the_last_picture_is_remembered(open_window, worker, picture):
    profile = Profile(SettingsFile(None))
    window = open_window(profile)
    drop(window, picture)
    assert profile.settings.image_folder == str(picture.parent)


def test_that_the_prompt_survives_a_picture(about_cat, worker, qtbot):
    before = about_cat.editor.text()
    assert before
    about_cat.commands["edit.undo"].trigger()
    about_cat.commands["edit.undo"].trigger()
    worker.answer()
    assert about_cat.study.question.input.text == before == about_cat.editor.text()
    assert about_cat.relevance.strip.isVisible()
    about_cat.commands["edit.redo"].trigger()
    about_cat.commands["edit.redo"].trigger()
    assert about_cat.relevance.picture.isVisible()


def test_that_a_picture_on_the_clipboard_is_pasted(with_vit, worker):
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QApplication.clipboard().setImage(image)
    with_vit.commands["edit.paste_image"].trigger()
    assert asked(worker, Explain)[-1].input.image.data.startswith(b"\x89PNG")


def test_that_a_clipboard_without_a_picture_is_no_question(with_vit, worker):
    QApplication.clipboard().setText("words")
    count = len(asked(worker, Explain))
    with_vit.commands["edit.paste_image"].trigger()
    assert len(asked(worker, Explain)) == count
    assert with_vit.notices.failure.isVisible()


def test_that_a_class_is_explained_by_a_click(about_cat, worker):
    about_cat.table.explained.emit(1)
    assert asked(worker, Explain)[-1].target == Class(1)
    worker.answer()
    assert "tiger cat" in title(about_cat)


def test_that_a_click_on_a_small_heatmap_enlarges_it(about_cat, qtbot):
    thumbnails = about_cat.layers.picture.thumbnails
    qtbot.waitUntil(lambda: thumbnails.isVisible() and thumbnails.current() == 0)
    qtbot.mouseClick(thumbnails.viewport(), Qt.MouseButton.LeftButton, pos=thumbnails.map_rect(3).center())
    assert about_cat.study.view.look.layer == 2
    assert "at layer 2 of 4" in title(about_cat)
    about_cat.commands["layer.output"].trigger()
    assert about_cat.study.view.look.layer == BLOCKS
    assert thumbnails.current() == BLOCKS + 1
    about_cat.commands["layer.input"].trigger()
    assert thumbnails.current() == 0


@pytest.mark.parametrize("mode", ["picture", "heatmap", "overlay", "side by side"])
def test_that_commands_and_buttons_choose_how_the_picture_is_shown(about_cat, mode):
    about_cat.commands[f"mode.{mode}"].trigger()
    assert about_cat.study.view.mode == mode
    button = about_cat.findChild(object, f"mode_{mode}")
    assert button.isChecked()


def test_that_the_slider_sets_the_opacity(about_cat, qtbot):
    slider = about_cat.findChild(QSlider, "opacity")
    slider.setValue(25)
    qtbot.waitUntil(lambda: about_cat.study.view.look.opacity == 0.25)
    assert slider.value() == 25


def test_that_gamma_rules_are_marked_and_titled(about_cat, worker):
    about_cat.commands["rules.gamma"].trigger()
    assert asked(worker, Explain)[-1].rules == Gamma().name
    assert "AttnLRP" in title(about_cat)  # until the next one is there
    worker.answer()
    assert Gamma().title in title(about_cat)
    assert about_cat.commands["rules.gamma"].isChecked()


def test_that_the_window_returns_to_text(about_cat, worker):
    about_cat.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    about_cat.inquiry.use_prompt("words again")
    worker.answer()
    assert about_cat.relevance.strip.isVisible()
    assert about_cat.study.scene.text.layers is not None


def test_that_the_tab_follows_the_question_and_the_model(window, worker, picture):
    tabs = window.input.pages
    assert tabs.currentWidget() is window.editor
    window.inquiry.open_model(VIT)
    worker.answer()
    assert tabs.currentWidget() is window.image
    window.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    assert tabs.currentWidget() is window.editor
    drop(window, picture)
    assert tabs.currentWidget() is window.image


@pytest.mark.parametrize("command", ["run.explain", "run.generate"])
def test_that_the_prompt_in_front_is_meant_where_the_model_takes_no_pictures(about_cat, worker, command):
    prompt = about_cat.editor.text()
    about_cat.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    about_cat.commands[command].trigger()
    assert isinstance(about_cat.study.question.input, Picture)  # the picture is in front
    about_cat.input.pages.setCurrentWidget(about_cat.editor)
    about_cat.commands[command].trigger()
    worker.answer()
    assert asked(worker, Explain)[-1].input.text.startswith(prompt)
    assert about_cat.relevance.strip.isVisible()
    assert not about_cat.notices.failure.isVisible()


def test_that_a_look_at_the_prompt_takes_no_picture_from_a_model_for_pictures(about_cat, worker):
    about_cat.input.pages.setCurrentWidget(about_cat.editor)
    about_cat.commands["run.explain"].trigger()
    worker.answer()
    assert isinstance(about_cat.study.question.input, Picture)


def test_that_the_image_tab_takes_files_and_pixels(with_vit, worker, picture):
    with_vit.image.file_chosen.emit(str(picture))
    wait_for_reading()
    assert asked(worker, Explain)[-1].input.image.name == "cat.png"
    with_vit.image.image_pasted.emit(b"other bytes", "pasted picture.png")
    assert asked(worker, Explain)[-1].input.image.data == b"other bytes"


def test_that_gammas_are_set_while_gamma_rules_are_in_force(about_cat, worker):
    gamma = about_cat.input.gamma
    assert not gamma.isVisible()
    about_cat.commands["rules.gamma"].trigger()
    worker.answer()
    assert gamma.isVisible()
    gamma.changed.emit(100.0, 1.0, "attnlrp")
    assert asked(worker, Explain)[-1].rules == Gamma(100.0, 1.0, "attnlrp").name
    assert about_cat.study.shown.relevance.rules == Gamma().name  # until the new one is there
    worker.answer()
    assert about_cat.study.shown.relevance.rules == Gamma(100.0, 1.0, "attnlrp").name
    about_cat.commands["edit.undo"].trigger()
    assert gamma.values() == (0.25, 0.05, "cp")
    about_cat.commands["rules.cp-lrp"].trigger()
    assert not gamma.isVisible()


def test_that_a_class_is_found_by_a_part_of_its_name(about_cat, worker):
    field = next(each for each in about_cat.table.findChildren(QLineEdit) if each.completer())
    completer = field.completer()
    completer.setCompletionPrefix("PRESS")
    assert completer.currentCompletion() == "espresso"
    completer.activated.emit("espresso")
    assert asked(worker, Explain)[-1].target == Class("espresso")


def explored(window: Window) -> ExploreDialog:
    return next(each for each in window.findChildren(ExploreDialog) if each.isVisible())


def test_that_exploring_fills_a_grid_and_a_click_takes_its_values(about_cat, worker):
    about_cat.commands["run.explore"].trigger()
    dialog = explored(about_cat)
    worker.answer()
    conv, linear = dialog.grid.axes()
    dialog.grid.cell_clicked.emit(1, 2)
    assert about_cat.study.question.rules == Gamma(conv[1], linear[2]).name
    assert about_cat.study.is_answered  # it is known from the grid
    assert about_cat.input.gamma.values() == (conv[1], linear[2], "cp")


def test_that_closing_the_grid_stops_it(about_cat, worker):
    about_cat.commands["run.explore"].trigger()
    explored(about_cat).close()
    worker.answer()
    assert not about_cat.inquiry.activity.is_any
    assert sum(Gamma(0.1, 0.0).name == request.rules for request in asked(worker, Explain)) == 1
    assert not asked(worker, Rate)


def test_that_the_grid_says_how_far_it_came_and_why_no_further(about_cat, worker):
    about_cat.commands["run.explore"].trigger()
    dialog = explored(about_cat)
    state = dialog.findChild(QLabel, "explore_state")
    for _ in range(15):
        worker.say(Explain, good_ending(worker.open[-1]))
    worker.say(Rate, good_ending(worker.open[-1]))
    worker.say(Rate, Failed("worker_died", "The worker was killed."))
    assert state.text() == "The worker was killed. 15 of 15 are explained, 1 rated."
    dialog.findChild(QPushButton, "explore_run").click()
    dialog.findChild(QPushButton, "explore_run").click()
    worker.answer()
    assert state.text().startswith("Stopped.")


def test_that_a_stopped_grid_can_be_exported_as_far_as_it_came(about_cat, worker, figures, tmp_path, qtbot):
    about_cat.commands["run.explore"].trigger()
    dialog = explored(about_cat)
    for _ in range(2):
        worker.say(Explain, good_ending(worker.open[-1]))
    dialog.findChild(QPushButton, "explore_run").click()
    worker.answer()
    with qtbot.waitSignal(dialog.export_requested) as figure:
        dialog.findChild(QPushButton, "explore_export").click()
    about_cat.exploring.export_grid(figure.args[0], str(tmp_path / "grid.pdf"))
    request = asked(figures, ExportGrid)[-1]
    assert (len(request.cells), len(request.rows), len(request.columns)) == (2, 3, 5)
    assert (request.format, request.picture) == ("pdf", "overlay")
    with qtbot.waitSignal(about_cat.inquiry.exporting.written):
        figures.answer()
    assert (tmp_path / "grid.pdf").exists()


@pytest.mark.parametrize(("suffix", "picture_kind"), [("png", "overlay"), ("npz", "heatmap"), ("csv", "heatmap")])
def test_that_an_answer_about_a_picture_is_exported(about_cat, figures, tmp_path, qtbot, suffix, picture_kind):
    about_cat.commands["file.export"].trigger()
    dialog = next(each for each in about_cat.findChildren(ExportDialog) if each.isVisible())
    dialog.findChild(QLineEdit, "export_path").setText(str(tmp_path / f"a.{suffix}"))
    dialog.accept()
    request = asked(figures, Export)[-1]
    assert (request.format, request.picture) == (suffix, picture_kind)
    assert request.relevance is about_cat.study.shown.relevance
    assert request.look.opacity == about_cat.study.view.look.opacity
    with qtbot.waitSignal(about_cat.inquiry.exporting.written):
        figures.answer()


def test_that_an_example_brings_its_model(window, worker, picture):
    window.image.example_chosen.emit(ImageExample("A cat", str(picture), "bundled:vit"))
    wait_for_reading()
    worker.answer()
    assert window.study.shown.relevance.seen.name == "cat.png"
    assert window.study.question.source == VIT


def sides(window: Window) -> list[str]:
    return [side.title for side in window.study.scene.picture.sides]


def test_that_a_pinned_answer_stays_beside_another_class_until_it_is_let_go(about_cat, worker, qtbot):
    assert not about_cat.relevance.picture.findChild(SideTitles).isVisible()
    about_cat.commands["view.pin"].trigger()
    assert about_cat.commands["view.pin"].isChecked()
    about_cat.table.explained.emit(1)
    worker.answer()
    about_cat.commands["rules.cp-lrp"].trigger()
    worker.answer()
    assert sides(about_cat) == ["AttnLRP · “tabby cat”", "CP-LRP · “tiger cat”"]
    titles = about_cat.relevance.picture.findChild(SideTitles)
    assert titles.isVisible()
    assert titles.texts() == ("Pinned: AttnLRP · “tabby cat”", "CP-LRP · “tiger cat”")
    about_cat.commands["mode.side by side"].trigger()
    assert titles.texts()[0] == "Picture"
    titles.findChild(QToolButton, "let_go").click()
    assert sides(about_cat) == ["CP-LRP · “tiger cat”"]
    assert not titles.isVisible()
    assert not about_cat.commands["view.pin"].isChecked()


def test_that_the_pin_says_why_it_cannot_be_used(window, worker, picture):
    pin = window.commands["view.pin"]
    difference = window.commands["view.difference"]
    assert pin.isEnabled() and not difference.isEnabled()
    assert "No answer is pinned" in difference.toolTip()
    window.inquiry.open_model(VIT)
    worker.answer()
    drop(window, picture)
    worker.answer()
    assert pin.isEnabled()
    assert "Keep this answer" in pin.toolTip()
    assert window.findChild(QToolButton, "pin").isVisible()


def test_that_another_picture_lets_the_pinned_answer_go(about_cat, worker, tmp_path):
    about_cat.commands["view.pin"].trigger()
    Pillow.new("RGB", (32, 32), (9, 9, 9)).save(tmp_path / "dog.png")
    drop(about_cat, tmp_path / "dog.png")
    worker.answer()
    assert len(sides(about_cat)) == 1
    assert about_cat.study.shown.relevance.seen.name == "dog.png"


def test_that_a_pair_is_exported_in_one_picture(about_cat, worker, figures, tmp_path, qtbot):
    about_cat.commands["view.pin"].trigger()
    about_cat.table.explained.emit(1)
    worker.answer()
    about_cat.commands["file.export"].trigger()
    dialog = next(each for each in about_cat.findChildren(ExportDialog) if each.isVisible())
    dialog.findChild(QLineEdit, "export_path").setText(str(tmp_path / "both.png"))
    dialog.accept()
    request = asked(figures, ExportGrid)[-1]
    assert [cell.target.label for cell in request.cells] == ["“tabby cat”", "“tiger cat”"]
    assert (request.format, request.shared, request.columns) == ("png", True, tuple(sides(about_cat)))
    with qtbot.waitSignal(about_cat.inquiry.exporting.written):
        figures.answer()


def test_that_relevance_is_laid_on_the_original_by_command_and_by_choice(about_cat, figures, tmp_path):
    choice = about_cat.findChild(QComboBox, "original")
    view = about_cat.relevance.picture.picture
    assert view.caption() == "16 × 12 pixels"
    about_cat.commands["view.original"].trigger()
    assert choice.currentText() == "On the original picture"
    assert view.caption() == "640 × 480 pixels, of which the model saw 480 × 480"
    choice.activated.emit(0)
    assert not about_cat.commands["view.original"].isChecked()
    assert view.caption() == "16 × 12 pixels"
    choice.activated.emit(1)
    about_cat.commands["file.export"].trigger()
    dialog = next(each for each in about_cat.findChildren(ExportDialog) if each.isVisible())
    assert any("on the original picture" in label.text() for label in dialog.findChildren(QLabel))
    dialog.findChild(QLineEdit, "export_path").setText(str(tmp_path / "a.png"))
    dialog.accept()
    assert asked(figures, Export)[-1].look.original


def test_that_an_earlier_answer_looks_stale_until_the_next_is_there(about_cat, worker):
    view = about_cat.relevance.picture.picture
    about_cat.commands["rules.cp-lrp"].trigger()
    assert view.accessibleDescription().endswith("stale")
    worker.answer()
    assert "stale" not in view.accessibleDescription()


def test_that_gammas_are_explored_where_there_is_a_picture(about_cat):
    button = about_cat.input.gamma.findChild(QPushButton, "explore")
    assert button.isEnabled()
    about_cat.commands["edit.undo"].trigger()
    assert about_cat.study.question.input == Text(about_cat.editor.text())
    assert not button.isEnabled()


def test_that_a_file_is_read_beside_the_window(with_vit, worker, picture):
    with_vit.pictures.open(str(picture))
    assert not any(request.input.image for request in asked(worker, Explain))
    wait_for_reading()
    assert asked(worker, Explain)[-1].input.image.name == "cat.png"


def test_that_of_several_files_the_one_chosen_last_is_explained(with_vit, worker, picture, tmp_path):
    (tmp_path / "empty.png").touch()
    other = Path(shutil.copy(picture, tmp_path / "other.png"))
    for path in (picture, tmp_path / "empty.png", other):
        with_vit.pictures.open(str(path))
    wait_for_reading()
    assert [each.input.image.name for each in asked(worker, Explain) if each.input.image] == ["other.png"]
    assert not with_vit.notices.failure.isVisible()


def test_that_a_picture_pasted_while_a_file_is_read_stays(with_vit, worker, picture):
    with_vit.pictures.open(str(picture))
    with_vit.pictures.take_bytes(picture.read_bytes(), "pasted picture")
    wait_for_reading()
    assert [each.input.image.name for each in asked(worker, Explain) if each.input.image] == ["pasted picture"]


def test_that_a_prompt_written_while_a_file_is_read_is_a_step_back(with_vit, worker, picture):
    with_vit.pictures.open(str(picture))
    with_vit.inquiry.type("written meanwhile")
    wait_for_reading()
    assert with_vit.study.question.input.image is not None
    with_vit.commands["edit.undo"].trigger()
    assert with_vit.study.question.input.text == "written meanwhile"


def test_that_a_model_that_opens_first_waits_for_the_picture_and_explains_nothing_else(open_window, worker, picture):
    window = open_window()
    worker.start()
    worker.greet()
    begin(window, Options(image=picture))
    worker.say(Load, loaded(window.study.question.source))  # takes text, and there is a prompt
    assert not asked(worker, Explain)
    wait_for_reading()
    assert window.study.question.input.image is not None
    assert "waits for a model that does" in window.notices.failure.message()


def test_that_an_example_is_what_its_model_explains_first(about_cat, worker, qtbot):
    before = len(asked(worker, Explain))
    photograph = Path(__file__).parents[2] / "resources" / "examples" / "images" / "astronaut.jpg"
    about_cat.pictures.open_example(ImageExample("An astronaut", str(photograph), "torchvision:vit_b_16"))
    worker.say(Load, loaded(ModelSource("torchvision:vit_b_16")))
    assert len(asked(worker, Explain)) == before
    wait_for_reading()
    assert [request.input.image.name for request in asked(worker, Explain)[before:]] == [photograph.name]


def test_that_models_explain_what_is_asked_again_after_a_picture_was_refused(window, worker, tmp_path):
    before = len(asked(worker, Explain))
    window.pictures.open(str(tmp_path / "none.png"))
    wait_for_reading()
    window.inquiry.open_model(ModelSource("somebody/other"))
    worker.say(Load, loaded(ModelSource("somebody/other")))
    assert len(asked(worker, Explain)) == before + 1
