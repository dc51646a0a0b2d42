from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from engine.models.opening import load_model
from engine.models.text.tokens import resolve_token, token_label, tokenize
from engine.protocol.failures import PromptError, TargetError
from tests.engine.models.made_tokenizers import FAMILIES, make

PROMPTS = [
    "the 1922 expedition reached 8,",
    "  two spaces,\tone tab\r\nand \n\n breaks  ",
    "😀 and 👨‍👩‍👧 and 🇨🇭",
    "naïve CAFÉ ﬁne ½ ﷺ Ａ",
    "مرحبا بالعالم 漢字 नमस्ते ไทย",
    "<s> typed </s> <|user|> [CLS]",
    " ",
    "\n",
    "a\u0301\u200b\u202ereversed\u202c",
    "\x00\x07\ufffd\U0010ffff",
    "x" * 300,
]


def joined(tokens) -> str:
    return "".join(token.text for token in tokens)


def assert_is_partition(tokens, prompt: str) -> None:
    cursor = 0
    for token in tokens:
        assert (token.start, token.text) == (cursor, prompt[token.start : token.end])
        assert token.label
        assert "\n" not in token.label
        cursor = token.end
    assert cursor == len(prompt)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_that_tokens_joined_are_the_prompt(model_of, family, prompt):
    assert_is_partition(tokenize(model_of(family), prompt), prompt)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.text(min_size=1, max_size=40))
def test_that_tokens_of_any_text_joined_are_the_text(model_of, family, prompt):
    try:
        tokens = tokenize(model_of(family), prompt)
    except PromptError as error:
        assert error.kind == "prompt_empty"
        assert not make(family).encode(prompt)
    else:
        assert_is_partition(tokens, prompt)


@pytest.mark.parametrize("family", FAMILIES)
def test_that_tokens_are_those_the_tokenizer_gives(model_of, family):
    prompt = "The team has 😀 reached 8,320 m\n"
    assert [token.id for token in tokenize(model_of(family), prompt)] == make(family).encode(prompt)


def test_that_a_token_before_the_prompt_has_no_text(model_of):
    first, second, *_ = tokenize(model_of("llama3"), "the team")
    assert (first.text, first.label, first.special) == ("", "<s>", True)
    assert (second.start, second.special) == (0, False)


def test_that_a_control_token_typed_in_the_prompt_has_text(model_of):
    tokens = tokenize(model_of("llama3"), "the <|user|> team")
    typed = next(token for token in tokens if "user" in token.text)
    assert typed.special
    assert typed.text.strip() == "<|user|>"


@pytest.mark.parametrize("family", ["gpt2", "llama3", "llama2", "gemma", "slow bytes"])
def test_that_the_first_piece_of_a_character_has_it(model_of, family):
    pieces = [t for t in tokenize(model_of(family), "a😀b") if not t.special][1:-1]
    assert [piece.text for piece in pieces[-4:]] == ["😀", "", "", ""]
    assert [piece.label for piece in pieces[-4:]] == ["😀", "‹9F›", "‹98›", "‹80›"]


def test_that_the_token_of_a_line_break_has_it_and_not_the_marker_before_it(model_of):
    start, marker, line_break, *_ = tokenize(model_of("llama2"), "\nthe")
    assert [t.text for t in (start, marker, line_break)] == ["", "", "\n"]
    assert (marker.label, line_break.label) == ("·", "↵")


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_that_spaces_the_tokenizer_drops_go_to_the_next_token(model_of, family):
    texts = [token.text for token in tokenize(model_of(family), "the  team ") if token.text]
    assert texts[0] == "the"
    assert texts[1].startswith("  ") or texts[1] == " "
    assert "".join(texts).endswith("team ")


def test_that_an_unknown_token_has_its_text_and_shows_what_the_model_sees(model_of):
    unknown = tokenize(model_of("characters"), "a漢b")[1]
    assert (unknown.text, unknown.label, unknown.special) == ("漢", "<unk>", False)


def test_that_case_and_accents_stay_as_typed(model_of):
    texts = [token.text for token in tokenize(model_of("bert"), "The NAÏVE team")]
    assert "The" in texts
    assert "".join(texts) == "The NAÏVE team"


def test_that_half_a_surrogate_pair_can_be_split(model_of):
    assert joined(tokenize(model_of("gpt2"), "a\ud83dz")) == "a\ud83dz"


@pytest.mark.parametrize("family", ["gpt2", "llama3"])
def test_that_an_empty_prompt_is_refused_also_where_special_tokens_would_be_left(model_of, family):
    with pytest.raises(PromptError, match="is empty") as refusal:
        tokenize(model_of(family), "")
    assert refusal.value.kind == "prompt_empty"


def test_that_a_model_without_tokenizer_says_so(model_of):
    bare = load_model(model_of("gpt2").module)
    with pytest.raises(PromptError, match="without a tokenizer"):
        tokenize(bare, "the")
    with pytest.raises(TargetError, match="without a tokenizer"):
        resolve_token(bare, "the")


@pytest.mark.parametrize("family", ["gpt2", "llama3", "llama2", "gemma", "unigram", "slow bytes"])
def test_that_a_predicted_word_keeps_the_space_before_it(model_of, family):
    model = model_of(family)
    word = " t" if family == "unigram" else " the"
    assert token_label(model, resolve_token(model, word)) == (word, word)


@pytest.mark.parametrize("family", FAMILIES)
def test_that_every_id_has_a_label(model_of, family):
    model = model_of(family)
    assert all(token_label(model, id)[1] for id in range(model.info.vocabulary))


def test_that_a_predicted_byte_shows_its_value(model_of):
    for family in ("gpt2", "llama2"):
        model = model_of(family)
        ids = [token.id for token in tokenize(model, "😀")][-4:]
        assert [token_label(model, id)[1] for id in ids] == ["‹F0›", "‹9F›", "‹98›", "‹80›"]


@pytest.mark.parametrize("family", ["gpt2", "llama3", "llama2", "gemma", "slow bytes"])
def test_that_every_token_is_found_by_its_text(model_of, family):
    """But for texts that the tokenizer never makes one token of, and those that two tokens share."""
    model = model_of(family)
    vocabulary = model.vocabulary
    for id in vocabulary.encode("the expedition has reached 8,"):
        text = vocabulary.piece(id).text
        assert vocabulary.piece(resolve_token(model, text)).text == text


def test_that_a_text_is_taken_as_typed_before_a_space_is_added(model_of):
    model = model_of("gpt2")
    plain, spaced = resolve_token(model, "the"), resolve_token(model, " the")
    assert plain != spaced
    assert token_label(model, plain)[0] == "the"


def test_that_a_text_that_is_one_token_only_after_a_space_is_found(model_of):
    model = model_of("slow bytes")
    assert token_label(model, resolve_token(model, "has"))[0] == " has"


def test_that_a_text_of_several_tokens_names_them(model_of):
    with pytest.raises(TargetError) as refusal:
        resolve_token(model_of("characters"), "top")
    assert str(refusal.value) == "“top” is 3 tokens here: “t” + “o” + “p”. Choose one of them."


def test_that_a_control_token_is_found_by_name(model_of):
    model = model_of("llama3")
    assert resolve_token(model, "<|user|>") == model.tokenizer.convert_tokens_to_ids("<|user|>")


@pytest.mark.parametrize("name", ["", "\ud800"])
def test_that_a_name_that_is_no_token_is_refused(model_of, name):
    with pytest.raises(TargetError) as refusal:
        resolve_token(model_of("gpt2"), name)
    assert refusal.value.kind == "target_unknown"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=8), family=st.sampled_from(sorted(FAMILIES)))
def test_that_any_name_is_a_token_or_refused(model_of, name, family):
    model = model_of(family)
    try:
        id = resolve_token(model, name)
    except TargetError:
        return
    assert token_label(model, id)[0].strip() == name.strip()


def test_that_splitting_leaves_the_tokenizer_as_it_was(model_of):
    tokenizer: PreTrainedTokenizerBase = model_of("llama3").tokenizer
    before = tokenizer.backend_tokenizer.to_str()
    tokenize(model_of("llama3"), "the team")
    assert tokenizer.backend_tokenizer.to_str() == before
