"""Whatever a model predicts, it is explained by the same lines: encoders, classifiers, encoder-decoders, images."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from msgspec import structs
from torch import Tensor, nn

import engine
from engine import targets
from engine.attribution.targets.outputs import answers_of
from engine.models.blocks import find_blocks, find_stacks
from engine.protocol.failures import ModelError, PromptError, TargetError
from engine.rules.table import RULE_SETS
from tests.engine.attribution.kinds import IDS, IMAGES, STATES, TEXTS, made, without_constants
from tests.engine.attribution.test_trace import fingerprint

PIXELS = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
DECODER_START = {"t5": 0, "mt5": 0}


def given(architecture: str) -> dict[str, Any]:
    return {"pixel_values": PIXELS} if architecture in IMAGES else {"input_ids": IDS}


def plain_logits(model: nn.Module, architecture: str) -> Tensor:
    """The model's own, without any of ours."""
    main = PIXELS if architecture in IMAGES else torch.tensor([IDS])
    start = DECODER_START.get((TEXTS | IMAGES | STATES)[architecture][0], 2)
    translates = engine.load_model(model).info.predicts == "sequence to sequence"
    others: dict[str, Any] = {"decoder_input_ids": torch.tensor([[start]])} if translates else {}
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        others["logits_to_keep"] = 1
    with torch.no_grad():
        return answers_of(model(main, **others), model)


@pytest.mark.parametrize("rules", RULE_SETS)
@pytest.mark.parametrize("architecture", [*TEXTS, *IMAGES, *STATES])
def test_that_every_head_is_explained_and_its_model_left_as_it_was(architecture: str, rules: str) -> None:
    model = made(architecture)
    logits = plain_logits(model, architecture)  # RWKV scales its weights the first time it is used
    before = fingerprint(model)
    with engine.trace(model, **given(architecture), rules=rules) as trace:
        first = trace._recording.length - len(logits)
        for position, expected in [(-1, logits)] if logits.ndim == 1 else list(enumerate(logits, first)):
            assert np.array_equal(trace._recording.logits(position).detach().numpy(), expected.numpy())
        answer = trace.explain(targets.Class(0) if answer_is_of_classes(model) else targets.Token(5, 0))
    assert np.isfinite(answer.input).all()
    assert np.abs(answer.input).max() > 0
    assert answer.input.shape == ((32, 32) if architecture in IMAGES else (len(IDS),))
    assert np.isfinite(answer.value)
    assert fingerprint(model) == before
    assert torch.equal(plain_logits(model, architecture), logits)


def answer_is_of_classes(model: nn.Module) -> bool:
    return bool(engine.load_model(model).info.labels)


# -- layers ----------------------------------------------------------------------------------------------------------


def test_that_an_encoder_decoder_has_relevance_in_both() -> None:
    model = made("T5ForConditionalGeneration")
    encoder, decoder = find_stacks(model)
    assert (len(encoder), len(decoder)) == (2, 3)
    assert find_blocks(model) == encoder
    answer = engine.trace(model, input_ids=IDS).explain()
    assert answer.layers.shape == (3, len(IDS))
    assert answer.decoder is not None
    assert [token.id for token in answer.decoder.tokens] == [0]
    assert answer.decoder.layers.shape == (4, 1)
    assert answer.answered_tokens == answer.decoder.tokens


@pytest.mark.parametrize("rules", RULE_SETS)
def test_that_many_targets_of_an_encoder_decoder_are_each_alone(rules: str) -> None:
    trace = engine.trace(made("BartForConditionalGeneration"), input_ids=IDS, rules=rules)
    wanted = [targets.Top(), targets.Token(3), targets.Contrast(3, 9)]
    for target, together in zip(wanted, trace.explain_many(wanted), strict=True):
        alone = trace.explain(target)
        assert alone.decoder is not None
        assert together.decoder is not None
        scale = np.abs(alone.layers).max()
        np.testing.assert_allclose(together.layers, alone.layers, rtol=1e-4, atol=1e-5 * scale)
        np.testing.assert_allclose(together.decoder.layers, alone.decoder.layers, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("architecture", ["BertForMaskedLM", "T5ForConditionalGeneration", "ViTForImageClassification"])
def test_that_checkpointing_changes_no_head(architecture: str) -> None:
    model = made(architecture)
    target = targets.Class(1) if architecture in IMAGES else targets.Token(5, 0)
    plain, light = (
        engine.trace(model, **given(architecture), checkpointing=light).explain(target) for light in (False, True)
    )
    assert np.array_equal(plain.input, light.input)
    assert np.array_equal(plain.layers, light.layers)


def test_that_a_block_that_runs_several_times_is_a_layer_each_time() -> None:
    answer = engine.trace(made("AlbertForSequenceClassification"), input_ids=IDS).explain()
    assert answer.layers.shape == (3, len(IDS))


def test_that_stages_of_fewer_tokens_end_in_no_number() -> None:
    model = made("SwinForImageClassification")
    answer = engine.trace(model, pixel_values=PIXELS).explain()
    tokens = [int(np.isfinite(row).sum()) for row in answer.layers]
    assert len(tokens) == len(find_blocks(model)) + 1
    assert tokens == sorted(tokens, reverse=True)
    assert answer.layers.shape[1] == tokens[0] == 16 * 16
    assert tokens[-1] < tokens[0]


@pytest.mark.parametrize(
    "architecture",
    [
        *("RobertaForSequenceClassification", "ElectraForTokenClassification", "ModernBertForSequenceClassification"),
        *("BertForSequenceClassification", "BertForQuestionAnswering", "LlamaForSequenceClassification"),
        *("T5ForConditionalGeneration", "MT5ForConditionalGeneration"),
    ],
)
def test_that_without_constants_relevance_is_the_logit(architecture: str) -> None:
    model = without_constants(made(architecture)).double()
    labels = engine.load_model(model).info.labels
    answer = engine.trace(model, input_ids=IDS, rules="cp-lrp").explain(
        targets.Class(1) if labels else targets.Token(5)
    )
    total = answer.input.sum() + (answer.decoder.input.sum() if answer.decoder else 0)
    assert total == pytest.approx(answer.value, rel=1e-4)


# -- targets ---------------------------------------------------------------------------------------------------------


def test_that_a_class_is_named_by_label_or_index() -> None:
    model = made("BertForSequenceClassification", id2label={0: "wrong", 1: "right, correct", 2: "odd"})
    trace = engine.trace(model, input_ids=IDS)
    logits = trace.logits()
    assert trace.model.info.predicts == "classes"
    assert trace.model.info.labels == ("wrong", "right, correct", "odd")
    for name in ("right, correct", "correct", 1, "1"):
        answer = trace.explain(targets.Class(name))
        assert (answer.value, answer.target.label) == (pytest.approx(logits[1]), "“right, correct”")
    assert trace.explain().value == pytest.approx(logits.max())
    assert trace.explain(targets.Contrast("odd", "wrong")).value == pytest.approx(logits[2] - logits[0], rel=1e-5)
    both = targets.Sum((targets.Class("odd"), targets.Class(0)))
    assert trace.explain(both).value == pytest.approx(logits[2] + logits[0], rel=1e-5)
    predictions = trace.predictions()
    assert sum(prediction.probability or 0 for prediction in predictions) == pytest.approx(1)
    assert predictions[0].label == trace.model.info.labels[int(logits.argmax())]


@pytest.mark.parametrize(
    ("architecture", "labels", "problem", "expected"),
    [
        ("BertForSequenceClassification", 1, None, None),  # a reranker
        ("LlamaForSequenceClassification", 1, "regression", None),  # a reward model
        ("BertForSequenceClassification", 3, "regression", None),
        ("ViTForImageClassification", 3, "regression", None),
        ("ViTForImageClassification", 3, "multi_label_classification", torch.sigmoid),
        ("BertForSequenceClassification", 1, "multi_label_classification", torch.sigmoid),
        ("BertForTokenClassification", 3, "multi_label_classification", torch.sigmoid),
        ("BertForTokenClassification", 3, None, lambda logits: logits.softmax(-1)),
        ("LlamaForSequenceClassification", 3, "single_label_classification", lambda logits: logits.softmax(-1)),
    ],
)
def test_that_only_classes_which_exclude_each_other_share_one_probability(
    architecture: str, labels: int, problem: str | None, expected: Callable[[Tensor], Tensor] | None
) -> None:
    model = made(architecture, num_labels=labels, problem_type=problem)
    trace = engine.trace(model, **given(architecture))
    found = {one.id: one.probability for one in trace.predictions()}
    if expected is None:
        assert set(found.values()) == {None}
    else:
        wanted = expected(torch.from_numpy(trace.logits())).tolist()
        assert [found[number] for number in range(labels)] == pytest.approx(wanted, rel=1e-5)


def test_that_a_class_nobody_knows_is_answered_with_the_nearest() -> None:
    trace = engine.trace(made("BertForSequenceClassification"), input_ids=IDS)
    with pytest.raises(TargetError, match=r"no class “LABEL_9”. Nearest are “LABEL_"):
        trace.explain(targets.Class("LABEL_9"))
    with pytest.raises(TargetError, match=r"no class “giraffe”. There are “LABEL_0”, “LABEL_1”, “LABEL_2”.$"):
        trace.explain(targets.Class("giraffe"))
    with pytest.raises(TargetError, match=r"no class 3: this model has 3, 0 to 2"):
        trace.explain(targets.Class(3))
    with pytest.raises(TargetError, match=r'classes, not tokens: Class\("LABEL_0"\)'):
        trace.explain(targets.Token("LABEL_1"))
    with pytest.raises(TargetError, match="one answer for the whole input"):
        trace.explain(targets.Class(0, position=2))


@pytest.mark.parametrize(
    ("labels", "name", "said"),
    [
        (["tabby, tabby cat", "tench"], "Taby", "“Taby”. Nearest is “tabby, tabby cat”."),
        (["a cat, asleep", "a cat", "a dog"], "a cat asleep", "Nearest is “a cat, asleep”."),
        ([f"n{i}" for i in range(13)], "giraffe", "this model has 13, and none is called nearly so. model.info.labels"),
        ([f"n{i}" for i in range(12)], "giraffe", "There are “n0”, “n1”, "),
        ([], "giraffe", "the 3 of this model have numbers alone, 0 to 2."),
    ],
)
def test_that_only_names_that_are_near_are_offered(labels: list[str], name: str, said: str) -> None:
    model = engine.load_model(made("BertForSequenceClassification"))
    model = replace(model, info=structs.replace(model.info, labels=tuple(labels)))
    with pytest.raises(TargetError) as refusal:
        engine.trace(model, input_ids=IDS).explain(targets.Class(name))
    assert said in str(refusal.value)


def test_that_a_token_is_classed_where_asked_or_where_it_is_surest() -> None:
    trace = engine.trace(made("BertForTokenClassification"), input_ids=IDS)
    logits = np.stack([trace.logits(at) for at in range(len(IDS))])
    assert trace.explain(targets.Class("LABEL_2", position=3)).value == pytest.approx(logits[3, 2], rel=1e-5)
    surest = trace.explain(targets.Class("LABEL_2"))
    assert (surest.value, surest.target.position) == (pytest.approx(logits[:, 2].max()), logits[:, 2].argmax())
    assert trace.explain().value == pytest.approx(logits.max())
    with pytest.raises(TargetError, match="no position 12"):
        trace.explain(targets.Class(0, position=12))


def test_that_an_answer_has_a_start_and_an_end_after_it() -> None:
    trace = engine.trace(made("BertForQuestionAnswering"), input_ids=IDS)
    logits = np.stack([trace.logits(at) for at in range(len(IDS))])
    assert trace.explain(targets.Class("start", 4)).value == pytest.approx(logits[4, 0], rel=1e-5)
    assert trace.explain(targets.Class("end")).value == pytest.approx(logits[:, 1].max())
    best = max(logits[i, 0] + logits[j, 1] for i in range(len(IDS)) for j in range(i, len(IDS)))
    answer = trace.explain()
    assert answer.value == pytest.approx(best, rel=1e-5)
    assert answer.target.terms[0][0] <= answer.target.terms[1][0]


def test_that_a_vocabulary_has_no_classes_and_a_mask_has_to_be_somewhere() -> None:
    trace = engine.trace(made("BertForMaskedLM"), input_ids=IDS)
    with pytest.raises(TargetError, match="tokens, not classes"):
        trace.explain(targets.Class("LABEL_0"))
    with pytest.raises(TargetError, match="is a mask: name a position"):
        trace.explain()
    assert trace.explain(targets.Token(7, position=2)).value == pytest.approx(trace.logits(2)[7], rel=1e-5)


# -- what cannot be done ---------------------------------------------------------------------------------------------


def test_that_a_model_is_given_what_it_takes() -> None:
    with pytest.raises(PromptError, match="takes an image"):
        engine.trace(made("ViTForImageClassification"), input_ids=IDS)
    with pytest.raises(PromptError, match="takes text"):
        engine.trace(made("BertForMaskedLM"), pixel_values=PIXELS)
    with pytest.raises(PromptError, match="one image"):
        engine.trace(made("ViTForImageClassification"), pixel_values=PIXELS[0, 0])
    with pytest.raises(PromptError, match=r"are a tensor .* not ndarray"):
        engine.trace(made("ViTForImageClassification"), pixel_values=PIXELS.numpy())
    with pytest.raises(PromptError, match="empty"):
        engine.trace(made("BertForMaskedLM"), input_ids=[])
    with pytest.raises(PromptError, match="no decoder"):
        engine.trace(made("BertForMaskedLM"), input_ids=IDS, decoder_text="a")


def test_that_positions_counted_from_a_padding_token_on_shorten_the_limit() -> None:
    assert engine.load_model(made("BertForMaskedLM")).info.max_tokens == 64
    model = made("RobertaForSequenceClassification")
    assert engine.load_model(model).info.max_tokens == 63
    engine.trace(model, input_ids=[5] * 63)
    with pytest.raises(PromptError, match="64 tokens"):
        engine.trace(model, input_ids=[5] * 64)


def test_that_weights_which_are_no_numbers_are_named() -> None:
    model = made("BertForSequenceClassification")
    weight = model.get_parameter("bert.encoder.layer.1.output.dense.weight")
    with torch.no_grad():
        weight[0, 0] = torch.nan
    with pytest.raises(ModelError, match=r"encoder\.layer\.1\.output\.dense\.weight are not numbers") as raised:
        engine.trace(model, input_ids=IDS)
    assert raised.value.kind == "model_damaged"


def test_that_a_model_without_a_head_says_what_would_do() -> None:
    headless = made("BertForSequenceClassification").bert
    headless.pooler = None
    with pytest.raises(ModelError, match="returned no logits"):
        engine.trace(headless, input_ids=IDS)
