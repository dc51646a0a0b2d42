"""An explanation in words and as facts."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from msgspec.structs import replace

import engine
from engine.models.opening import load_model
from engine.protocol.inputs import ForDecoder, Text
from engine.protocol.messages import Explain, Explained
from engine.protocol.values import Account, Ledger, Memory, ModelSource, Prediction
from engine.terminal.summary import in_words, summary
from tests.engine.attribution.kinds import made
from tests.engine.figures.made_relevance import of_picture, relevance
from tests.engine.models.made_tokenizers import make


@pytest.fixture
def answer() -> Explained:
    made = relevance(["In", " 1922", ",", " 8"])
    made.input[:] = [1.0, -5.0, 0.25, 0.0]
    made.layers[2] = [0, 0, 0, 12.5]
    likely = tuple(Prediction(place, f"t{place}", f"t{place}", 9.0 - place, 0.5 / 2**place) for place in range(8))
    return Explained(Explain(ModelSource("bundled:llama"), Text(made.prompt)), made, likely, 0.5, Memory(1, 2))


def test_that_the_words_say_what_was_found(answer: Explained) -> None:
    words = in_words(answer, None)
    assert "Rules    AttnLRP" in words
    assert "Target   “3” after token 3: 12.5000 logits" in words
    assert "Sum      -3.7500 of 12.5000 logits at the input" in words
    rows = [line.split() for line in words.splitlines()]
    assert ["t0", "9.000", "50.0%"] in rows and ["t4", "5.000", "3.1%"] in rows
    assert not any("t5" in row for row in rows)
    assert rows[-4:] == [
        ["1922", "1", "−5", "−40.0%"],
        ["In", "0", "1", "8.0%"],
        [",", "2", "0.25", "2.0%"],
        ["8", "3", "0", "0.0%"],
    ]


def test_that_the_words_and_facts_have_the_ledger(answer: Explained) -> None:
    account = Account(12.5, -3.75, 6.0, 10.25, 0.0)
    ledger = Ledger(account, account, (account,) * 3, account, {"bias": 6.0}, True, True)
    answer = replace(answer, relevance=replace(answer.relevance, ledger=ledger))
    assert "Ledger   relevance −3.75 of 12.50; softmax keeps 51.25; constants 30.00\n" in in_words(answer, None)
    assert summary(answer, None)["ledger"]["total"]["softmax"] == 10.25
    assert summary(answer, None)["ledger"]["constants"] == {"bias": 6.0}


def test_that_what_is_said_of_an_encoder_decoder_adds_up() -> None:
    tokenizer = make("bert")
    model = load_model(made("T5ForConditionalGeneration", vocab_size=len(tokenizer)), tokenizer=tokenizer)
    with engine.trace(model, "the hat", decoder_text="a hat", rules="cp-lrp") as trace:
        found = trace.explain()
    answer = Explained(Explain(model.info.source, ForDecoder("the hat", "a hat")), found, (), 0.5, None)
    assert found.decoder is not None
    for layer in (None, 0, 1, 2):
        words, facts = in_words(answer, layer), summary(answer, layer)
        ledger = next(line for line in words.splitlines() if line.startswith("Ledger"))
        parts = [float(number.replace("−", "-")) for number in re.findall(r"[−-]?\d+\.\d+", ledger)]
        assert parts.pop(1) == pytest.approx(found.value, abs=0.01)
        assert sum(parts) == pytest.approx(found.value, abs=0.03)
        assert abs(facts["decoder"]["sum"]) > 0.05
        assert facts["decoder"]["sum"] == pytest.approx(sum(x["relevance"] for x in facts["decoder"]["most_relevant"]))
        assert facts["decoder"]["tokens"] == len(found.decoder.tokens)
        listed = words.split("Most relevant tokens of the decoder at its input\n")[1].splitlines()
        assert len(listed) == 1 + len(found.decoder.tokens)
    assert summary(answer, None)["sum"] + facts["decoder"]["sum"] == pytest.approx(found.ledger.total.passed, rel=1e-4)


def test_that_only_an_encoder_decoder_has_a_decoder(answer: Explained) -> None:
    assert summary(answer, None)["decoder"] is None
    assert "decoder" not in in_words(answer, None)


def test_that_the_facts_are_those_of_the_layer(answer: Explained) -> None:
    facts = json.loads(json.dumps(summary(answer, 2)))
    assert (facts["layer"], facts["sum"], facts["target"]["value"]) == (2, 12.5, 12.5)
    assert facts["most_relevant"][0] == {"position": 3, "id": 103, "text": " 8", "relevance": 12.5}
    assert [one["text"] for one in facts["predictions"]] == ["t0", "t1", "t2", "t3", "t4"]


def test_that_a_logit_of_no_choice_has_no_probability(answer: Explained) -> None:
    score = replace(answer, predictions=(Prediction(0, "score", "score", 2.5, None),))
    assert ["score", "2.500", "–"] in [line.split() for line in in_words(score, None).splitlines()]
    assert json.loads(json.dumps(summary(score, None)))["predictions"][0]["probability"] is None


def test_that_a_target_of_zero_has_no_shares(answer: Explained) -> None:
    zero = relevance(["a"])
    zero = type(zero)(**{name: getattr(zero, name) for name in zero.__struct_fields__} | {"value": 0.0})
    words = in_words(Explained(answer.question, zero, (), 0.5, Memory(1, 2)), None)
    assert words.splitlines()[-1].split()[-1] == "–"


def test_that_what_is_not_a_number_is_not_the_most_relevant(answer: Explained) -> None:
    answer.relevance.input[3] = np.nan
    assert summary(answer, None)["most_relevant"][0]["position"] == 1


@pytest.fixture
def of_cat() -> Explained:
    made = of_picture(rows=3, columns=4)
    made.input[:] = 0
    made.input[8:16, 24:32] = 2.5 / 64
    made.layers[1] = 0
    made.layers[1, [0, 12]] = 9, -5  # the class token and the last patch
    likely = (Prediction(0, "cat", "cat", 12.5, 0.9),)
    return Explained(Explain(ModelSource("bundled:vit"), Text("")), made, likely, 0.5, Memory(1, 2))


def test_that_of_a_picture_the_words_name_patches(of_cat: Explained) -> None:
    words = in_words(of_cat, None)
    assert "Sum      2.5000 of 12.5000 logits at the input" in words
    assert "Time     0.50 s for 32 × 24 pixels" in words and "Most relevant patches at the input" in words
    rows = [line.split() for line in words.splitlines()]
    assert ["1", "3", "2.5", "20.0%"] in rows
    assert ["2", "3", "−5", "−40.0%"] in [line.split() for line in in_words(of_cat, 1).splitlines()]


def test_that_of_a_picture_the_facts_are_json_and_name_patches(of_cat: Explained) -> None:
    facts = json.loads(json.dumps(summary(of_cat, 1)))
    assert facts["most_relevant"][0] == {"row": 2, "column": 3, "relevance": -5}
    assert facts["sum"] == 4
