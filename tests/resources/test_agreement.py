"""The agreement task, and that the bundled classifier knows it."""

from __future__ import annotations

from itertools import islice

import pytest

from engine.attribution.tracing import trace
from engine.models.opening import Model, load_model
from resources.models.agreement import BE, DO, HAVE, LABELS, NOUNS, PRONOUNS, Sentence, Split, sentences
from tests.resources.disagreement import disagreement_found, unacceptable

SENTENCES = list(islice(sentences(seed=5), 300))
VERBS = (*BE, *HAVE, *DO)
SUBJECTS = (*NOUNS, *PRONOUNS)


@pytest.fixture(scope="module")
def classifier() -> Model:
    return load_model("bundled:bert", device="cpu")


def pair(sentence: Sentence) -> tuple[tuple[str, str], bool, tuple[str, str], bool]:
    """The subject and whether it is a plural; the verb and whether it is one."""
    subject, verb = (sentence.text[slice(*span)].lower() for span in (sentence.subject, sentence.verb))
    (noun,) = (forms for forms in SUBJECTS if subject in forms)
    (said,) = (forms for forms in VERBS if verb in forms)
    return noun, noun.index(subject) == 1, said, said.index(verb) == 1


def test_that_the_same_seed_gives_the_same_sentences_and_another_seed_others() -> None:
    assert list(islice(sentences(seed=5), 300)) == SENTENCES
    assert list(islice(sentences(seed=6), 300)) != SENTENCES


def test_that_a_sentence_is_acceptable_if_its_verb_agrees() -> None:
    for sentence in SENTENCES:
        _, plural_subject, _, plural_verb = pair(sentence)
        assert sentence.acceptable == (plural_subject == plural_verb)
    assert 0.4 < sum(sentence.acceptable for sentence in SENTENCES) / len(SENTENCES) < 0.6


def test_that_no_held_out_pair_is_trained_on() -> None:
    trained = {pair(sentence)[::2] for sentence in islice(sentences(5, Split.TRAINING), 3000)}
    held_out = {pair(sentence)[::2] for sentence in SENTENCES}
    assert not trained & held_out


@pytest.mark.evidence
def test_that_held_out_sentences_are_put_in_the_right_class(classifier: Model) -> None:
    right = 0
    for sentence in SENTENCES:
        with trace(classifier, sentence.text) as recorded:
            right += recorded.predictions(k=1)[0].text == LABELS[sentence.acceptable]
    assert right / len(SENTENCES) >= 0.95


@pytest.mark.evidence
def test_that_attnlrp_finds_the_disagreement_more_often_than_input_x_gradient(classifier: Model) -> None:
    wrong = unacceptable(seed=7, number=100)
    attnlrp, baseline = (disagreement_found(classifier, rules, wrong) for rules in ("attnlrp", "input-x-gradient"))
    for target, found in attnlrp.items():
        assert found.verb_or_subject >= baseline[target].verb_or_subject + 0.1, target
