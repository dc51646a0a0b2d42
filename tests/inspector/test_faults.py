from __future__ import annotations

import sys

import pytest

from inspector.faults import Faults
from inspector.state.trouble import Trouble


class Teller:
    def __init__(self) -> None:
        self.troubles: list[Trouble] = []

    def show_trouble(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)


class BrokenTeller:
    def show_trouble(self, trouble: Trouble) -> None:
        raise RuntimeError("cannot even show it")


@pytest.fixture
def faults(monkeypatch) -> Faults:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    faults = Faults()
    faults.install()
    return faults


def happen(fault: BaseException) -> None:
    try:
        raise fault
    except BaseException:
        sys.excepthook(*sys.exc_info())


def test_that_a_defect_is_shown_without_its_traceback_which_is_for_the_log(faults, capsys):
    teller = Teller()
    faults.tell(teller)
    happen(ValueError("a defect"))
    (trouble,) = teller.troubles
    assert "Traceback" not in trouble.message
    assert "a defect" in trouble.details
    assert "a defect" in capsys.readouterr().err


def test_that_a_defect_before_there_is_a_window_is_on_stderr(faults, capsys):
    happen(ValueError("too early"))
    assert "too early" in capsys.readouterr().err


def test_that_a_defect_in_showing_a_defect_ends_there(faults, capsys):
    faults.tell(BrokenTeller())
    happen(ValueError("the first"))
    assert "cannot even show it" in capsys.readouterr().err


def test_that_an_interrupt_is_no_defect(faults, capsys):
    teller = Teller()
    faults.tell(teller)
    happen(KeyboardInterrupt())
    assert teller.troubles == []
    assert "KeyboardInterrupt" in capsys.readouterr().err
