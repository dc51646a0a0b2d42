"""A folder opens as what its settings say it predicts, and is given text in that form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers
from transformers import BertConfig, PreTrainedModel, T5Config
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import engine
from engine import targets
from engine.models.kinds import kind_of
from engine.models.opening import Model, load_model
from engine.protocol.failures import PromptError, TargetError
from tests.engine.models.made_tokenizers import make

QUESTION, CONTEXT = "the top", "a hat"


def opened(folder: Path, architecture: str) -> Model:
    tokenizer = make("bert")
    tokenizer.add_special_tokens({"mask_token": "[MASK]"})
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    sizes = {"vocab_size": len(tokenizer), "num_labels": 2}
    bert = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, **sizes, pad_token_id=0
    )
    t5 = T5Config(d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0, **sizes)
    module: PreTrainedModel = getattr(transformers, architecture)(t5 if architecture.startswith("T5") else bert)
    module.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return load_model(folder, tokenizer=tokenizer)


@pytest.mark.parametrize(
    ("architecture", "predicts", "labels"),
    [
        ("BertForSequenceClassification", "classes", ("LABEL_0", "LABEL_1")),
        ("BertForTokenClassification", "token classes", ("LABEL_0", "LABEL_1")),
        ("BertForQuestionAnswering", "answer span", ("start", "end")),
        ("BertForMaskedLM", "masked token", ()),
        ("T5ForConditionalGeneration", "sequence to sequence", ()),
    ],
)
def test_that_a_folder_opens_as_what_it_predicts(
    tmp_path: Path, architecture: str, predicts: str, labels: tuple[str, ...]
) -> None:
    model = opened(tmp_path, architecture)
    assert (model.info.architecture, model.info.predicts, model.info.labels) == (architecture, predicts, labels)
    assert model.info.vocabulary == (len(labels) or len(model.tokenizer))


@pytest.mark.parametrize(
    ("settings", "predicts"),
    [
        ({"model_type": "bert", "architectures": ["BertForPreTraining"]}, "masked token"),
        ({"model_type": "bert", "architectures": ["RatherForTokenClassification"]}, "token classes"),
        ({"model_type": "bert", "architectures": ["Rather"]}, "masked token"),
        ({"model_type": "bert"}, "masked token"),
        ({"model_type": "bert", "is_decoder": True}, "next token"),
        ({"model_type": "bart"}, "sequence to sequence"),
        ({"model_type": "llama", "architectures": ["Rather"]}, "next token"),
        ({"model_type": "llama", "architectures": ["LlamaModel"]}, None),
        ({"model_type": "bert", "architectures": ["BertForNextSentencePrediction"]}, None),
        ({"model_type": "llama", "architectures": True}, "next token"),
        ({"model_type": ["llama"]}, None),
    ],
)
def test_that_a_kind_is_what_the_auto_classes_open(settings: dict[str, object], predicts: str | None) -> None:
    kind = kind_of(settings)
    assert (kind and kind.predicts) == predicts


class RatherConfig(BertConfig):
    model_type = "rather"


class Rather(transformers.BertForMaskedLM):
    config_class = RatherConfig


class RatherAClassifier(transformers.BertForSequenceClassification):
    config_class = RatherConfig


@pytest.mark.parametrize(
    ("opener", "class_", "predicts"),
    [
        (transformers.AutoModelForMaskedLM, Rather, "masked token"),
        (transformers.AutoModelForSequenceClassification, RatherAClassifier, "classes"),
    ],
)
def test_that_a_registered_class_opens_as_what_it_was_registered_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opener: Any, class_: type[PreTrainedModel], predicts: str
) -> None:
    monkeypatch.setattr(CONFIG_MAPPING, "_extra_content", {})
    monkeypatch.setattr(opener._model_mapping, "_extra_content", {})
    transformers.AutoConfig.register("rather", RatherConfig)
    opener.register(RatherConfig, class_)
    tokenizer = make("bert")
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    class_(RatherConfig(**sizes, intermediate_size=16)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    info = load_model(tmp_path, tokenizer=tokenizer).info
    assert (info.architecture, info.predicts) == (class_.__name__, predicts)


def test_that_an_answer_is_looked_for_in_the_second_text(tmp_path: Path) -> None:
    model = opened(tmp_path, "BertForQuestionAnswering")
    trace = engine.trace(model, QUESTION, context=CONTEXT)
    assert trace.prompt == f"{QUESTION}\n{CONTEXT}"
    assert "".join(token.text for token in trace.tokens) == trace.prompt
    types = trace._recording.inputs.others["token_type_ids"][0].tolist()
    assert set(types) == {0, 1}
    for at, _, _ in trace.explain().target.terms:
        assert types[at] == 1
        assert not trace.tokens[at].special
    with pytest.raises(PromptError, match="neither may be empty"):
        engine.trace(model, QUESTION, context="")


def test_that_a_mask_is_where_a_position_is_left_out(tmp_path: Path) -> None:
    model = opened(tmp_path, "BertForMaskedLM")
    mask = model.tokenizer.mask_token
    trace = engine.trace(model, f"the {mask} top")
    at = [token.text.strip() for token in trace.tokens].index(mask)
    assert trace.explain().target.position == at
    assert trace.predictions(1) == trace.predictions(1, position=at)
    with pytest.raises(TargetError, match=r"is a mask: put \[MASK\] where"):
        engine.trace(model, "the top").explain()


def test_that_a_decoder_goes_on_with_the_text_it_is_given(tmp_path: Path) -> None:
    model = opened(tmp_path, "T5ForConditionalGeneration")
    answer = engine.trace(model, "the top", decoder_text="a hat").explain(targets.Token(5, position=1))
    assert answer.decoder is not None
    assert answer.decoder.tokens[0].id == 0
    assert len(answer.decoder.tokens) > 1
    assert not answer.decoder.input[2:].any()
    assert answer.target.position == 1
    assert engine.trace(model, "the top").explain().target.position == 0
