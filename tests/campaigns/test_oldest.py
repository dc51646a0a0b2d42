"""The floors that pyproject.toml promises are read, and each package is imported by the name that is known of it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.campaigns import oldest
from tests.campaigns.oldest import Floor

FLOORS = oldest.floors()
SAID = """
The conflict is caused by:
    The user requested safetensors==0.5
    transformers 5.17.0 depends on safetensors>=0.8.0
"""


@pytest.mark.parametrize("name", FLOORS)
def test_that_every_dependency_has_a_floor_and_is_imported_by_its_name(name: str) -> None:
    assert FLOORS[name].promised[0].isdigit()
    assert find_spec(oldest.import_name(name)) is not None


def test_that_a_dependency_without_a_floor_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["numpy"]\n')
    with pytest.raises(ValueError):
        oldest.floors(tmp_path / "pyproject.toml")


def test_that_what_another_package_asks_more_of_is_raised_and_named() -> None:
    tried = {"safetensors": Floor("safetensors", "0.5", "0.5"), "torch": Floor("torch", "2.11", "2.11")}
    raised = oldest.raise_floors(tried, SAID)
    assert raised["safetensors"].tried == "0.8.0"
    assert raised["torch"] == tried["torch"]
    rows = oldest.table(raised.values(), {"self-test": ""})
    assert "| safetensors | 0.5 | 0.8.0 | cannot be installed: transformers 5.17.0 needs 0.8.0 |" in rows
    assert oldest.raise_floors(raised, SAID) == raised
