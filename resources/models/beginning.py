"""Where training starts from: attention that already looks at neighbours, and at tokens like its own.

Looking up needs two things at once: "what stood before me?" and "where did that stand before?". Each is useless without
the other, so a small model finds them only after many thousand steps of nothing. Starting near both, much as in mimetic
initialisation (Trockman and Kolter, 2023), leaves the rest to training: nothing is frozen.

Head h of the first block looks h + 1 tokens back, by the angle between positions, and all its heads write what they see
into the same directions. The other blocks' keys are like their queries, so that like finds like.
"""

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, LlamaForCausalLM

NOISE = 0.5
"""How far queries are from keys in the blocks after the first."""


def prepare_llama(model: LlamaForCausalLM) -> None:
    """Start `model`, whose rotary positions turn queries and keys, as the module says.

    Turning needs something constant in every token: the first number of each embedding.
    """
    config = model.config
    width, heads, groups = config.hidden_size, config.num_attention_heads, config.num_key_value_heads
    size = width // heads
    embedding = model.model.embed_tokens.weight.data
    embedding[:, 0] = 3 * embedding.std()
    seen = 3 / (1 + 8 / width) ** 0.5  # what the normalisation makes of it
    gain = 5 / seen
    pairs = 4  # the fastest ones tell neighbours apart
    turns = config.rope_parameters["rope_theta"] ** (-torch.arange(pairs) / (size // 2))

    first = model.model.layers[0].self_attn
    query = first.q_proj.weight.data.zero_().view(heads, size, width)
    key = first.k_proj.weight.data.zero_().view(groups, size, width)
    key[:, :pairs, 0] = gain
    for head in range(heads):
        back = -(head + 1) * turns
        query[head, :pairs, 0] = gain * back.cos()
        query[head, size // 2 : size // 2 + pairs, 0] = gain * back.sin()
    value, output = first.v_proj.weight.data, first.o_proj.weight.data
    value.view(groups, size, width)[:] = value[:size].clone()
    output.view(width, heads, size)[:] = output[:, None, :size].clone()

    for block in model.model.layers[1:]:
        key = _scattered(groups, size, width, fan_in=width)
        query = key.repeat_interleave(heads // groups, 0) + NOISE * _scattered(heads, size, width, fan_in=width)
        block.self_attn.k_proj.weight.data[:] = key.flatten(0, 1)
        block.self_attn.q_proj.weight.data[:] = query.flatten(0, 1)


def prepare_gpt2(model: GPT2LMHeadModel) -> None:
    """Start `model`, whose positions are learned, as the module says.

    Positions begin as sinusoids in the first numbers of each embedding, which tokens leave to them, and only the first
    block sees.
    """
    config = model.config
    width, heads = config.n_embd, config.n_head
    size = width // heads
    pairs = size // 2
    turns = 0.15 ** (torch.arange(pairs) / pairs)
    angles = torch.arange(config.n_positions)[:, None] * turns
    model.transformer.wpe.weight.data.zero_()[:, :size] = 0.08 * torch.cat((angles.sin(), angles.cos()), dim=1)
    model.transformer.wte.weight.data[:, :size] = 0

    first, output = model.transformer.h[0].attn, model.transformer.h[0].attn.c_proj.weight.data
    query, key, value = (part.view(width, heads, size) for part in first.c_attn.weight.data.split(width, dim=1))
    query[:] = key[:] = 0
    for head in range(heads):
        key[:size, head] = 2.5 * torch.eye(size)
        query[:size, head] = 2.5 * _turned_back((head + 1) * turns)
    value[:size] = 0
    value[:] = value[:, :1].clone()
    output.view(heads, size, width)[:] = output[:size].clone()
    output[:, :size] = 0

    for block in model.transformer.h[1:]:
        query, key, _ = (part.view(width, heads, size) for part in block.attn.c_attn.weight.data.split(width, dim=1))
        key[:] = _scattered(width, heads, size, fan_in=width)
        key[:size] = 0
        query[:] = key + NOISE * _scattered(width, heads, size, fan_in=width)


def _turned_back(angles: Tensor) -> Tensor:
    """The matrix that takes (sin a, cos a) to (sin(a - d), cos(a - d)) for each d of `angles`."""
    cos, sin = angles.cos().diag(), angles.sin().diag()
    return torch.cat((torch.cat((cos, sin), dim=1), torch.cat((-sin, cos), dim=1)))


def _scattered(*shape: int, fan_in: int) -> Tensor:
    return torch.randn(*shape) / fan_in**0.5
