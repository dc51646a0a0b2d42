"""What cannot be done is grey and says why; what was said goes when it is of no more interest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.actions.commands import COMMANDS
from inspector.conversations.picturing import PICTURE_MODEL
from inspector.intake.examples import read_image_examples
from inspector.state.trouble import Trouble
from inspector.window import Window
from tests.inspector.fake_worker import FakeWorker

PICTURE = Path(read_image_examples()[0].path).read_bytes()
MODES = [command.id for command in COMMANDS if command.choice == "mode"]
LAYERS = [command.id for command in COMMANDS if command.id.startswith("layer.")]


def nothing_yet(window: Window, worker: FakeWorker) -> None:
    pass


def answered(window: Window, worker: FakeWorker) -> None:
    window.inquiry.open_model(window.study.question.source)
    worker.answer()


def about_a_picture(window: Window, worker: FakeWorker) -> None:
    window.inquiry.open_model(PICTURE_MODEL)
    window.pictures.take_bytes(PICTURE, "a picture.png")
    worker.answer()


@pytest.mark.parametrize("become", [nothing_yet, answered, about_a_picture])
def test_that_every_command_that_is_grey_says_why(open_window, worker, become: Callable):
    window = open_window()
    become(window, worker)
    grey = [command for command in COMMANDS if not window.commands[command.id].isEnabled()]
    assert grey
    silent = [each.id for each in grey if window.commands[each.id].toolTip().startswith(each.help)]
    assert silent == []


def test_that_the_ways_to_show_a_picture_are_there_for_pictures_alone(open_window, worker):
    window = open_window()
    answered(window, worker)
    assert not any(window.commands[mode].isEnabled() for mode in MODES)
    about_a_picture(window, worker)
    assert all(window.commands[mode].isEnabled() for mode in MODES)


def test_that_layers_are_walked_where_there_are_any(open_window, worker):
    window = open_window()
    assert not any(window.commands[layer].isEnabled() for layer in LAYERS)
    answered(window, worker)
    assert all(window.commands[layer].isEnabled() for layer in LAYERS)


def test_that_the_button_that_explores_says_why_it_is_grey(open_window, worker):
    window = open_window()
    assert not window.input.gamma._explore.isEnabled()
    assert window.input.gamma._explore.toolTip() == window.commands["run.explore"].toolTip() == "Open a picture first"


def test_that_a_saved_file_is_news_until_something_fails(window, tmp_path):
    window.notices.show_written(tmp_path / "a.csv", "")
    assert not window.notices.news.isHidden()
    window.show_trouble(Trouble("It failed."))
    assert window.notices.news.isHidden() and not window.notices.failure.isHidden()


def test_that_other_news_outlives_a_failure(window):
    window.notices.show_news("The settings were damaged.")
    window.show_trouble(Trouble("It failed."))
    assert not window.notices.news.isHidden()


def test_that_a_doubt_about_a_model_goes_with_the_model(window, worker):
    window.inquiry.model_doubted.emit("It may be far off.")
    assert not window.notices.news.isHidden()
    window.inquiry.open_model(PICTURE_MODEL)
    worker.answer()
    assert window.notices.news.isHidden()


def test_that_a_worker_that_had_to_be_replaced_is_told_of(window, worker):
    worker.replaced.emit("The worker did not stop.")
    assert window.notices.news.message() == "The worker did not stop."
