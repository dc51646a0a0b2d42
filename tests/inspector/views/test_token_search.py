import pytest

from inspector.views.tokens.token_search import matches
from tests.inspector.views.prompt_tokens import tokens_of

_TOKENS = tokens_of("<s>", "The", " sout", "heast", " ridge", ".", "*", " THE", "\n", "end")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("the", [[1], [2, 3], [7]]),
        ("southeast ridge", [[2, 3, 4]]),
        ("*", [[6]]),
        (".", [[5]]),
        ("<s>", [[0]]),
        ("e\n", [[7, 8]]),
        ("nowhere", []),
        ("", []),
    ],
)
def test_that_text_is_found_as_it_stands_also_across_tokens(wanted, found):
    assert [list(tokens) for tokens in matches(_TOKENS, wanted)] == found


def test_that_later_pieces_of_a_character_do_not_get_in_the_way():
    assert [list(found) for found in matches(tokens_of("a", "🏔", "", "b"), "🏔b")] == [[1, 2, 3]]
