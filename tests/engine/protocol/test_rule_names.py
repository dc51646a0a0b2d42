"""Names with numbers in them, read strictly and written in one way."""

from __future__ import annotations

import pytest

from engine.protocol.failures import RulesError
from engine.protocol.rule_names import TITLES, Gamma, gamma_of, titled
from engine.rules.table import RULE_SETS


@pytest.mark.parametrize(
    ("text", "gamma"),
    [
        ("gamma", Gamma(0.25, 0.05)),
        ("gamma()", Gamma(0.25, 0.05)),
        ("gamma(conv=100, linear=0)", Gamma(100, 0)),
        ("gamma(linear=1e-2)", Gamma(0.25, 0.01)),
        (" gamma( conv = .5 , linear=1. ) ", Gamma(0.5, 1)),
        ("gamma(attention='attnlrp', conv=1)", Gamma(1, 0.05, "attnlrp")),
        ('gamma(attention="cp")', Gamma()),
    ],
)
def test_that_a_gamma_is_read(text: str, gamma: Gamma) -> None:
    assert gamma_of(text) == gamma
    assert gamma_of(gamma.name) == gamma


def test_that_its_name_is_written_in_one_way() -> None:
    assert Gamma(1, 0.05).name == "gamma(conv=1, linear=0.05)"
    assert Gamma(1e-7, 100.0, "attnlrp").name == "gamma(conv=1e-07, linear=100, attention='attnlrp')"
    assert Gamma(0.1 + 0.2).name == "gamma(conv=0.30000000000000004, linear=0.05)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gamma(conv=-1)", "'-1'"),
        ("gamma(conv=nan)", "'nan'"),
        ("gamma(conv=1e9)", "1000000000.0"),
        ("gamma(conv=two)", "'two'"),
        ("gamma(conv=__import__)", "'__import__'"),
        ("gamma(conv='1')", "'1'"),
        ("gamma(1, 2)", "“1”"),
        ("gamma(conv=1, conv=2)", "conv"),
        ("gamma(conf=1)", "conf"),
        ("gamma(attention='softmax')", "'softmax'"),
        ("gamma(attention=1)", "1.0"),
        ("gamma(conv=1", "gamma(conv=1"),
        ("gamma(conv=(1))", "gamma(conv=(1))"),
        ("gamma(conv=1)(linear=1)", "gamma(conv=1)(linear=1)"),
        ("gamma conv 1", "gamma conv 1"),
    ],
)
def test_that_anything_else_is_refused_with_what_was_found(text: str, found: str) -> None:
    with pytest.raises(RulesError) as refused:
        gamma_of(text)
    assert found in str(refused.value)
    assert titled(text) == text


def test_that_other_rule_sets_are_none() -> None:
    assert [gamma_of(name) for name in (*RULE_SETS, "gammas", "zennit.Gamma")] == [None] * 6


def test_that_people_read_titles() -> None:
    assert titled("gamma") == "Gamma (conv 0.25, linear 0.05)"
    assert titled("gamma(conv=100, attention='attnlrp')") == "Gamma (conv 100, linear 0.05, AttnLRP attention)"
    assert {name: titled(name) for name in RULE_SETS} == TITLES == {n: r.title for n, r in RULE_SETS.items()}
    assert titled("another") == "another"
