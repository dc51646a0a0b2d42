"""Five facts hold of every family of models that transformers loads, with no code for any of them."""

from __future__ import annotations

import pytest

from tests.engine.attribution.facts import ALL, FACTS, NOT_YET, facts_of

pytestmark = pytest.mark.families


def _every() -> list[object]:
    return [
        pytest.param(
            type_,
            fact,
            marks=[pytest.mark.xfail(strict=True, reason=NOT_YET[type_, fact])] if (type_, fact) in NOT_YET else [],
        )
        for type_ in ALL
        for fact in FACTS
    ]


@pytest.mark.parametrize(("type_", "fact"), _every())
def test_that_the_fact_holds_of_the_family(type_: str, fact: str) -> None:
    finding = facts_of(type_)[fact]
    assert finding.holds, finding.found
