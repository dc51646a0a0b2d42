"""`monkey_patch` puts rules on a modelling module, and takes them away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import vision_transformer
from torchvision.models.vision_transformer import VisionTransformer
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, Qwen2Config, Qwen2ForCausalLM
from transformers.models.bert import modeling_bert
from transformers.models.gpt2 import modeling_gpt2
from transformers.models.llama import modeling_llama

import engine
from engine.protocol.failures import RulesError
from engine.rules.table import RULE_SETS
from tests.engine.attribution.families import tiny
from tests.parity.models import IDS, fixed_model
from tests.parity.regenerate import VECTORS

_SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


@pytest.fixture(autouse=True)
def unpatched() -> Iterator[None]:
    yield
    for module in (modeling_llama, modeling_gpt2, modeling_bert, vision_transformer):
        engine.monkey_patch(module).undo()


def relevance(model: nn.Module, freeze: bool = True) -> Tensor:
    """What LXT's scripts do after patching."""
    for parameter in model.parameters():
        parameter.requires_grad = not freeze
    embeds = model.get_input_embeddings()(torch.tensor(IDS)).detach()
    logits = model(inputs_embeds=embeds.requires_grad_(), use_cache=False).logits
    logits[0, -1].max().backward()
    return (embeds * embeds.grad).sum(-1)[0]


def lxts(rules: str, family: str = "llama") -> Tensor:
    """What LXT gives for the same model."""
    return torch.tensor(json.loads(VECTORS.read_text())[f"{family}/sdpa/{rules}"]["input"])


def same(ours: Tensor, theirs: Tensor) -> bool:
    return bool((ours - theirs).abs().max() <= 1e-5 * theirs.abs().max())


def contents(module: ModuleType) -> object:
    """Every class of a modelling file with its own attributes, in order."""
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    return [(kind, list(vars(kind).items())) for kind in classes]


@pytest.mark.parametrize("freeze", [True, False])
def test_that_models_made_before_and_after_give_lxts_relevance(freeze: bool) -> None:
    before = fixed_model("llama", "sdpa")
    engine.monkey_patch(modeling_llama)
    assert same(relevance(before, freeze), lxts("attnlrp"))
    assert same(relevance(fixed_model("llama", "sdpa"), freeze), lxts("attnlrp"))


def test_that_parameters_are_constants_in_a_call_alone() -> None:
    engine.monkey_patch(modeling_llama)
    model = fixed_model("llama", "sdpa")
    relevance(model, freeze=False)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_that_another_map_replaces_the_first() -> None:
    model = fixed_model("llama", "sdpa")
    plain, before = relevance(model), contents(modeling_llama)
    first = engine.monkey_patch(modeling_llama)
    second = engine.monkey_patch(modeling_llama, engine.cp_LRP)
    assert same(relevance(model), lxts("cp-lrp"))
    first.undo()
    assert same(relevance(model), lxts("cp-lrp"))
    second.undo()
    assert contents(modeling_llama) == before
    assert torch.equal(relevance(model), plain)


@pytest.mark.parametrize("rules", [engine.attnLRP, "attnlrp", None])
def test_that_undoing_leaves_everything_as_it_was(rules: object) -> None:
    before = contents(modeling_llama)
    model = fixed_model("llama", "eager")
    attributes = [dict(vars(part)) for part in model.modules()]
    plain = relevance(model)
    with engine.monkey_patch(modeling_llama, rules) as patch:
        assert not same(relevance(model), plain)
        patch.undo()
        assert torch.equal(relevance(model), plain)
    assert contents(modeling_llama) == before
    assert [list(vars(part)) for part in model.modules()] == [list(names) for names in attributes]


def test_that_models_of_other_modules_never_notice() -> None:
    torch.manual_seed(0)
    other = Qwen2ForCausalLM(Qwen2Config(**_SIZES, num_key_value_heads=2, max_position_embeddings=32)).eval()
    ids = torch.tensor([[1, 2, 3]])
    logits = other(ids).logits
    logits[0, -1].max().backward()
    gradients = [parameter.grad.clone() for parameter in other.parameters()]
    other.zero_grad()
    with engine.monkey_patch(modeling_llama):
        again = other(ids).logits
        again[0, -1].max().backward()
    assert torch.equal(again, logits)
    assert all(torch.equal(p.grad, g) for p, g in zip(other.parameters(), gradients, strict=True))


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("freeze", [True, False])
def test_that_checkpointing_in_training_mode_changes_nothing(family: str, reentrant: bool, freeze: bool) -> None:
    module = {"llama": modeling_llama, "gpt2": modeling_gpt2}[family]
    model = tiny(family)
    with engine.monkey_patch(module):
        plain = relevance(model)
        model.train()
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": reentrant})
        ran: list[nn.Module] = []
        watched = model.base_model.layers[0].mlp if family == "llama" else model.base_model.h[0].mlp
        watched.register_forward_pre_hook(lambda part, _: ran.append(part))
        assert torch.equal(relevance(model, freeze), plain)
        assert len(ran) == 2  # once forward, once again in the backward pass
    assert all(part.training for part in model.modules())


def test_that_dropout_is_off_in_training_mode() -> None:
    model = tiny("gpt2")
    with engine.monkey_patch(modeling_gpt2):
        plain = relevance(model)
        assert torch.equal(relevance(model.train()), plain)


@pytest.mark.parametrize("checkpointing", [True, False])
def test_that_hooks_read_relevance_at_every_layer(checkpointing: bool) -> None:
    model = fixed_model("llama", "sdpa")
    outputs: dict[int, Tensor] = {}

    def keep(place: int, output: Tensor | tuple[Tensor, ...]) -> None:
        outputs[place] = output[0] if isinstance(output, tuple) else output
        if outputs[place].requires_grad:
            outputs[place].retain_grad()

    for place, layer in enumerate(model.model.layers):
        layer.register_forward_hook(lambda _, __, output, place=place: keep(place, output))
    with engine.monkey_patch(modeling_llama):
        if checkpointing:
            model.train()
            model.gradient_checkpointing_enable()
        relevance(model)
    theirs = torch.tensor(json.loads(VECTORS.read_text())["llama/sdpa/attnlrp"]["layers"])
    ours = torch.stack([(outputs[i] * outputs[i].grad).sum(-1)[0] for i in range(2)]).detach()
    assert same(ours, theirs[1:])


def test_that_a_head_whose_forward_is_inherited_is_patched_too() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(**_SIZES, max_position_embeddings=32, pad_token_id=0)
    model = LlamaForSequenceClassification(config).eval()
    embeds = model.get_input_embeddings()(torch.tensor([[3, 4, 5]])).detach().requires_grad_()

    def found() -> Tensor:
        (gradient,) = torch.autograd.grad(model(inputs_embeds=embeds).logits[0, 0], embeds)
        return gradient

    with RULE_SETS["attnlrp"].on(model):
        wanted = found()
    with engine.monkey_patch(modeling_llama):
        assert torch.equal(found(), wanted)
        assert torch.equal(torch.autograd.grad(model.forward(inputs_embeds=embeds).logits[0, 0], embeds)[0], wanted)


def test_that_rules_put_on_one_model_win() -> None:
    model = fixed_model("llama", "sdpa")
    with engine.monkey_patch(modeling_llama, engine.cp_LRP):
        ours = engine.trace(model, input_ids=IDS[0], rules="attnlrp").explain()
        assert same(torch.tensor(ours.input), lxts("attnlrp"))
        with RULE_SETS["attnlrp"].on(model):
            assert same(relevance(model), lxts("attnlrp"))
        assert same(relevance(model), lxts("cp-lrp"))


def test_that_a_model_with_hooks_of_accelerate_is_patched_too() -> None:
    model = fixed_model("llama", "sdpa")
    for part in model.modules():  # what accelerate does for device_map="auto"
        forward = part.forward
        part.forward = lambda *args, forward=forward, **kwargs: forward(*args, **kwargs)
    with engine.monkey_patch(modeling_llama):
        assert same(relevance(model), lxts("attnlrp"))


def test_that_the_forward_pass_is_unchanged() -> None:
    model = fixed_model("llama", "sdpa")
    logits = model(torch.tensor(IDS)).logits
    with engine.monkey_patch(modeling_llama):
        assert torch.equal(model(torch.tensor(IDS)).logits, logits)
        with torch.no_grad():
            assert torch.equal(model(torch.tensor(IDS)).logits, logits)


def test_that_torchvisions_transformer_gets_cp_lrp_as_from_lxt() -> None:
    torch.manual_seed(0)
    model = VisionTransformer(16, 4, 2, 2, 16, 32, num_classes=5).eval()
    image = torch.randn(1, 3, 16, 16, requires_grad=True)

    def found() -> Tensor:
        (gradient,) = torch.autograd.grad(model(image)[0].max(), image)
        return gradient

    plain = found()
    with RULE_SETS["cp-lrp"].on(model):
        wanted = found()
    with engine.monkey_patch(vision_transformer):
        assert torch.equal(found(), wanted)
    with RULE_SETS["attnlrp"].on(model):
        wanted = found()
    with engine.monkey_patch(vision_transformer, engine.attnLRP):
        assert torch.equal(found(), wanted)
    assert torch.equal(found(), plain)


def test_that_verbose_names_the_classes(capsys: pytest.CaptureFixture[str]) -> None:
    engine.monkey_patch(modeling_llama, verbose=True)
    assert "AttnLRP on LlamaRMSNorm" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((LlamaForCausalLM,), "takes a modelling module"),
        ((json,), "defines no torch modules"),
        ((modeling_llama, {LlamaForCausalLM: print}), "need no map of classes"),
        ((modeling_llama, "attn"), "There is no rule set"),
    ],
)
def test_that_what_cannot_be_patched_is_said(asked: tuple[object, ...], said: str) -> None:
    before = contents(modeling_llama)
    with pytest.raises(RulesError, match=said):
        engine.monkey_patch(*asked)
    assert contents(modeling_llama) == before
