from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from engine.reading.units import units_of
from inspector.look.theme import apply_theme
from inspector.views.tokens import token_painter
from inspector.views.tokens.token_strip import TokenStrip
from tests.inspector.views.prompt_tokens import tokens_of

_PROMPT = ("<s>", "Mount", " Ever", "est", " is", " 8", ",", "849", " m", " high", ".", "\n", "How", " high", "?")
_VALUES = np.linspace(-1, 1, len(_PROMPT)).astype(np.float32)
_Show = Callable[..., TokenStrip]


@pytest.fixture
def strip(shown: _Show) -> TokenStrip:
    view = shown(TokenStrip())
    view.show_relevance(tokens_of(*_PROMPT), _VALUES, 1.0, Ramp(), 4.0)
    view.setFocus()
    return view


def _seen(strip: TokenStrip) -> QImage:
    return strip.viewport().grab().toImage()


def _ground(strip: TokenStrip, token: int) -> tuple[int, int, int]:
    """The colour of a box where no text can be."""
    return _seen(strip).pixelColor(_beside_text(strip, token)).getRgb()[:3]


def _beside_text(strip: TokenStrip, token: int) -> QPoint:
    rect = strip.token_rects(token)[0]
    return QPoint(rect.left() + 1, rect.center().y())


@pytest.mark.parametrize("target", [6, None])
def test_that_a_ring_leaves_the_texts_beside_it_alone(strip: TokenStrip, target: int | None):
    def texts() -> list[QImage]:
        rects = [strip.token_rects(token)[0].adjusted(2, 0, -2, 0) for token in (5, 7)]
        return [_seen(strip).copy(rect) for rect in rects]

    strip.set_current(-1)
    before = texts()
    strip.set_current(6)
    strip.set_target_position(target)
    assert texts() == before


def _middle(strip: TokenStrip, token: int) -> QPoint:
    return strip.token_rects(token)[0].center()


def _hover(strip: TokenStrip, point: QPoint) -> None:
    where = QPointF(point)
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, strip.viewport().mapToGlobal(where), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(strip.viewport(), event)


def test_that_every_token_lies_on_the_colour_of_its_value(strip: TokenStrip):
    for token in (1, 2, 4, 9, 13):
        assert _ground(strip, token) == tuple(colours(_VALUES[[token]], 1.0, Ramp())[0])


def test_that_another_layer_changes_the_colours_and_keeps_the_places(strip: TokenStrip):
    before = [strip.token_rects(token) for token in range(len(_PROMPT))]
    strip.show_relevance(tokens_of(*_PROMPT), -_VALUES, 2.0, Ramp("bwr"))
    assert _ground(strip, 1) == tuple(colours(-_VALUES[[1]], 2.0, Ramp("bwr"))[0])
    assert [strip.token_rects(token) for token in range(len(_PROMPT))] == before


def test_that_text_is_white_on_dark_and_the_themes_own_on_light_colours(strip: TokenStrip):
    strip.show_relevance(tokens_of("███", "███"), np.array([1.0, 0.0]), 1.0, Ramp())
    image = _seen(strip)
    inks = [image.pixelColor(_middle(strip, token)).name() for token in (0, 1)]
    assert inks == ["#ffffff", "#1a1e26"]


@pytest.mark.parametrize("text", ["שלום", "السلام", "日本語", "🏔", "<|special|>", ""])
def test_that_something_is_drawn_for_tokens_of_any_script(strip: TokenStrip, text: str):
    strip.show_relevance(tokens_of("a", text), np.zeros(2), 1.0, Ramp())
    rect = strip.token_rects(1)[0].adjusted(4, 4, -4, -4)
    image = _seen(strip).copy(rect)
    drawn = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert len(drawn) > 5


def test_that_a_hebrew_prompt_starts_at_the_right(strip: TokenStrip):
    strip.show_relevance(tokens_of("שלום", " עולם"), np.zeros(2), 1.0, Ramp())
    first, second = strip.token_rects(0)[0], strip.token_rects(1)[0]
    assert first.left() > second.right() > strip.viewport().width() / 2


def test_that_stale_colours_are_paler_and_fresh_ones_come_back(strip: TokenStrip):
    fresh = _seen(strip)
    strip.set_stale(True)
    at = _beside_text(strip, 1)
    assert _seen(strip).pixelColor(at).saturation() < fresh.pixelColor(at).saturation() / 2
    strip.show_relevance(tokens_of(*_PROMPT), _VALUES, 1.0, Ramp())
    assert _ground(strip, 1) == tuple(colours(_VALUES[[1]], 1.0, Ramp())[0])


def test_that_target_and_cursor_are_marked_in_different_colours(strip: TokenStrip):
    around = {}
    for mark in (strip.set_target_position, strip.set_current):
        strip.set_target_position(None)
        strip.set_current(-1)
        mark(4)
        rect = strip.token_rects(4)[0]
        around[mark.__name__] = _seen(strip).pixelColor(rect.center().x(), rect.top() - 1).name()
    assert len(set(around.values()) - {"#ffffff"}) == 2


def test_that_a_token_without_relevance_is_paper(strip: TokenStrip):
    strip.show_relevance(tokens_of(*_PROMPT), np.where(np.arange(len(_PROMPT)) == 1, 1.0, 0.0), 1.0, Ramp())
    assert _ground(strip, 2) == (255, 255, 255) != _ground(strip, 1)


def test_that_what_speaks_against_is_underlined_where_signs_are_wanted(strip: TokenStrip):
    def darkest_below(signs: bool) -> int:
        strip.show_relevance(tokens_of(*_PROMPT), -np.ones(len(_PROMPT)) * 0.3, 1.0, Ramp(), signs=signs)
        rect = strip.token_rects(1)[0]
        row = [_seen(strip).pixelColor(x, rect.bottom() - 1).lightness() for x in range(rect.left(), rect.right())]
        return min(row)

    assert darkest_below(signs=True) < 80 < 150 < darkest_below(signs=False)


def test_that_tokens_that_cannot_matter_are_grey(strip: TokenStrip):
    strip.show_relevance(tokens_of("███", "███", "███"), np.zeros(3), 1.0, Ramp(), reach=2)
    image = _seen(strip)
    assert [image.pixelColor(_middle(strip, token)).name() for token in (1, 2)] == ["#1a1e26", "#586173"]


def test_that_a_click_says_which_position_to_explain(strip: TokenStrip, qtbot: QtBot):
    said = []
    strip.position_clicked.connect(said.append)
    strip.current_changed.connect(said.append)
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=_middle(strip, 7))
    assert said == [7, 7]
    assert strip.current() == 7


def test_that_a_click_beside_the_tokens_says_nothing(strip: TokenStrip, qtbot: QtBot):
    with qtbot.assertNotEmitted(strip.position_clicked):
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(600, 300))


def test_that_the_arrow_keys_walk_the_tokens(strip: TokenStrip, qtbot: QtBot):
    strip.set_current(1)
    walked = []
    strip.current_changed.connect(walked.append)
    for key in ("Right", "Right", "Left", "End", "Home", "Down", "Up"):
        qtbot.keyClick(strip, getattr(Qt.Key, f"Key_{key}"))
    assert walked[:5] == [2, 3, 2, 11, 0]
    assert walked[5] in (12, 13)
    assert walked[6] == 0


def test_that_ctrl_home_and_end_go_to_the_ends_of_the_prompt(strip: TokenStrip, qtbot: QtBot):
    strip.set_current(5)
    qtbot.keyClick(strip, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert strip.current() == len(_PROMPT) - 1
    qtbot.keyClick(strip, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert strip.current() == 0


def test_that_right_leads_backwards_where_the_script_does(strip: TokenStrip, qtbot: QtBot):
    strip.show_relevance(tokens_of("שלום", " עולם", " !"), np.zeros(3), 1.0, Ramp())
    strip.set_current(1)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.current() == 0


def test_that_walking_starts_at_the_target(strip: TokenStrip, qtbot: QtBot):
    strip.set_target_position(6)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.current() == 6


def test_that_enter_explains_the_position_under_the_cursor(strip: TokenStrip, qtbot: QtBot):
    strip.set_current(3)
    with qtbot.waitSignal(strip.position_clicked) as signal:
        qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert signal.args == [3]


def test_that_set_current_is_silent(strip: TokenStrip, qtbot: QtBot):
    with qtbot.assertNotEmitted(strip.current_changed):
        strip.set_current(4)
    assert strip.current() == 4


def test_that_the_pointer_shows_the_numbers_of_a_token_as_plain_text(strip: TokenStrip, qtbot: QtBot):
    strip.show_relevance(tokens_of("a", "<b>x"), np.array([0.0, -1.0]), 1.0, Ramp(), 4.0)
    with qtbot.waitSignal(strip.token_hovered) as signal:
        _hover(strip, _middle(strip, 1))
    assert signal.args == [1]
    qtbot.waitUntil(strip._card.isVisible)
    texts = strip._card.texts()
    assert texts[0] == "“<b>x”"
    assert {"−1.00 logits", "−25 %", "1 of 2", "11"} <= set(texts)
    with qtbot.waitSignal(strip.token_hovered) as signal:
        _hover(strip, QPoint(600, 300))
    assert signal.args == [-1]
    assert not strip._card.isVisible()


def test_that_find_counts_and_goes_round(strip: TokenStrip, qtbot: QtBot):
    counted = []
    strip.matched.connect(lambda now, count: counted.append((now, count)))
    assert strip.find_text("high") == 2
    strip.find_next()
    strip.find_next()
    strip.find_previous()
    assert counted == [(1, 2), (2, 2), (1, 2), (2, 2)]
    assert strip.find_text("nowhere") == 0


def test_that_ctrl_f_finds_what_is_typed_and_escape_ends_it(strip: TokenStrip, qtbot: QtBot):
    before = _seen(strip)
    qtbot.keyClick(strip, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = QApplication.focusWidget()
    qtbot.keyClicks(field, "Everest")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert strip._picture.marks.found == {2, 3}
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is strip
    assert _seen(strip) == before


def test_that_ctrl_c_copies_the_whole_prompt_as_an_image(strip: TokenStrip, qtbot: QtBot):
    qtbot.keyClick(strip, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    image = QGuiApplication.clipboard().image()
    rect = strip.token_rects(1)[0]
    assert image.pixelColor(rect.center().x() * 2, rect.bottom() * 2 - 4).getRgb()[:3] == _ground(strip, 1)


def test_that_ctrl_shift_c_copies_a_table(strip: TokenStrip, qtbot: QtBot):
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(strip, Qt.Key.Key_C, both)
    assert QGuiApplication.clipboard().text() == strip.tsv()
    assert len(strip.tsv().splitlines()) == len(_PROMPT) + 1


def test_that_ctrl_plus_and_minus_change_the_size_of_the_text(strip: TokenStrip, qtbot: QtBot):
    width = strip.token_rects(1)[0].width()
    qtbot.keyClick(strip, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    larger = strip.token_rects(1)[0].width()
    qtbot.keyClick(strip, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert larger > width == strip.token_rects(1)[0].width()


def test_that_only_what_is_visible_of_a_long_prompt_is_painted(strip: TokenStrip, monkeypatch: pytest.MonkeyPatch):
    painted = []
    real = token_painter.TokenPainter.paint
    monkeypatch.setattr(
        token_painter.TokenPainter,
        "paint",
        lambda self, painter, layout, shades, rows, *rest: (
            painted.append(len(rows)),
            real(self, painter, layout, shades, rows, *rest),
        ),
    )
    strip.show_relevance(tokens_of(*[" word"] * 20_000), np.zeros(20_000), 1.0, Ramp())
    _seen(strip)
    strip.set_current(10_000)
    _seen(strip)
    assert strip._picture.layout.rows > 1000
    assert painted and max(painted) < 24
    assert strip.viewport().rect().contains(strip.token_rects(10_000)[0])


def test_that_no_prompt_is_painted_again_for_a_hint_that_it_hides(strip: TokenStrip, monkeypatch: pytest.MonkeyPatch):
    QApplication.processEvents()
    painted = []
    monkeypatch.setattr(token_painter.TokenPainter, "paint", lambda *arguments: painted.append(arguments))
    strip.set_empty_text("Opening another model…")
    QApplication.processEvents()
    assert not painted
    strip.set_target_position(3)
    QApplication.processEvents()
    assert painted


def test_that_a_narrower_strip_keeps_its_place(strip: TokenStrip):
    strip.show_relevance(tokens_of(*[f" w{index}" for index in range(3000)]), np.zeros(3000), 1.0, Ramp())
    strip.verticalScrollBar().setValue(strip.verticalScrollBar().maximum() // 2)
    before = next(token for token in range(3000) if strip.token_rects(token)[0].top() > 0)
    strip.resize(400, 360)
    assert abs(strip.token_rects(before)[0].top()) < strip.viewport().height() / 2


def test_that_an_empty_prompt_and_clear_leave_the_hint(strip: TokenStrip):
    strip.show_relevance([], np.zeros(0), 1.0, Ramp())
    assert strip.tsv() == "" and strip.image().isNull() and strip.current() == -1
    assert "appears here" in strip.accessibleDescription()


def test_that_a_screen_reader_hears_the_token_under_the_cursor(strip: TokenStrip):
    strip.set_current(3)
    assert "est" in strip.accessibleDescription() and "logits" in strip.accessibleDescription()


def test_that_a_screen_reader_hears_where_the_values_are_and_whether_they_are_stale(strip: TokenStrip):
    strip.set_current(3)
    strip.set_place("at layer 2 of 4")
    assert strip.accessibleDescription().endswith(", at layer 2 of 4")
    strip.set_stale(True)
    assert strip.accessibleDescription().endswith(", at layer 2 of 4, stale")


def test_that_background_and_tokens_follow_the_theme(strip: TokenStrip, qapp: QApplication):
    corner = QPoint(strip.viewport().width() - 3, strip.viewport().height() - 3)
    light = _seen(strip).pixelColor(corner).lightness()
    apply_theme(qapp, "dark")
    assert light > 200 > 60 > _seen(strip).pixelColor(corner).lightness()
    assert _ground(strip, 1) == tuple(colours(_VALUES[[1]], 1.0, Ramp(), "dark")[0])


def test_that_the_frame_shows_where_the_keys_go(strip: TokenStrip):
    focused = _seen(strip).pixelColor(0, 100)
    strip.clearFocus()
    assert _seen(strip).pixelColor(0, 100) != focused


@pytest.mark.parametrize("text", ["a" * 100_000, "<" + "a" * 100_000 + ">", " " * 100_000, "\u05d0" * 100_000])
def test_that_a_very_long_token_is_drawn_in_part_and_kept_whole(strip: TokenStrip, text: str):
    strip.show_relevance(tokens_of(text, "b"), np.array([1.0, -0.5]), 1.0, Ramp())
    assert sum(map(len, strip._picture.layout.runs.texts)) < 1100
    strip._show_card(0)
    assert len(strip._card.texts()[0]) < 1100
    assert text in strip.tsv()
    assert strip.find_text("b") >= 1


def test_that_n_walks_by_size_and_shift_n_back_and_both_go_round(strip: TokenStrip, qtbot: QtBot):
    strip.show_relevance(tokens_of("a", "b", "c", "d"), np.array([0.5, -2.0, np.nan, 1.0]), 1.0, Ramp())
    walked = []
    strip.current_changed.connect(walked.append)
    for _ in range(5):
        qtbot.keyClick(strip, Qt.Key.Key_N)
    assert walked == [1, 3, 0, 2, 1]
    assert "2.00" in "".join(strip._card.texts())
    walked.clear()
    for _ in range(2):
        qtbot.keyClick(strip, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert walked == [2, 0]


def test_that_n_without_tokens_does_nothing(strip: TokenStrip, qtbot: QtBot):
    strip.clear()
    with qtbot.assertNotEmitted(strip.current_changed):
        qtbot.keyClick(strip, Qt.Key.Key_N)


def _long(strip: TokenStrip, *strong: int) -> np.ndarray:
    values = np.full(3000, 0.01)
    values[list(strong)] = [(-1) ** index for index in range(len(strong))]
    strip.show_relevance(tokens_of(*[f" {index:04}" for index in range(3000)]), values, 1.0, Ramp())
    QApplication.processEvents()  # the scroll bar comes
    return values


def test_that_the_scroll_bar_has_ticks_where_strong_tokens_are(strip: TokenStrip, qapp: QApplication):
    apply_theme(qapp, "light")
    _long(strip, 1500, 2999)
    bar = strip.verticalScrollBar()
    (middle, red), (end, blue) = bar.ticks()
    assert abs(middle - bar.height() / 2) < 8 and bar.height() - end < 8
    assert (red.getRgb()[:3], blue.getRgb()[:3]) == tuple(map(tuple, colours(np.array([1, -1]), 1.0, Ramp()).tolist()))
    assert bar.grab().toImage().pixelColor(bar.width() // 2, middle).rgb() == red.rgb()
    strip.clear()
    assert bar.ticks() == []


def test_that_ticks_follow_the_layout_the_layer_and_the_theme(strip: TokenStrip, qapp: QApplication):
    apply_theme(qapp, "light")
    _long(strip, 1000)
    bar = strip.verticalScrollBar()
    place, light = bar.ticks()[0]
    assert abs(place / bar.height() - 1 / 3) < 0.05
    apply_theme(qapp, "dark")
    assert bar.ticks()[0][1] != light
    strip.resize(300, 360)
    QApplication.processEvents()
    assert abs(bar.ticks()[0][0] / bar.height() - 1 / 3) < 0.05
    _long(strip, 2000)
    assert abs(bar.ticks()[0][0] / bar.height() - 2 / 3) < 0.05


def test_that_tokens_that_cannot_matter_have_no_tick(strip: TokenStrip):
    values = _long(strip, 10, 2900)
    strip.show_relevance(strip._picture.tokens, values, 1.0, Ramp(), reach=2000)
    assert len(strip.verticalScrollBar().ticks()) == 1


def test_that_rows_sharing_a_tick_show_the_strongest(strip: TokenStrip, qapp: QApplication):
    apply_theme(qapp, "light")
    strip.show_relevance(tokens_of(*["w\n"] * 3000), np.linspace(-1, 0.5, 3000), 1.0, Ramp())
    bar = strip.verticalScrollBar()
    ticks = bar.ticks()
    assert len(ticks) <= bar.height() // 2
    assert ticks[0][1].getRgb()[:3] == tuple(colours(np.array([-1.0]), 1.0, Ramp())[0])


_NUMBER = ("up", " to", " ", "8", ",", "3", "20", " m", ".")


@pytest.fixture
def in_words(strip: TokenStrip, qapp: QApplication) -> TokenStrip:
    apply_theme(qapp, "light")
    tokens = tokens_of(*_NUMBER)
    words = units_of(tokens, "word")
    strip.show_relevance(tokens, np.array([0.1, -0.2, 1.0, 0.3, -0.6]), 1.0, Ramp(), 4.0, units=words)
    return strip


def test_that_a_word_is_one_chip_in_the_colour_of_its_sum(in_words: TokenStrip):
    image, chip = _seen(in_words), tuple(colours(np.array([1.0]), 1.0, Ramp())[0])
    first, last = in_words.token_rects(2)[0], in_words.token_rects(6)[0]
    above = [image.pixelColor(x, first.top() + 2).getRgb()[:3] for x in range(first.left() + 3, last.right() - 3)]
    assert set(above) == {chip}
    beside = in_words.token_rects(7)[0]
    assert image.pixelColor(beside.left() - 2, beside.center().y()).getRgb()[:3] == (255, 255, 255)


def test_that_chips_of_a_word_are_not_joined_over_rows_nor_over_what_cannot_matter(strip: TokenStrip):
    tokens = tokens_of(*["ab"] * 60)
    words = units_of(tokens, "word")
    strip.show_relevance(tokens, np.ones(1), 1.0, Ramp(), units=words, reach=50)
    layout = strip._picture.layout
    boxes = strip._picture.boxes(range(60))
    assert len(boxes) == layout.rows > 1
    rect = strip.token_rects(55)[0]
    assert _seen(strip).pixelColor(rect.left() + 1, rect.center().y()).getRgb()[:3] == (255, 255, 255)


def test_that_arrows_and_n_walk_words_and_the_ring_is_around_one(in_words: TokenStrip, qtbot: QtBot):
    in_words.set_current(1)
    walked = []
    in_words.current_changed.connect(walked.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_N, Qt.Key.Key_N):
        qtbot.keyClick(in_words, key)
    assert walked == [6, 7, 6, 1, 0, 6]
    assert in_words._picture.marks.cursor == range(2, 7)
    in_words.set_current(4)
    assert in_words._picture.marks.cursor == range(2, 7)
    assert "8,320" in in_words.accessibleDescription()


def test_that_the_pointer_and_the_table_speak_of_words(in_words: TokenStrip, qtbot: QtBot):
    _hover(in_words, _middle(in_words, 4))
    qtbot.waitUntil(in_words._card.isVisible)
    assert {"“8,320”", "+1.00 logits", "1 of 5"} <= set(in_words._card.texts())
    assert len(in_words.tsv().splitlines()) == 6


def test_that_w_asks_for_the_next_unit_and_another_unit_keeps_cursor_and_place(in_words: TokenStrip, qtbot: QtBot):
    with qtbot.waitSignal(in_words.unit_requested):
        qtbot.keyClick(in_words, Qt.Key.Key_W)
    in_words.set_current(6)
    before = in_words.token_rects(6)
    in_words.show_relevance(in_words._picture.tokens, np.zeros(9), 1.0, Ramp())
    assert in_words.current() == 6 and in_words._picture.marks.cursor == range(6, 7)
    assert in_words.token_rects(6) == before


@pytest.mark.parametrize("texts", [("שלום", " עו", "לם", " abc", "def"), ("abc", " של", "ום", " 1", "2")])
def test_that_words_of_two_directions_are_joined_where_they_touch(strip: TokenStrip, texts: tuple[str, ...]):
    tokens = tokens_of(*texts)
    words = units_of(tokens, "word")
    strip.show_relevance(tokens, np.ones(len(words)), 1.0, Ramp(), units=words)
    for span in words.ranges:
        (box,) = strip._picture.boxes(span)
        rects = [strip.token_rects(place)[0] for place in span]
        assert abs(box.left() - min(rect.left() for rect in rects)) <= 1
        assert abs(box.right() - max(rect.right() + 1 for rect in rects)) <= 1


def test_that_a_sentence_higher_than_the_view_is_shown_from_its_beginning(strip: TokenStrip):
    tokens = tokens_of("Start", ".", *[" word"] * 3000, ".", " End")
    sentences = units_of(tokens, "sentence")
    strip.show_relevance(tokens, np.zeros(len(sentences)), 1.0, Ramp(), units=sentences)
    strip.set_current(2999)
    assert 0 <= strip.token_rects(2)[0].top() < 60


def _drag(strip: TokenStrip, start: int, *over: int) -> None:
    """Press on a token, move over others, and let go on the last."""
    left, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

    def send(kind: QEvent.Type, token: int, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        where = QPointF(_middle(strip, token))
        at = strip.viewport().mapToGlobal(where)
        QApplication.sendEvent(strip.viewport(), QMouseEvent(kind, where, at, button, held, keys))

    send(QEvent.Type.MouseButtonPress, start, left, left)
    for token in over:
        send(QEvent.Type.MouseMove, token, Qt.MouseButton.NoButton, left)
    send(QEvent.Type.MouseButtonRelease, over[-1], left, Qt.MouseButton.NoButton)


def test_that_dragging_selects_and_says_the_sum_and_explains_nothing(strip: TokenStrip, qtbot: QtBot):
    with qtbot.assertNotEmitted(strip.position_clicked):
        _drag(strip, 12, 11, 9)
    assert strip.selected() == range(9, 13) and strip.current() == 9
    texts = strip._card.texts()
    assert strip._card.isVisible() and "+2.00 logits" in texts
    assert {"4", "9 to 12", "50 %"} <= set(texts)
    assert "selected" in strip.accessibleDescription()


def test_that_dragging_back_to_where_it_began_selects_that_token_alone(strip: TokenStrip, qtbot: QtBot):
    with qtbot.assertNotEmitted(strip.position_clicked):
        _drag(strip, 4, 5, 4)
    assert strip.selected() == range(4, 5)


def test_that_shift_and_arrows_select_from_the_cursor_and_arrows_alone_end_it(strip: TokenStrip, qtbot: QtBot):
    strip.set_current(6)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(strip, key, Qt.KeyboardModifier.ShiftModifier)
    assert strip.selected() == range(6, 8)
    for _ in range(3):
        qtbot.keyClick(strip, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert strip.selected() == range(4, 7) and strip.current() == 4
    qtbot.keyClick(strip, Qt.Key.Key_Home, Qt.KeyboardModifier.ShiftModifier)
    assert strip.selected() == range(7)
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert not strip.selected()


@pytest.mark.parametrize("end", ["escape", "click", "cursor", "prompt", "nothing"])
def test_that_a_selection_ends(strip: TokenStrip, qtbot: QtBot, end: str):
    before = _seen(strip)
    strip.select(3, 5)
    assert _seen(strip) != before
    if end == "escape":
        qtbot.keyClick(strip, Qt.Key.Key_Escape)
        assert _seen(strip) == before and not strip._card.isVisible()
    elif end == "click":
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=_middle(strip, 9))
    elif end == "cursor":
        strip.set_current(9)
    elif end == "prompt":
        strip.show_relevance(tokens_of("a", "b", "c", "d"), np.zeros(4), 1.0, Ramp())
    else:
        strip.clear()
    assert strip.selected() == range(0)


def test_that_what_is_selected_is_copied_as_a_table(strip: TokenStrip, qtbot: QtBot):
    strip.select(5, 3)
    control = Qt.KeyboardModifier.ControlModifier
    for keys in (control, control | Qt.KeyboardModifier.ShiftModifier):
        QGuiApplication.clipboard().clear()
        qtbot.keyClick(strip, Qt.Key.Key_C, keys)
        lines = QGuiApplication.clipboard().text().splitlines()
        assert [line.split("\t")[0] for line in lines] == ["position", "3", "4", "5"]


def test_that_a_selection_follows_the_layer_and_whole_words(in_words: TokenStrip):
    in_words.select(1, 4)
    assert in_words.selected() == range(1, 7)
    in_words._show_card(4)
    assert "+0.80 logits" in in_words._card.texts()
    in_words.show_relevance(in_words._picture.tokens, np.ones(9), 1.0, Ramp())
    assert in_words.selected() == range(1, 5)
    in_words._show_card(4)
    assert "+4.00 logits" in in_words._card.texts()


def test_that_escape_without_a_selection_is_left_to_the_window(strip: TokenStrip):
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(strip, event)
    assert not event.isAccepted()
    strip.select(1, 2)
    QApplication.sendEvent(strip, event)
    assert event.isAccepted()
