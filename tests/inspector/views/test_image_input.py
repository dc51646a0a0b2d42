import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inspector.views.input.image_input import ImageExample, ImageInput
from inspector.views.input.thumbnail import Thumbnail, read_small
from tests.inspector.waiting import wait_for_reading

_PIXELS = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)


def _file(pixels: np.ndarray = _PIXELS, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def picture(shown) -> Iterator[ImageInput]:
    QGuiApplication.clipboard().clear()
    yield shown(ImageInput(), 300, 260)
    QGuiApplication.clipboard().clear()


def _drop(picture: ImageInput, data: QMimeData) -> bool:
    """Whether it could be let go here."""
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, left, none)
    enter.ignore()
    QApplication.sendEvent(picture, enter)
    if enter.isAccepted():
        QApplication.sendEvent(picture, QDropEvent(QPointF(9, 9), copy, data, left, none))
    return enter.isAccepted()


def _files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_that_a_dropped_file_is_chosen(picture: ImageInput, qtbot: QtBot, tmp_path: Path):
    with qtbot.waitSignal(picture.file_chosen) as signal:
        assert _drop(picture, _files(tmp_path / "ä b.png"))
    assert signal.args == [str(tmp_path / "ä b.png")]


def test_that_text_and_addresses_cannot_be_dropped(picture: ImageInput):
    text = QMimeData()
    text.setText("a prompt")
    address = QMimeData()
    address.setUrls([QUrl("https://example.org/cat.png")])
    assert not _drop(picture, text)
    assert not _drop(picture, address)


def test_that_a_pasted_picture_becomes_a_png_file_of_the_same_pixels(picture: ImageInput, qtbot: QtBot):
    QGuiApplication.clipboard().setImage(QImage.fromData(_file()))
    with qtbot.waitSignal(picture.image_pasted) as signal:
        qtbot.mouseClick(picture._paste, Qt.MouseButton.LeftButton)
    data, name = signal.args
    assert (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) == _PIXELS).all()
    assert name == "pasted picture.png"


def test_that_a_pasted_file_is_chosen_although_a_picture_comes_with_it(picture: ImageInput, qtbot: QtBot):
    data = _files(Path("/pictures/cat.webp"))
    data.setImageData(QImage.fromData(_file()))
    QGuiApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(picture.file_chosen) as signal, qtbot.assertNotEmitted(picture.image_pasted):
        qtbot.keyClick(picture, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert signal.args == ["/pictures/cat.webp"]


def test_that_paste_is_offered_while_there_is_a_picture_to_paste(picture: ImageInput):
    offered = []
    for data in ("text", QImage.fromData(_file())):
        clipboard = QGuiApplication.clipboard()
        clipboard.setText(data) if isinstance(data, str) else clipboard.setImage(data)
        offered.append(picture._paste.isEnabled())
    assert offered == [False, True]


def test_that_an_example_is_chosen_from_the_menu(picture: ImageInput, qtbot: QtBot):
    example = ImageExample("Cats & dogs", "/examples/cats.jpg", "torchvision:vit_b_16")
    assert not picture._examples.isEnabled()
    picture.set_examples((example,))
    action = picture._examples.menu().actions()[0]
    assert action.text() == "Cats && dogs"
    with qtbot.waitSignal(picture.example_chosen) as signal:
        action.trigger()
    assert signal.args == [example]


def test_that_open_asks_for_a_file(picture: ImageInput, qtbot: QtBot):
    with qtbot.waitSignal(picture.open_requested):
        qtbot.mouseClick(picture._open, Qt.MouseButton.LeftButton)


def test_that_name_size_and_note_are_said(picture: ImageInput):
    assert "Drop a picture here" in picture.accessibleDescription()
    picture.show_image(_file(), "cat.png")
    wait_for_reading()
    picture.set_note("The first of 3 frames.")
    assert picture.accessibleDescription() == "cat.png. 4 × 3 pixels. The first of 3 frames."
    picture.show_image(None, "")
    assert "Drop a picture here" in picture.accessibleDescription()


def test_that_the_picture_is_seen(picture: ImageInput):
    picture.show_image(_file(np.full((30, 40, 3), (10, 200, 30), np.uint8)), "green.png")
    wait_for_reading()
    thumbnail = picture._thumbnail
    middle = thumbnail.grab().toImage().pixelColor(thumbnail.width() // 2, thumbnail.height() // 3)
    assert middle.getRgb()[:3] == (10, 200, 30)


def test_that_the_picture_is_read_beside_the_window_and_only_the_last_is_shown(picture: ImageInput):
    picture.show_image(_file(), "first.png")
    picture.show_image(_file(np.zeros((7, 9, 3), np.uint8)), "second.png")
    assert picture.accessibleDescription() == "second.png"
    wait_for_reading()
    assert picture.accessibleDescription() == "second.png. 9 × 7 pixels"
    picture.show_image(_file(), "first.png")
    picture.show_image(None, "")
    wait_for_reading()
    assert "Drop a picture here" in picture.accessibleDescription()


def test_that_a_line_of_pixels_is_seen(picture: ImageInput):
    picture.show_image(_file(np.full((1, 5000, 3), (0, 255, 0), np.uint8)), "line.png")
    wait_for_reading()
    thumbnail = picture.findChild(Thumbnail)
    seen = thumbnail.grab().toImage()
    column = [seen.pixelColor(seen.width() // 2, y).getRgb()[:3] for y in range(seen.height())]
    assert (0, 255, 0) in column


@pytest.mark.parametrize("data", [b"", b"no picture", _file()[:40], b'<svg xmlns="http://www.w3.org/2000/svg"/>'])
def test_that_what_cannot_be_read_shows_its_name(picture: ImageInput, data: bytes):
    picture.show_image(data, "odd.file")
    wait_for_reading()
    assert picture.accessibleDescription() == "odd.file"


def test_that_a_tiff_is_seen_and_takes_nothing_with_it():
    data = _file(np.full((30, 40, 3), (10, 200, 30), np.uint8), "TIFF")
    for _ in range(50):  # a reader that outlived its buffer crashed within a few
        image, size = read_small(data)
    assert size.toTuple() == (40, 30)
    assert image.pixelColor(20, 15).getRgb()[:3] == (10, 200, 30)


def test_that_a_line_of_pixels_is_read_small():
    image, size = read_small(_file(np.zeros((1, 5000, 3), np.uint8)))
    assert size.toTuple() == (5000, 1)
    assert image.size().toTuple() == (512, 1)


def test_that_a_large_picture_is_read_small_and_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    image, size = read_small(_file(np.zeros((900, 1200, 3), np.uint8), "JPEG", exif=exif))
    assert size.toTuple() == (900, 1200)
    assert image.size().toTuple() == (384, 512)
