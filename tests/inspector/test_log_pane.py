from __future__ import annotations

import pytest

from inspector.views.log_pane import LONGEST_LINE, MOST_LINES, LogPane


@pytest.fixture
def log(qtbot) -> LogPane:
    pane = LogPane()
    qtbot.addWidget(pane)
    return pane


def test_that_text_comes_in_pieces(log):
    for piece in ("one ", "line\nand ", "another\n"):
        log.append_text(piece)
    assert log.toPlainText() == "one line\nand another\n"


def test_that_a_carriage_return_writes_over_its_line(log):
    log.append_text("before\nLoading 10%\rLoading 100%\nafter")
    assert log.toPlainText() == "before\nLoading 100%\nafter"


def test_that_a_progress_bar_in_pieces_is_one_line(log):
    for percent in range(0, 101, 20):
        log.append_text(f"\rLoading {percent}%")
    assert log.toPlainText() == "Loading 100%"


def test_that_a_paragraph_stands_on_lines_of_its_own(log):
    log.append_text("unfinished")
    log.append_paragraph("a failure\n")
    log.append_text("next")
    assert log.toPlainText() == "unfinished\na failure\nnext"


def test_that_old_lines_are_forgotten(log):
    log.append_text("\n".join(str(i) for i in range(MOST_LINES + 100)))
    assert log.document().blockCount() == MOST_LINES
    assert log.toPlainText().endswith(str(MOST_LINES + 99))


def test_that_markup_is_text(log):
    log.append_text("<b>not bold</b>")
    assert log.toPlainText() == "<b>not bold</b>"


def test_that_a_line_longer_than_anybody_reads_is_cut(log):
    log.append_text("a" * 5_000_000 + "\nnext")
    assert [len(line) for line in log.toPlainText().split("\n")] == [LONGEST_LINE + 1, 4]
