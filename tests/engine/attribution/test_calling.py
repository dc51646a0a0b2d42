"""A model's forward is given what it requires, and what it cannot do is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor, nn

import engine
from engine.protocol.failures import ModelError
from tests.engine.attribution.kinds import IDS, IMAGES, TEXTS, made


class Own(nn.Module):
    """A classifier of one's own around a trunk of transformers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.trunk = made("BertForSequenceClassification").bert
        self.head = nn.Linear(32, 3)

    def answer(self, ids: Tensor, **told: Any) -> Tensor:
        found: Tensor = self.head(self.trunk(ids, **told)[1])
        return found


class Masked(Own):
    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.answer(input_ids, attention_mask=attention_mask)


class Told(Own):
    def forward(self, ids: Tensor, attention_mask: Tensor, *, token_type_ids: Tensor, position_ids: Tensor) -> Tensor:
        return self.answer(ids, attention_mask=attention_mask, token_type_ids=token_type_ids, position_ids=position_ids)


class Plain(Own):
    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **others: Any) -> Tensor:
        assert attention_mask is None and not others
        return self.answer(input_ids)


class Boxed(Own):
    def forward(self, input_ids: Tensor, attention_mask: Tensor, bbox: Tensor, labels: Tensor) -> Tensor:
        return self.answer(input_ids)


@pytest.mark.parametrize("own", [Masked, Told])
def test_that_a_forward_is_given_what_it_requires(own: type[Own]) -> None:
    model, plain = own().eval(), engine.trace(Plain().eval(), input_ids=IDS)
    trace = engine.trace(model, input_ids=IDS)
    assert trace.logits() == pytest.approx(plain.logits(), rel=1e-5)
    found = trace.explain().input
    assert found == pytest.approx(plain.explain().input, rel=1e-4, abs=1e-6)
    assert engine.self_test(model).passed


def test_that_a_forward_which_requires_what_cannot_be_known_is_refused_by_its_name() -> None:
    with pytest.raises(ModelError, match=r"^The forward of Boxed requires “bbox” and “labels”, which .* a default\.$"):
        engine.trace(Boxed().eval(), input_ids=IDS)


# -- what a forward raises -------------------------------------------------------------------------------------------


class Failing(Own):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def forward(self, input_ids: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            raise self.error
        return self.answer(input_ids)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("You have to\nspecify bbox."), r"\(ValueError: You have to specify bbox\)"),
        (KeyError("bbox"), r"\(KeyError: 'bbox'\)"),
        (NotImplementedError(), r"\(NotImplementedError: NotImplementedError\)"),
        (IndexError("index out of range in self"), "index out of range"),
        (ZeroDivisionError("division by zero"), "division by zero"),
        (RuntimeError("x" * 9_000), "xxx…"),
    ],
)
def test_that_whatever_a_forward_raises_is_a_sentence_with_its_cause(error: Exception, said: str) -> None:
    with pytest.raises(ModelError, match=rf"^Failing cannot run on this input .*{said}") as raised:
        engine.trace(Failing(error).eval(), input_ids=IDS)
    assert raised.value.__cause__ is error
    assert len(str(raised.value)) < 500 and "\n" not in str(raised.value)


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("no"), KeyboardInterrupt()])
def test_that_what_is_no_fault_of_the_model_stays_what_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)):
        engine.trace(Failing(error).eval(), input_ids=IDS)


# -- word embeddings -------------------------------------------------------------------------------------------------


class Twice(Own):
    """Calls the word embeddings for the prompt, and again for what `again` makes of it."""

    def __init__(self, again: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.again = again

    def forward(self, input_ids: Tensor) -> Tensor:
        found: Tensor = self.head(self.trunk.embeddings.word_embeddings(self.again(input_ids)).mean(1))
        return found + self.answer(input_ids)


class Without(Own):
    def forward(self, input_ids: Tensor) -> Tensor:
        found: Tensor = self.head(self.trunk(inputs_embeds=torch.ones(1, input_ids.shape[1], 32))[1])
        return found


class Idle(Own):
    def forward(self, input_ids: Tensor) -> Tensor:
        found: Tensor = self.head(self.trunk.embeddings(input_ids).mean(1))
        return found


def test_that_embeddings_called_again_with_the_prompt_have_one_leaf() -> None:
    model = Twice(torch.clone).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "bias" in name or "position" in name or "token_type" in name:
                parameter.zero_()
    answer = engine.trace(model, input_ids=IDS, rules="cp-lrp").explain()
    assert answer.input.sum() == pytest.approx(answer.value, rel=1e-4)


class Positions(nn.Module):
    """A transformer of one's own, whose positions and types are made, and called, before its words."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.places, self.types, self.words = nn.Embedding(64, 16), nn.Embedding(2, 16), nn.Embedding(96, 16)
        self.blocks = nn.ModuleList([nn.Linear(16, 16, bias=False) for _ in range(2)])
        self.head = nn.Linear(16, 96, bias=False)

    def forward(self, input_ids: Tensor) -> Tensor:
        count = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = 0 * self.places(count + 2) + 0 * self.types(torch.zeros_like(input_ids)) + self.words(input=input_ids)
        for block in self.blocks:
            x = x + block(x)
        found: Tensor = self.head(x)
        return found


def test_that_positions_and_types_are_no_words() -> None:
    with engine.trace(Positions().eval(), input_ids=IDS, rules="cp-lrp") as trace:
        answer = trace.explain()
    assert answer.input[-1] == pytest.approx(answer.value, rel=1e-4)  # all that is not zero comes from the last word
    with engine.trace(Positions().eval(), input_ids=[3, 4, 5], rules="cp-lrp") as trace:  # tokens that count
        answer = trace.explain()
    assert answer.input[-1] == pytest.approx(answer.value, rel=1e-4)


def test_that_embeddings_called_with_other_tokens_or_never_are_named() -> None:
    with pytest.raises(ModelError, match="Twice calls its word embeddings more than once and with other tokens"):
        engine.trace(Twice(lambda ids: ids[:, 1:]).eval(), input_ids=IDS)
    with pytest.raises(ModelError, match="BertLayer runs without calling its word embeddings"):
        engine.trace(Without().eval(), input_ids=IDS)


def test_that_blocks_which_are_never_called_are_named() -> None:
    with pytest.raises(ModelError, match="The blocks found in Idle, 2 × BertLayer, are never called"):
        engine.trace(Idle().eval(), input_ids=IDS)


SIZES: dict[str, Any] = {**TEXTS["BertForSequenceClassification"][1]}


@pytest.mark.parametrize(
    ("architecture", "config", "says"),
    [
        ("IBertForSequenceClassification", lambda: transformers.IBertConfig(**SIZES), "give a tuple, not vectors"),
        (
            "PerceiverForMaskedLM",
            lambda: transformers.PerceiverConfig(
                vocab_size=96,
                d_model=32,
                d_latents=32,
                num_latents=8,
                num_blocks=1,
                num_self_attends_per_block=1,
                num_self_attention_heads=4,
                num_cross_attention_heads=4,
                qk_channels=32,
                v_channels=32,
            ),
            "no module of word embeddings",
        ),
        (
            "CanineForSequenceClassification",
            lambda: transformers.CanineConfig(**SIZES, num_hash_functions=2, num_hash_buckets=64),
            "no module of word embeddings",
        ),
    ],
)
def test_that_models_without_one_module_of_word_embeddings_say_so(
    architecture: str, config: Callable[[], Any], says: str
) -> None:
    with pytest.raises(ModelError, match=f"{architecture}.*{says}"):
        engine.trace(getattr(transformers, architecture)(config()).eval(), input_ids=IDS)


@pytest.mark.parametrize(
    ("architecture", "config", "layers"),
    [
        (
            "FunnelForSequenceClassification",  # its list of blocks holds lists of layers, which are never called
            lambda: transformers.FunnelConfig(
                vocab_size=96, d_model=32, block_sizes=[1, 2], n_head=4, d_head=8, d_inner=37
            ),
            4,
        ),
        (
            "GitForCausalLM",  # most of its parameters see pictures, of which a text has none
            lambda: transformers.GitConfig(
                **SIZES, vision_config={**IMAGES["ViTForImageClassification"][1], "num_hidden_layers": 9}
            ),
            3,
        ),
    ],
)
def test_that_blocks_are_those_a_text_runs_through(architecture: str, config: Callable[[], Any], layers: int) -> None:
    torch.manual_seed(3)
    model = getattr(transformers, architecture)(config()).eval()
    answer = engine.trace(model, input_ids=IDS).explain()
    assert answer.layers.shape == (layers, len(IDS))
    assert np.isfinite(answer.layers[0]).all() and np.abs(answer.layers[0]).max() > 0
