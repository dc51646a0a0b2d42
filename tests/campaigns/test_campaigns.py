"""A few of the mutants that the campaigns open by the thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from tests.campaigns.damaged_files import Outcome, outcomes, table
from tests.campaigns.damaging import damage
from tests.campaigns.originals import KINDS, settings

# Beside the first ones: layers, heads and sizes by the billion, entries of other types, half a character, a long name
SEEDS = (*range(4), 30, 49, 59, 70, 87, 135, 167, 179, 186, 1011, 1016, 1028)


@pytest.mark.process
def test_that_damaged_files_end_with_a_sentence() -> None:
    found = list(outcomes(KINDS, SEEDS))
    assert [one for one in found if not one.is_fine] == []
    assert {one.how for one in found} == {"opened", "refused"}


def test_that_a_seed_does_the_same_damage_again(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        settings(tmp_path / name)
    before = (tmp_path / "one" / "settings.json").read_bytes()
    assert damage(tmp_path / "one", "settings/7") == damage(tmp_path / "other", "settings/7")
    one, other = ((tmp_path / name / "settings.json").read_bytes() for name in ("one", "other"))
    assert one == other != before


def test_that_the_table_names_the_seeds_of_what_failed() -> None:
    found = [Outcome("gguf", 3, "opened"), Outcome("gguf", 4, "hung"), Outcome("gguf", 9, "hung")]
    assert "| gguf | 3 | 1 | 0 | 2 | hung: 4 9 |" in table(found)
