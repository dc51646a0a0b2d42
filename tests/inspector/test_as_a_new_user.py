"""What a new user does first, with keys and clicks on a real X server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inspector.person import Person, Screen

pytestmark = [
    pytest.mark.process,
    pytest.mark.display,
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed"),
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed"),
]

# Places in a window of 1280 x 800 at the screen's upper left corner, with the prompt folded to its line.
STRIP = (16, 172, 940, 290)
TITLE = (12, 110, 480, 156)
EXPEDITION = (296, 190)  # the word, in our own question
TOP_LAYER = (560, 398)
DISMISS = (949, 112)
NOTICE = (490, 112)  # between the question and the colours, where there is none
BACKGROUND = (243, 244, 246)
QUESTION = "In 1922 the British expedition reached 8,320 m. The 1922 expedition reached 8,"


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    screen = Screen(1400, 900)
    person = Person(screen, tmp_path)
    yield person
    person.kill()
    screen.close()


def kept(person: Person) -> dict:
    return json.loads(person.settings.read_text(encoding="utf-8")) if person.settings.exists() else {}


def export(person: Person, path: Path) -> str:
    """Save the answer at `path` through File > Export, and read it."""
    person.press("ctrl+e")
    person.press("ctrl+a")
    person.type(str(path))
    person.press("Return")
    person.wait(path.exists, path.name)
    person.take_window()
    return path.read_text(encoding="utf-8")


def put_notice_away(person: Person) -> None:
    """It pushes down what is below."""
    person.wait(lambda: not person.shows(NOTICE, BACKGROUND), "the notice")
    person.click(*DISMISS)
    person.wait(lambda: person.shows(NOTICE, BACKGROUND), "the end of the notice")


def wait_for_answer(person: Person) -> None:
    person.wait(lambda: person.sees_most_relevant(STRIP), "the most relevant token in its colour")


def test_that_a_new_user_gets_through(person: Person, tmp_path: Path):
    person.start()
    person.take_window()
    wait_for_answer(person)  # the first example, with no click
    person.wait(lambda: "llama" in person.title().lower(), "the model's name in the title")

    person.press("F2")
    person.press("ctrl+a")
    person.type(QUESTION)
    person.press("ctrl+Return")
    person.wait(lambda: kept(person).get("prompt") == QUESTION, "the answer to one's own prompt")
    first = json.loads(export(person, tmp_path / "first.json"))
    assert first["prompt"] == QUESTION
    put_notice_away(person)

    before = person.picture(STRIP)
    person.click(*EXPEDITION)
    person.wait(lambda: person.picture(STRIP) != before, "the explanation of another position")
    before = person.picture(TITLE)
    person.press("alt+2")
    person.wait(lambda: person.picture(TITLE) != before, "the other rules")
    second = json.loads(export(person, tmp_path / "second.json"))
    assert second["rules"] == "cp-lrp"
    explained_after = second["tokens"][second["target"]["position"]]
    assert explained_after["text"] == " expedition"
    put_notice_away(person)

    before = person.picture(TITLE)
    person.click(*TOP_LAYER)
    person.wait(lambda: person.picture(TITLE) != before, "another layer")
    assert "documentclass" in export(person, tmp_path / "layer.tex")

    person.press("ctrl+q")
    assert person.end() == 0
    assert kept(person)["rules"] == "cp-lrp"

    person.start()
    person.take_window()
    wait_for_answer(person)
    again = json.loads(export(person, tmp_path / "third.json"))
    assert (again["prompt"], again["rules"]) == (QUESTION, "cp-lrp")
    person.press("ctrl+q")
    assert person.end() == 0
