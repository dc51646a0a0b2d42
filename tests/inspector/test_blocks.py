"""Blocks, neurons and the lens below the tokens: asked for when they are looked at, and by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.protocol.inputs import Picture
from engine.protocol.messages import BlockOpened, Failed, FindNeurons, OpenBlock, ReadLayers
from engine.protocol.picture_files import image_of
from engine.protocol.values import ModelSource
from inspector.keeping.settings import Profile, SettingsFile
from inspector.panes.asked_pane import AskedPane
from inspector.panes.block_pane import BlockPane
from inspector.panes.details import DetailPane
from inspector.panes.inside_parts import place_of
from inspector.panes.layers_pane import LayersPane
from inspector.panes.lens_pane import LensPane
from inspector.panes.neurons_pane import NeuronsPane
from inspector.state.question import Question
from inspector.window import Window
from tests.inspector.answers import BLOCKS, GRID, answer_about_picture
from tests.inspector.fake_worker import FakeWorker
from tests.inspector.honest_worker import HonestWorker

CAT = Path(__file__).parents[2] / "resources" / "examples" / "images"


def asked(worker: FakeWorker, kind: type) -> list:
    return [request for _, request in worker.asked if isinstance(request, kind)]


def in_front(window: Window, kind: type[DetailPane]) -> DetailPane:
    pane = window.below.pane(kind)
    window.below.setCurrentWidget(pane)
    return pane


def title(window: Window) -> str:
    return window.below.tabText(window.below.indexOf(window.below.pane(BlockPane)))


def said(pane: AskedPane) -> str:
    label = pane.findChild(QLabel, "said")
    return label.text() if label.isVisible() else ""


def account(pane: BlockPane) -> dict[str, str]:
    rows = pane.account.rows
    return {rows.text(row, 0): rows.text(row, 1) for row in range(len(rows.rows))}


@pytest.mark.parametrize(("layer", "block"), [(None, 0), (2, 2), (BLOCKS, BLOCKS - 1)])
def test_that_the_block_which_the_layer_enters_is_opened_once_it_is_looked_at(window, worker, layer, block) -> None:
    window.study.look_at_layer(layer)
    assert title(window) == f"Block {block}" and not asked(worker, OpenBlock)
    pane = in_front(window, BlockPane)
    assert "as soon as" in said(pane)
    worker.answer()
    assert [request.block for request in asked(worker, OpenBlock)] == [block]
    assert f"arrives at layer {block + 1}" in account(pane) and not said(pane)
    in_front(window, LayersPane)
    in_front(window, BlockPane)
    assert len(asked(worker, OpenBlock)) == 1  # it is known


def test_that_enter_on_the_layers_opens_the_block_and_the_keys_lead_on_and_back(window, worker) -> None:
    window.activateWindow()
    window.study.look_at_layer(1)
    layers = window.layers.text.map
    layers.setFocus()
    QTest.keyClick(layers, Qt.Key.Key_Return)
    worker.answer()
    pane = window.below.pane(BlockPane)
    assert window.below.currentWidget() is pane
    pane.account.setFocus()
    QTest.keyClick(pane.account, Qt.Key.Key_PageUp)
    worker.answer()
    assert (title(window), window.study.view.look.layer) == ("Block 2", 2)
    for _ in range(4):
        QTest.keyClick(pane.account, Qt.Key.Key_PageDown)
        worker.answer()
    assert title(window) == "Block 0"  # and not below
    QTest.keyClick(pane.account, Qt.Key.Key_Backspace)
    assert window.below.currentWidget() is window.layers and layers.hasFocus()


def test_that_a_block_stays_and_is_stale_until_the_next_is_there(window, worker) -> None:
    pane = in_front(window, BlockPane)
    worker.answer()
    before = account(pane)
    window.commands["layer.up"].trigger()
    window.commands["layer.up"].trigger()
    assert account(pane) == before and pane.account.accessibleDescription() == "stale"
    worker.answer()
    assert account(pane) != before and pane.account.accessibleDescription() == ""


@pytest.mark.parametrize(
    ("kind", "request_kind"), [(BlockPane, OpenBlock), (NeuronsPane, FindNeurons), (LensPane, ReadLayers)]
)
def test_that_a_refusal_is_said_in_its_tab_and_asked_for_once(window, worker, kind, request_kind) -> None:
    pane = in_front(window, kind)
    worker.say(request_kind, Failed("model_unsupported", "This model has none."))
    assert said(pane) == "This model has none."
    assert not window.notices.failure.isVisible()
    window.study.look_at_token(1)
    assert len(asked(worker, request_kind)) == 1
    window.inquiry.choose_rules("cp-lrp")
    worker.answer()
    assert not said(pane) and len(asked(worker, request_kind)) == 2


def test_that_neurons_of_all_blocks_stand_with_their_blocks_and_are_chosen_to_be_looked_at(
    window, worker, qtbot
) -> None:
    pane = in_front(window, NeuronsPane)
    worker.answer()
    assert {row[0] for row in pane.neurons.texts()} == {str(block) for block in range(BLOCKS)}
    assert not pane.neurons.table.isColumnHidden(0)
    with qtbot.waitSignal(window.below.part_chosen) as chosen:
        pane.neurons.table.selectRow(1)
    assert (chosen.args[0].block, chosen.args[0].index) == (1, 7)
    assert [index.row() for index in pane.neurons.table.selectionModel().selectedRows()] == [1]
    window.study.look_at_layer(0)
    assert not pane.neurons.table.selectionModel().hasSelection()


def test_that_a_head_of_the_block_is_chosen_to_be_looked_at(window, worker, qtbot) -> None:
    window.study.look_at_layer(3)
    pane = in_front(window, BlockPane)
    worker.answer()
    row = next(row for row, name in enumerate(account(pane)) if name == "3.1")
    with qtbot.waitSignal(window.below.part_chosen) as chosen:
        pane.account.selectRow(row)
    assert (chosen.args[0].block, chosen.args[0].head) == (3, 1)


def test_that_a_row_of_the_lens_is_the_layer_that_is_looked_at(window, worker) -> None:
    pane = in_front(window, LensPane)
    worker.answer()
    pane.table.selectRow(1)
    assert window.study.view.look.layer == BLOCKS - 1
    window.study.look_at_layer(0)
    assert pane.table.selectionModel().selectedRows()[0].row() == BLOCKS


def test_that_the_lens_stands_beside_the_layers_where_it_is_wanted_and_that_is_remembered(
    open_window, worker, qtbot
) -> None:
    profile = Profile(SettingsFile(None))
    window = open_window(profile)
    worker.start()
    window.inquiry.open_model(window.study.question.source)
    worker.greet()
    worker.answer()
    plots = window.layers.text.map._plots
    assert not asked(worker, ReadLayers) and not plots._lens.is_shown
    window.commands["view.lens"].trigger()
    worker.answer()
    qtbot.waitUntil(lambda: plots._lens.is_shown)
    assert len(asked(worker, ReadLayers)) == 1
    window.inquiry.choose_rules("cp-lrp")
    assert plots._lens.is_shown  # stale, until the next is there
    worker.answer()
    assert len(asked(worker, ReadLayers)) == 2
    window.commands["view.lens"].trigger()
    qtbot.waitUntil(lambda: not plots._lens.is_shown)
    window.commands["view.lens"].trigger()
    window.close()
    assert profile.settings.lens


@pytest.mark.parametrize(
    ("position", "expected"),
    [(0, "class token"), (1, "patch 0, 0"), (GRID.columns + 2, "patch 1, 1"), (99, "place 99")],
)
def test_that_a_place_on_a_picture_goes_by_its_row_and_column(position: int, expected: str) -> None:
    picture = Picture(image_of(b"no picture at all", "none.png"))
    relevance = answer_about_picture(Question(ModelSource("bundled:vit"), picture)).relevance
    assert place_of(position, 0, relevance) == ("", expected, "")


@pytest.fixture
def worker(request, qapp) -> FakeWorker:
    return HonestWorker() if "honest" in request.node.name else FakeWorker()


def test_that_an_honest_block_closes_to_what_is_written(window, worker: HonestWorker) -> None:
    window.study.look_at_layer(2)
    pane = in_front(window, BlockPane)
    worker.answer()
    whole, *others = [float(text.replace("−", "-")) for text in account(pane).values()]
    parts = others[: list(account(pane)).index("heads of its attention") - 1]
    assert sum(parts) == pytest.approx(whole, abs=0.005 * (len(parts) + 1))
    found = window.study.known(OpenBlock(window.study.question, 2))
    assert isinstance(found, BlockOpened) and found.block.arrives.sum() == pytest.approx(whole, abs=0.006)
    assert len(pane.neurons.texts()) == 50


def test_that_an_honest_gradient_says_that_it_has_no_parts(window, worker: HonestWorker) -> None:
    window.inquiry.choose_rules("gradient")
    worker.answer()
    pane = in_front(window, BlockPane)
    worker.answer()
    assert "has no parts that add up" in said(pane)
    lens = in_front(window, LensPane)
    worker.answer()
    assert not said(lens)  # which needs no rules


def test_that_of_an_honest_picture_patches_are_named(window, worker: HonestWorker) -> None:
    picture = next(iter(sorted(CAT.glob("*.*"))))
    window.inquiry.open_model(ModelSource("bundled:vit"))
    worker.answer()
    window.inquiry.use_image(image_of(picture.read_bytes(), picture.name))
    worker.answer()
    assert isinstance(window.study.question.input, Picture)
    pane = in_front(window, BlockPane)
    worker.answer()
    places = {row[4] for row in pane.neurons.texts()}
    assert places and all(place.startswith(("patch ", "class token")) for place in places)
    assert pane.findChild(QLabel, "footer").text().endswith("not shown on the picture")
    assert not any(row.can_be_chosen for row in pane.account.rows.rows)
