"""A bundled model brings an example of its own in place of an untouched example for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.inputs import Input, Picture, Text
from engine.protocol.messages import Explain
from engine.protocol.picture_files import read_image
from engine.protocol.values import ModelSource
from inspector.app import Options, _question
from inspector.intake.examples import own_example, read_examples, read_image_examples
from inspector.keeping.settings import DEFAULTS, Settings
from inspector.window import Window
from tests.inspector.fake_worker import FakeWorker

LLAMA, BERT, VIT = (ModelSource(f"bundled:{name}") for name in ("llama", "bert", "vit"))
SENTENCE = next(each.prompt for each in read_examples() if "bundled:bert" in each.models)
RECALL = read_examples()[0].prompt
DIGITS = Picture(read_image(Path(read_image_examples()[0].path)))


@pytest.mark.parametrize(
    ("source", "input", "own"),
    [
        (BERT, Text(RECALL), Text(SENTENCE)),
        (VIT, Text(RECALL), DIGITS),
        (LLAMA, DIGITS, Text(RECALL)),
        (LLAMA, Text(SENTENCE), Text(RECALL)),
        (LLAMA, Text(read_examples()[1].prompt), None),  # its own already
        (BERT, Text(RECALL + " and"), None),  # touched
        (BERT, Text(""), None),
        (VIT, Text("a prompt"), None),
        (LLAMA, Picture(read_image(Path(__file__))), None),
        (ModelSource("somebody/some-model"), Text(SENTENCE), None),
    ],
)
def test_that_an_example_of_others_makes_room_for_ones_own(
    source: ModelSource, input: Input, own: Input | None
) -> None:
    assert own_example(source, input) == own


@pytest.mark.parametrize(("source", "own"), [(BERT, Text(SENTENCE)), (VIT, DIGITS)])
def test_that_a_model_opened_in_the_window_answers_its_own_example(
    open_window, worker: FakeWorker, source, own
) -> None:
    window: Window = open_window(prompt=RECALL)
    window.inquiry.open_model(LLAMA)
    worker.answer()
    window.inquiry.open_model(source)
    worker.answer()
    assert window.study.question == Explain(source, own)
    assert window.study.is_answered


def test_that_a_prompt_of_ones_own_stays(window: Window, worker: FakeWorker) -> None:
    before = window.study.question.input
    window.inquiry.open_model(BERT)
    worker.answer()
    assert window.study.question == Explain(BERT, before)


def test_that_a_picture_on_its_way_is_explained_and_no_example(open_window, worker: FakeWorker) -> None:
    window: Window = open_window(prompt=RECALL)
    window.inquiry.expect_picture(True)
    window.inquiry.open_model(VIT)
    worker.answer()
    assert window.study.question.input == Text(RECALL)


@pytest.mark.parametrize(
    ("options", "settings", "asked"),
    [
        (Options(model="bundled:bert"), DEFAULTS, Text(SENTENCE)),
        (Options(model="bundled:vit"), DEFAULTS, DIGITS),
        (Options(model="bundled:bert"), Settings(prompt=RECALL), Text(SENTENCE)),
        (Options(model="bundled:bert"), Settings(prompt="my own"), Text("my own")),
        (Options(model="bundled:bert", prompt_file=Path("p.txt")), DEFAULTS, Text(RECALL)),
        (Options(), DEFAULTS, Text(RECALL)),
    ],
)
def test_that_the_command_line_without_a_prompt_brings_the_models_own(options, settings, asked: Input) -> None:
    assert _question(options, settings).input == asked


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_that_the_line_break_at_the_end_of_a_prompt_file_is_no_token(
    window: Window, tmp_path: Path, end: bytes
) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"the prompt" + end)
    window.openings.open_file(str(path))
    assert window.study.question.input == Text("the prompt")
    path.write_bytes(b"another prompt" + end)
    window.openings.open_prompt(str(path))
    assert window.study.question.input == Text("another prompt")


def test_that_a_file_that_is_no_text_is_named(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"\xff\xfe")
    window.openings.open_file(str(path))
    assert "prompt.txt” is not UTF-8 text" in window.notices.failure.message()
