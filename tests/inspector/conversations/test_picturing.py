from __future__ import annotations

import pytest

from engine.protocol.inputs import Text
from engine.protocol.messages import Explain, Failed, Load, Tokenize
from engine.protocol.values import Image, ModelSource
from inspector.conversations.inquiry import Inquiry
from inspector.conversations.picturing import PICTURE_MODEL
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.state.trouble import Remedy
from tests.inspector.fake_worker import FakeWorker

IMAGE = Image("cat.png", "a digest", b"bytes of a picture")
TEXT_MODEL = ModelSource("bundled:llama")


@pytest.fixture
def worker(qapp) -> FakeWorker:
    return FakeWorker()


def opened(worker: FakeWorker, source: ModelSource, prompt: str = "a prompt") -> Inquiry:
    inquiry = Inquiry(worker, FakeWorker(), Study(Question(source, Text(prompt))))
    inquiry.open_model(source)
    worker.answer()
    return inquiry


def asked(worker: FakeWorker, kind: type) -> list:
    return [request for _, request in worker.asked if isinstance(request, kind)]


def troubles_of(inquiry: Inquiry) -> list:
    heard: list = []
    inquiry.troubled.connect(heard.append)
    return heard


def test_that_a_picture_is_explained_with_its_bytes(worker):
    inquiry = opened(worker, PICTURE_MODEL)
    inquiry.use_image(IMAGE)
    assert asked(worker, Explain)[-1].input.image.data == IMAGE.data
    worker.answer()
    assert inquiry.study.is_answered
    assert inquiry.study.scene.picture is not None


def test_that_a_picture_for_a_text_model_waits_for_the_one_that_is_offered(worker):
    inquiry = opened(worker, TEXT_MODEL)
    troubles = troubles_of(inquiry)
    before = len(asked(worker, Explain))
    inquiry.use_image(IMAGE)
    assert len(asked(worker, Explain)) == before
    assert troubles[-1].remedy is Remedy.PICTURE_MODEL
    assert "cat.png" in troubles[-1].message
    assert "to explain a prompt, turn to it under Input and press Explain" in troubles[-1].message
    inquiry.remedy(troubles[-1].remedy)
    worker.answer()
    assert asked(worker, Load)[-1].source == PICTURE_MODEL
    assert inquiry.study.is_answered
    assert inquiry.study.shown.relevance.seen.name == "cat.png"


def test_that_a_prompt_for_a_model_of_pictures_says_so(worker):
    inquiry = opened(worker, PICTURE_MODEL)
    troubles = troubles_of(inquiry)
    inquiry.use_prompt("words")
    assert not asked(worker, Explain)
    assert "takes pictures, not text" in troubles[-1].message


def test_that_opening_a_model_of_pictures_does_not_complain_about_the_prompt(worker):
    inquiry = Inquiry(worker, FakeWorker(), Study(Question(PICTURE_MODEL, Text("a prompt"))))
    troubles = troubles_of(inquiry)
    inquiry.open_model(PICTURE_MODEL)
    worker.answer()
    assert troubles == []
    assert not asked(worker, Explain)
    assert not inquiry.tokenising.is_waiting


def test_that_a_picture_that_came_while_a_model_is_opened_is_explained_then(worker):
    inquiry = Inquiry(worker, FakeWorker(), Study(Question(PICTURE_MODEL, Text("a prompt"))))
    inquiry.open_model(PICTURE_MODEL)
    inquiry.use_image(IMAGE)
    assert not asked(worker, Explain)
    worker.answer()
    assert inquiry.study.is_answered


def test_that_a_picture_that_cannot_be_read_leaves_the_answer_and_offers_another(worker):
    inquiry = opened(worker, PICTURE_MODEL)
    inquiry.use_image(IMAGE)
    worker.answer()
    troubles, shown = troubles_of(inquiry), inquiry.study.shown
    inquiry.use_image(Image("broken.png", "another digest", b"broken"))
    worker.say(Explain, Failed("image_unreadable", "broken.png is cut off."))
    assert troubles[-1].remedy is Remedy.OPEN_IMAGE
    assert inquiry.study.shown is shown
    inquiry.undo()
    assert inquiry.study.is_answered


def test_that_a_picture_has_no_tokens_to_count(worker):
    inquiry = opened(worker, PICTURE_MODEL)
    counts: list = []
    inquiry.counted.connect(counts.append)
    inquiry.use_image(IMAGE)
    worker.answer()
    assert set(counts) == {None}
    assert not asked(worker, Tokenize)
