from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QLabel, QLineEdit, QPushButton, QTreeWidget

from engine.protocol.looks import COLOUR_MAPS
from engine.protocol.values import ModelSource
from inspector.actions.commands import COMMANDS, MENUS
from inspector.dialogs.about import About
from inspector.dialogs.export import PRODUCTS, ExportDialog
from inspector.dialogs.model_chooser import ModelChooser
from inspector.dialogs.preferences import COLOUR_MAP_TITLES, Preferences
from inspector.dialogs.shortcuts import Shortcuts
from inspector.keeping.settings import Settings
from tests.inspector.fake_worker import MODELS


@pytest.fixture
def chooser(qtbot) -> ModelChooser:
    chooser = ModelChooser()
    qtbot.addWidget(chooser)
    chooser.show_devices(("cpu", "cuda:0"))
    chooser.show_models(MODELS, ())
    return chooser


@pytest.fixture
def export(qtbot, tmp_path: Path) -> ExportDialog:
    export = ExportDialog()
    qtbot.addWidget(export)
    export.show_choice(tmp_path, "as on show")
    return export


SOURCES = [
    ModelSource("bundled:gpt2"),
    ModelSource("a/b", revision="main", device="cuda:0", dtype="bfloat16", quantization="4bit"),
    ModelSource("/a folder/with spaces", device="mps"),
    ModelSource("a/clip", classes=("a photo of a cat", "a photo of a dog")),
    ModelSource("a/clip", classes=("a cat, asleep", 'a "dog"')),
    ModelSource("timm:resnet18", weights="random"),
    ModelSource("torchvision:resnet18", weights="/a folder/mine.pth"),
    ModelSource("torchvision:resnet18"),
]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_that_the_chooser_gives_back_the_source_it_was_shown(chooser, source):
    chooser.show_source(source)
    assert chooser.source() == source


def test_that_nothing_is_opened_without_a_name(chooser, qtbot):
    chooser.show_source(ModelSource("  "))
    with qtbot.assertNotEmitted(chooser.chosen):
        chooser.accept()


def test_that_the_list_comes_again_without_touching_what_was_typed(chooser, qtbot):
    field = chooser.findChild(QLineEdit, "model_name")
    qtbot.keyClicks(field, "somebody/typed")
    chooser.show_models(MODELS, (ModelSource("another/recent"),))
    assert field.text() == "somebody/typed"
    assert "another/recent" in chooser.models()


def test_that_a_name_typed_over_the_one_shown_takes_its_place_though_the_list_comes_late(chooser, qtbot):
    chooser.show_source(ModelSource("bundled:llama"))
    chooser.show_models(MODELS, ())
    qtbot.keyClicks(chooser.findChild(QLineEdit, "model_name"), "bundled:vit")
    assert chooser.source().name == "bundled:vit"


def test_that_classes_and_revision_go_with_their_model(chooser, qtbot):
    clip = ModelSource("a/clip", revision="v2", classes=("a cat", "a dog"))
    chooser.show_models(MODELS, (clip,))
    chooser.show_source(clip)
    field = chooser.findChild(QLineEdit, "model_name")
    qtbot.keyClicks(field, "bundled:llama")
    assert chooser.source() == ModelSource("bundled:llama")
    field.selectAll()
    qtbot.keyClicks(field, "a/clip")
    assert chooser.source() == clip


def test_that_classes_typed_before_the_name_stay(chooser, qtbot):
    qtbot.keyClicks(chooser.findChild(QLineEdit, "classes"), "a cat, ,a dog,")
    qtbot.keyClicks(chooser.findChild(QLineEdit, "model_name"), "a/clip")
    assert chooser.source() == ModelSource("a/clip", classes=("a cat", "a dog"))


def test_that_classes_with_a_quote_astray_are_not_opened_and_the_dialog_says_why(chooser, qtbot):
    chooser.show_source(ModelSource("a/clip"))
    opening = chooser.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open)
    qtbot.keyClicks(chooser.findChild(QLineEdit, "classes"), '"a cat, asleep')
    said = [label.text() for label in chooser.findChildren(QLabel) if "quote" in label.text()]
    assert len(said) == 1 and not opening.isEnabled()
    with qtbot.assertNotEmitted(chooser.chosen):
        chooser.accept()
    qtbot.keyClicks(chooser.findChild(QLineEdit, "classes"), '"')
    assert opening.isEnabled() and chooser.source().classes == ("a cat, asleep",)
    assert not any("quote" in label.text() for label in chooser.findChildren(QLabel))


def test_that_weights_are_asked_for_architectures_and_classes_for_other_models(chooser, qtbot):
    chooser.show()
    weights, classes = chooser.findChild(QLineEdit, "weights"), chooser.findChild(QLineEdit, "classes")
    field = chooser.findChild(QLineEdit, "model_name")
    qtbot.keyClicks(field, "timm:resnet18")
    assert weights.isVisible() and not classes.isVisible()
    qtbot.keyClicks(weights, "random")
    assert chooser.source() == ModelSource("timm:resnet18", weights="random")
    field.selectAll()
    qtbot.keyClicks(field, "a/clip")
    assert classes.isVisible() and not weights.isVisible()
    assert chooser.source() == ModelSource("a/clip")


def test_that_weights_go_with_their_model(chooser):
    known = ModelSource("timm:resnet18", weights="random")
    chooser.show_models(MODELS, (known,))
    field = chooser.findChild(QLineEdit, "model_name")
    for name, expected in (("timm:resnet18", known), ("torchvision:resnet18", ModelSource("torchvision:resnet18"))):
        field.setText(name)
        assert chooser.source() == expected


def test_that_weights_typed_for_one_model_keep_no_classes_from_another(chooser, qtbot):
    clip = ModelSource("a/clip", classes=("a cat", "a dog"))
    chooser.show_models(MODELS, (clip,))
    field = chooser.findChild(QLineEdit, "model_name")
    field.setText("timm:resnet18")
    qtbot.keyClicks(chooser.findChild(QLineEdit, "weights"), "random")
    field.setText("a/clip")
    assert chooser.source() == clip


def test_that_a_file_of_weights_found_by_browsing_stays_while_the_name_is_mended(chooser, qtbot):
    field = chooser.findChild(QLineEdit, "model_name")
    qtbot.keyClicks(field, "timm:resnet1")
    next(button for button in chooser.findChildren(QPushButton) if button.text() == "File…").click()
    files = chooser.findChild(QFileDialog)
    files.fileSelected.emit("/there/mine.safetensors")
    files.close()
    qtbot.keyClicks(field, "8")
    assert chooser.source() == ModelSource("timm:resnet18", weights="/there/mine.safetensors")


def test_that_a_model_selected_is_named_in_the_field(chooser, qtbot):
    models = chooser.findChild(QTreeWidget, "models")
    models.select("somebody/some-model")
    assert chooser.source().name == "somebody/some-model"


@pytest.mark.parametrize("index", range(len(PRODUCTS)))
def test_that_the_path_follows_the_product(export, tmp_path, index):
    export.choose(index)
    assert export.path() == tmp_path / f"{PRODUCTS[index].stem}.{PRODUCTS[index].format}"


def test_that_a_name_of_ones_own_stays_when_the_product_changes(export, tmp_path):
    export.findChild(QLineEdit, "export_path").setText(str(tmp_path / "figure 3.pdf"))
    export.choose(2)
    assert export.path() == tmp_path / "figure 3.png"


def test_that_a_typed_suffix_chooses_the_product(export, tmp_path):
    export.findChild(QLineEdit, "export_path").setText(str(tmp_path / "numbers.json"))
    assert export.product().format == "json"
    assert export.path() == tmp_path / "numbers.json"


def test_that_a_file_is_replaced_only_at_the_second_press(export, tmp_path, qtbot):
    path = tmp_path / "tokens.pdf"
    path.write_bytes(b"there already")
    with qtbot.assertNotEmitted(export.exported):
        export.accept()
    heard = export.findChild(QLineEdit, "export_path").accessibleDescription()
    assert heard == "tokens.pdf exists. Press Replace to write over it."
    with qtbot.waitSignal(export.exported) as exported:
        export.accept()
    assert exported.args[1] == path


def test_that_another_name_after_the_warning_is_asked_about_anew(export, tmp_path, qtbot):
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(b"")
    field = export.findChild(QLineEdit, "export_path")
    with qtbot.assertNotEmitted(export.exported):
        for name in ("one.pdf", "two.pdf"):
            field.setText(str(tmp_path / name))
            export.accept()
    assert export.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).text() == "Replace"


def test_that_preferences_change_what_was_chosen_and_nothing_else(qtbot):
    preferences = Preferences()
    qtbot.addWidget(preferences)
    settings = Settings(theme="dark", device="cuda:0", dtype="bfloat16", prompt="kept")
    preferences.show_settings(settings, ("cpu",))
    with qtbot.waitSignal(preferences.changed) as changed:
        preferences.choose_colour_map("bwr")
    (after,) = changed.args
    assert (after.colour_map, after.theme, after.device, after.dtype) == ("bwr", "dark", "cuda:0", "bfloat16")


def test_that_a_worker_command_with_an_open_quotation_mark_is_refused_in_place(qtbot):
    preferences = Preferences()
    qtbot.addWidget(preferences)
    preferences.show_settings(Settings(), ())
    field = preferences.findChild(QLineEdit, "worker_command")
    with qtbot.assertNotEmitted(preferences.worker_changed):
        qtbot.keyClicks(field, "ssh 'gpu")
        qtbot.keyClick(field, Qt.Key.Key_Return)


def test_that_every_colour_map_has_a_title():
    assert set(COLOUR_MAP_TITLES) == set(COLOUR_MAPS)


def test_that_the_help_names_every_command_with_its_keys(qtbot):
    shortcuts = Shortcuts(MENUS)
    qtbot.addWidget(shortcuts)
    tree = shortcuts.findChild(QTreeWidget, "shortcuts")
    groups = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    names = {group.child(i).text(0) for group in groups for i in range(group.childCount())}
    assert {command.name for command in COMMANDS} <= names


def test_that_about_says_versions_licence_and_patent(qtbot):
    about = About({"torch": "2.99"})
    qtbot.addWidget(about)
    texts = " ".join(label.text() for label in about.findChildren(QLabel))
    for word in ("2.99", "BSD", "LGPL", "patented"):
        assert word in texts
