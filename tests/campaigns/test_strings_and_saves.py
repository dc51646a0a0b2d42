"""A little of what the campaigns do by the thousand with strings, saves and secrets."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from tests.campaigns import saves, secrets, strings


def test_that_hostile_strings_come_out_of_every_sink_as_text(qapp: object) -> None:
    assert list(strings.faults(strings.SINKS, range(strings.TOGETHER))) == []


def test_that_a_seed_gives_the_same_string_again() -> None:
    assert strings.hostile(7) == strings.hostile(7) != strings.hostile(8)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each save goes wrong in a child of its own")
@pytest.mark.parametrize("save", ["over an old .csv", "in new folders", "through a link", "settings"])
def test_that_whatever_a_save_stumbles_over_one_file_is_there_whole(save: str) -> None:
    found = list(saves.outcomes([save], ["full", "killed"]))
    assert len(found) > 20 and [one for one in found if one.wrong] == []


@pytest.mark.process
def test_that_a_secret_gets_into_no_message_log_or_file() -> None:
    found = list(
        secrets.outcomes(["a prompt file with a token", "a picture with a token", "a defect", "a wrong rule set"])
    )
    assert len(found) == 4 and [one for one in found if one.where] == []
