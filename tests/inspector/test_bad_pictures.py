"""Files that are no pictures, in the library, the command and the window: a sentence, and nothing is lost by it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel
from typer.testing import CliRunner

import engine
from engine.protocol.failures import ImageError
from engine.protocol.inputs import Text
from engine.protocol.values import ModelSource
from inspector.cli import cli
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.window import Window
from tests.inspector.fake_worker import FakeWorker
from tests.inspector.honest_worker import HonestWorker
from tests.inspector.waiting import wait_for_reading
from tests.made_pictures import huge_png, noise, stored, with_nan

DIGITS = Path(__file__).parents[2] / "resources" / "examples" / "images" / "digits-3-and-8.png"
VIT = ModelSource("bundled:vit")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"


def file(data: bytes, name: str = "cat.png") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def folder(place: Path) -> Path:
    (place / "cat.png").mkdir()
    return place / "cat.png"


def locked(place: Path) -> Path:
    path = file(noise())(place)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("whoever runs this may read every file")
    return path


@dataclass(frozen=True)
class Case:
    """A file, and what the answer has to name: what was found, and what would do."""

    make: Callable[[Path], Path]
    found: str
    would_do: str


CASES = {
    "cut short": Case(file(noise()[:-3000]), "“cat.png” is damaged or cut short", "copy it again"),
    "30,000 x 30,000": Case(file(huge_png()), "“cat.png” has too many pixels", "smaller than 64 megapixels"),
    "SVG": Case(file(SVG), "“cat.png” is an SVG drawing", "save it as one"),
    "EPS": Case(file(EPS, "cat.eps"), "“cat.eps” is an EPS drawing", "save it as one"),
    "folder": Case(folder, "“cat.png” is a folder", "open a picture in it"),
    "no permission": Case(locked, "“cat.png” may not be read", "allow that"),
    "missing": Case(lambda place: place / "cat.png", "There is no file", "open a picture that is there"),
    "empty": Case(file(b""), "“cat.png” is empty", "copy it again"),
    "NaN": Case(file(with_nan(), "cat.tiff"), "“cat.tiff” has pixels that are not numbers", "save it again"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def bad(case: Case, tmp_path: Path) -> Path:
    return case.make(tmp_path)


def check(case: Case, sentence: str) -> None:
    assert case.found in sentence
    assert case.would_do in sentence
    assert "\n" not in sentence


def test_that_the_library_raises_a_typed_error(case: Case, bad: Path) -> None:
    with pytest.raises(ImageError) as raised:
        engine.trace(engine.load_model("bundled:vit"), image=bad)
    assert raised.value.kind == "image_unreadable"
    check(case, str(raised.value))


@pytest.mark.parametrize("command", ["explain", "grid"])
def test_that_the_command_says_so_in_a_line(case: Case, bad: Path, tmp_path: Path, command: str) -> None:
    before = set(tmp_path.iterdir())
    done = CliRunner().invoke(cli, [command, "bundled:vit", "--image", str(bad), "--out", str(tmp_path / "a.png")])
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    check(case, done.stderr.strip())
    assert set(tmp_path.iterdir()) == before


@pytest.fixture
def worker() -> HonestWorker:
    return HonestWorker()


@pytest.fixture
def answered(worker: HonestWorker, qtbot, qapp) -> Iterator[Window]:
    """A window that shows why two digits are what they are."""
    window = Window(
        worker, FakeWorker(), Study(Question(VIT, Text())), Profile(SettingsFile(None)), lambda command: None
    )
    window.show()
    worker.start()
    window.inquiry.open_model(VIT)
    worker.greet()
    worker.answer()
    window.pictures.open(str(DIGITS))
    wait_for_reading()
    worker.answer()
    assert window.study.is_answered
    yield window
    window.close()
    window.deleteLater()


def test_that_the_window_says_so_and_keeps_its_answer(
    case: Case, bad: Path, tmp_path: Path, worker: HonestWorker, answered: Window
) -> None:
    before = answered.study.shown
    answered.pictures.open(str(bad))
    wait_for_reading()
    worker.answer()
    labels = answered.findChildren(QLabel)
    shown = [label.text() for label in labels if label.isVisible() and case.found in label.text()]
    assert len(shown) == 1
    check(case, shown[0])
    assert answered.study.shown is before
    assert answered.relevance.picture.isVisible()
    answered.pictures.open(str(file(noise(), "good.png")(tmp_path)))
    wait_for_reading()
    worker.answer()
    assert answered.study.is_answered
    assert answered.study.shown.relevance.seen.name == "good.png"
    assert not answered.notices.failure.isVisible()


@pytest.fixture
def pixel(tmp_path: Path) -> Path:
    return file(stored(Image.new("RGB", (1, 1), "red")), "pixel.png")(tmp_path)


def test_that_a_single_pixel_is_a_picture_to_library_and_command(pixel: Path, tmp_path: Path) -> None:
    with engine.trace(engine.load_model("bundled:vit"), image=pixel) as trace:
        found = trace.explain()
    assert found.seen.original == (1, 1)
    assert found.ledger.closes
    for command in ("explain", "grid"):
        out = tmp_path / f"{command}.png"
        done = CliRunner().invoke(cli, [command, "bundled:vit", "--image", str(pixel), "--out", str(out)])
        assert (done.exit_code, done.stderr) == (0, "")
        assert Image.open(out).width > 100


def test_that_a_single_pixel_is_a_picture_to_the_window(pixel: Path, worker: HonestWorker, answered: Window) -> None:
    answered.pictures.open(str(pixel))
    wait_for_reading()
    worker.answer()
    assert answered.study.is_answered
    assert answered.study.shown.relevance.seen.original == (1, 1)
