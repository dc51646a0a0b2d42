from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.models.text.spans import hand_on, offsets_by_decoding, partition

OFFSETS = st.none() | st.tuples(st.integers(0, 12), st.integers(0, 12))


def test_that_dropped_characters_go_to_the_token_after_them():
    assert partition([(0, 3), (5, 9)], 9) == [(0, 3), (3, 9)]


def test_that_characters_after_the_last_token_go_to_it():
    assert partition([None, (0, 3), None], 5) == [(0, 0), (0, 5), (5, 5)]


def test_that_the_first_of_the_tokens_that_share_a_character_has_it():
    assert partition([(0, 1), (0, 1), (1, 2)], 2) == [(0, 1), (1, 1), (1, 2)]


def test_that_a_prompt_of_dropped_characters_only_goes_to_the_last_token():
    assert partition([None, None], 2) == [(0, 0), (0, 2)]


def test_that_a_shared_span_goes_to_the_token_that_means_it():
    offsets = [(0, 1), (0, 1), (1, 4)]
    assert hand_on(offsets, partition(offsets, 4), lambda i, _: i == 1) == [(0, 0), (0, 1), (1, 4)]


@given(st.lists(OFFSETS, min_size=1, max_size=12), st.integers(0, 12), st.data())
def test_that_spans_cover_the_prompt_whatever_the_offsets(offsets, length, data):
    chosen = data.draw(st.sets(st.integers(0, len(offsets) - 1)))
    for spans in (partition(offsets, length), hand_on(offsets, partition(offsets, length), lambda i, _: i in chosen)):
        assert len(spans) == len(offsets)
        assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])]
        assert spans[-1][1] == length


def test_that_decoding_places_the_bytes_of_a_character_together():
    prompt = "a😀b"
    raw = list(prompt.encode())
    offsets = offsets_by_decoding(raw, lambda ids: bytes(ids).decode("utf-8", "replace"), prompt)
    assert partition(offsets, len(prompt)) == [(0, 1), (1, 2), (2, 2), (2, 2), (2, 2), (2, 3)]


@given(st.text(st.characters(exclude_characters="\ufffd", codec="utf-8"), min_size=1, max_size=60))
def test_that_decoding_byte_by_byte_places_every_character(prompt):
    raw = list(prompt.encode())
    offsets = offsets_by_decoding(raw, lambda ids: bytes(ids).decode("utf-8", "replace"), prompt)
    places = [place for place, character in enumerate(prompt) for _ in character.encode()]
    assert [end for _, end in offsets] == [place + 1 for place in places]
