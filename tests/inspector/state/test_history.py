from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.protocol.inputs import Picture, Text
from engine.protocol.targets import Token
from engine.protocol.values import Continuation, Image, ModelSource
from inspector.state.history import History, step_name
from inspector.state.question import BUNDLED_MODELS, Question

ASKED = Question(BUNDLED_MODELS[0], Text("a prompt"))


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (replace(ASKED, rules="cp-lrp"), "other rules"),
        (replace(ASKED, target=Token("x")), "other target"),
        (replace(ASKED, source=ModelSource("bundled:gpt2")), "other model"),
        (replace(ASKED, input=Text("another")), "other prompt"),
        (replace(ASKED, input=Text("a prompt and more", Continuation(8, (7, 8)))), "generated text"),
        (replace(ASKED, input=Picture(Image("cat.png", "digest", b""))), "other picture"),
    ],
)
def test_that_a_step_is_named_by_what_it_changed(after, name):
    assert step_name(ASKED, after) == name


def test_that_undo_and_redo_are_named_as_one_stands_between_them():
    history = History(ASKED)
    assert history.undo_name == history.redo_name == ""
    history.go_on(replace(ASKED, rules="cp-lrp"))
    history.go_on(replace(ASKED, rules="cp-lrp", target=Token("x")))
    history.undo()
    assert (history.undo_name, history.redo_name) == ("other rules", "other target")
