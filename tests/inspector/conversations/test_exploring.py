from __future__ import annotations

import pytest

from engine.protocol.inputs import Text
from engine.protocol.messages import Explain, Failed, Rate
from engine.protocol.rule_names import Gamma
from engine.protocol.values import Image, ModelSource
from inspector.conversations.inquiry import Inquiry
from inspector.state.question import Question
from inspector.state.study import Study
from tests.inspector.fake_worker import FakeWorker, good_ending

VIT = ModelSource("bundled:vit")
IMAGE = Image("cat.png", "a digest", b"bytes of a picture")
CONV, LINEAR = (0.1, 100.0), (0.0, 0.05, 1.0)


@pytest.fixture
def worker(qapp) -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def inquiry(worker) -> Inquiry:
    inquiry = Inquiry(worker, FakeWorker(), Study(Question(VIT, Text())))
    inquiry.open_model(VIT)
    worker.answer()
    inquiry.use_image(IMAGE)
    worker.answer()
    return inquiry


@pytest.fixture
def heard(inquiry) -> list:
    heard: list = []
    exploring = inquiry.exploring
    exploring.answered.connect(lambda row, column, relevance: heard.append(("answered", row, column, relevance.rules)))
    exploring.rated.connect(lambda row, column, drop: heard.append(("rated", row, column, drop)))
    exploring.ended.connect(lambda failure: heard.append(failure or "ended"))
    return heard


def explore(inquiry: Inquiry) -> None:
    inquiry.exploring.explore(inquiry.study.question, CONV, LINEAR, "cp")


def test_that_every_cell_is_explained_and_then_rated(inquiry, worker, heard):
    explore(inquiry)
    worker.answer()
    cells = [(row, column) for row in range(2) for column in range(3)]
    assert heard[:6] == [("answered", r, c, Gamma(CONV[r], LINEAR[c]).name) for r, c in cells]
    assert [each[:3] for each in heard[6:12]] == [("rated", r, c) for r, c in cells]
    assert heard[12:] == ["ended"]
    assert not inquiry.activity.is_any


def test_that_one_question_is_put_at_a_time(inquiry, worker):
    explore(inquiry)
    assert len(worker.open) == 1
    assert worker.open[0].input.image.data == IMAGE.data


def test_that_stop_keeps_what_is_done_and_asks_no_more(inquiry, worker, heard):
    explore(inquiry)
    worker.say(Explain, answer_of(worker))
    inquiry.stop()
    worker.answer()
    assert [each[0] for each in heard[:1]] == ["answered"]
    assert heard[1:] == ["ended"]


def test_that_an_answer_that_came_before_the_stop_is_kept(inquiry, worker, heard):
    explore(inquiry)
    inquiry.stop()
    worker.say(Explain, answer_of(worker))
    assert [each[0] for each in heard[:1]] == ["answered"]
    assert heard[1:] == ["ended"]
    assert not worker.open


def test_that_a_failure_ends_it_and_is_told(inquiry, worker, heard):
    troubles: list = []
    inquiry.troubled.connect(troubles.append)
    explore(inquiry)
    worker.say(Explain, Failed("out_of_memory", "There is no room."))
    assert heard == ["There is no room."]
    assert len(troubles) == 1


def test_that_the_answer_on_show_stays_and_a_cell_is_known_afterwards(inquiry, worker):
    shown = inquiry.study.shown
    explore(inquiry)
    worker.answer()
    assert inquiry.study.shown is shown
    asked = len(worker.asked)
    inquiry.choose_rules(Gamma(CONV[1], LINEAR[2]).name)
    assert inquiry.study.is_answered
    assert len(worker.asked) == asked


def test_that_known_cells_are_not_asked_again(inquiry, worker, heard):
    explore(inquiry)
    worker.answer()
    heard.clear()
    before = [request for _, request in worker.asked if isinstance(request, Explain)]
    explore(inquiry)
    worker.answer()
    assert [request for _, request in worker.asked if isinstance(request, Explain)] == before
    assert sum(each[0] == "answered" for each in heard) == 6
    assert sum(isinstance(request, Rate) for _, request in worker.asked) == 6
    assert sum(each[0] == "rated" for each in heard) == 6


def test_that_another_grid_takes_the_place_of_the_one_under_way(inquiry, worker, heard):
    explore(inquiry)
    inquiry.exploring.explore(inquiry.study.question, (5.0,), (7.0,), "attnlrp")
    worker.answer()
    assert heard[0] == ("answered", 0, 0, Gamma(5.0, 7.0, "attnlrp").name)
    assert [each[0] for each in heard[1:2]] == ["rated"]
    assert heard[2:] == ["ended"]


def answer_of(worker: FakeWorker):
    return good_ending(worker.open[-1])
