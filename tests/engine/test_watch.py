"""A watch hears of steps and ends the work."""

from __future__ import annotations

import pytest

from engine.protocol.failures import Stopped
from engine.watch import UNWATCHED, Watch

Step = tuple[str, int, int]


def test_that_steps_are_heard_while_nobody_stops_them() -> None:
    heard: list[Step] = []
    watch = Watch(lambda *step: heard.append(step), lambda: len(heard) == 2)
    watch.step("forward", 1, 3)
    watch.step("forward", 2, 3)
    with pytest.raises(Stopped):
        watch.step("forward", 3, 3)
    assert heard == [("forward", 1, 3), ("forward", 2, 3)]


def test_that_work_can_be_stopped_between_its_steps() -> None:
    with pytest.raises(Stopped):
        Watch(cancelled=lambda: True).check()


def test_that_work_nobody_watches_goes_on() -> None:
    UNWATCHED.check()
    UNWATCHED.step("load", 1, 1)


def test_that_the_functions_of_the_library_are_given_both() -> None:
    watch = Watch(lambda *step: None, lambda: False)
    assert watch.keywords == {"progress": watch.report, "cancelled": watch.cancelled}
