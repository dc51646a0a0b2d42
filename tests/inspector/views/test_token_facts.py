import numpy as np

from inspector.views.tokens.token_facts import TokenFacts
from tests.inspector.views.prompt_tokens import tokens_of

_FACTS = TokenFacts(tokens_of("<s>", " 8", ",\t\n", "\\"), np.array([0.5, -4, 2, np.nan], np.float32), 8.0)


def test_that_rank_one_is_the_largest_of_either_sign():
    ranks = [dict(_FACTS.rows(position))["rank by size"] for position in range(4)]
    assert ranks == ["3 of 4", "1 of 4", "2 of 4", "4 of 4"]


def test_that_shares_are_of_the_target_and_left_out_where_there_is_none():
    assert dict(_FACTS.rows(1))["share of target"] == "−50 %"
    assert "share of target" not in dict(TokenFacts(_FACTS.tokens, _FACTS.values).rows(1))


def test_that_the_table_has_a_line_for_each_token_whatever_its_text():
    lines = _FACTS.tsv().splitlines()
    assert len(lines) == 5
    assert all(line.count("\t") == 6 for line in lines)
    assert lines[2] == "1\t11\t 8\t 8\t-4.0\t-0.5\t1"
    assert lines[3].split("\t")[3] == ",\\t\\n"
    assert lines[4].split("\t")[3] == "\\\\"
