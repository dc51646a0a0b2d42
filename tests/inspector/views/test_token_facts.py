import numpy as np

from engine.reading.units import units_of
from inspector.views.tokens.token_facts import TokenFacts
from tests.inspector.views.prompt_tokens import tokens_of

_TOKENS = tokens_of("<s>", " 8", ",\t\n", "\\")
_FACTS = TokenFacts(_TOKENS, units_of(_TOKENS, "token"), np.array([0.5, -4, 2, np.nan], np.float32), 8.0)


def test_that_rank_one_is_the_largest_of_either_sign():
    ranks = [dict(_FACTS.rows(position))["rank by size"] for position in range(4)]
    assert ranks == ["3 of 4", "1 of 4", "2 of 4", "4 of 4"]


def test_that_shares_are_of_the_target_and_left_out_where_there_is_none():
    assert dict(_FACTS.rows(1))["share of target"] == "−50 %"
    assert "share of target" not in dict(TokenFacts(_FACTS.tokens, _FACTS.units, _FACTS.values).rows(1))


def test_that_the_table_has_a_line_for_each_token_whatever_its_text():
    lines = _FACTS.tsv().splitlines()
    assert len(lines) == 5
    assert all(line.count("\t") == 6 for line in lines)
    assert lines[2] == "1\t11\t 8\t 8\t-4.0\t-0.5\t1"
    assert lines[3].split("\t")[3] == ",\\t\\n"
    assert lines[4].split("\t")[3] == "\\\\"


def test_that_what_is_said_of_a_token_is_said_of_its_word():
    tokens = tokens_of("up", " 8", ",", "3", "20", "!")
    words = units_of(tokens, "word")
    facts = TokenFacts(tokens, words, words.merged(np.array([0.5, 1, 0.25, 2, -0.25, -1], np.float32)), 6.0)
    assert facts.title(3) == "“8,320”"
    rows = dict(facts.rows(3))
    assert (rows["relevance"], rows["share of target"], rows["rank by size"]) == ("+3.00 logits", "50 %", "1 of 3")
    assert (rows["positions"], rows["tokens"]) == ("1 to 4", "4") and "token id" not in rows
    lines = facts.tsv().splitlines()
    assert len(lines) == 4 and lines[2] == "1\t11 12 13 14\t 8,320\t 8,320\t3.0\t0.5\t1"
