"""Reads a checkpoint through transformers: its settings, its tokenizer, its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoTokenizer,
    GgufConfig,
    PreTrainedConfig,
    PreTrainedTokenizerBase,
)

# What opening a model of any kind imports the first time, most of the time it takes: here, so that it is done by the
# time a worker says it is ready.
from transformers.models.llama import modeling_llama  # noqa: F401

from engine.models.kinds import Kind
from engine.models.machine.quantization import keep_gradients, quantized_as
from engine.models.storage.building import building
from engine.models.storage.checkpoint import PREPROCESSOR_FILE, Checkpoint, read_json
from engine.models.storage.reading_files import Reading
from engine.models.storage.state_dicts import require_weights
from engine.models.storage.tokenizer_growth import require_bounded
from engine.protocol.failures import ModelError
from engine.protocol.values import Quantization

_SETTINGS = (
    "added_tokens.json",
    "generation_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)


def read_config(checkpoint: Checkpoint, *, trust_remote_code: bool) -> PreTrainedConfig:
    """The model's settings. Raises ModelError, naming the file, where any of the folder's settings are damaged."""
    for name in () if checkpoint.gguf else _SETTINGS:
        if (path := checkpoint.folder / name).is_file():
            content = read_json(path)  # names the file and the place of a defect, which the libraries do not
            if name == "tokenizer.json":
                require_bounded(path, content)
    file = checkpoint.gguf or "config.json"
    with Reading(f"the settings of “{checkpoint.shown}” in {file}"):
        config: PreTrainedConfig = AutoConfig.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code, **_from_gguf(checkpoint)
        )
        return config


def read_tokenizer(
    checkpoint: Checkpoint, config: PreTrainedConfig, *, trust_remote_code: bool
) -> PreTrainedTokenizerBase:
    """The model's tokenizer. Raises ModelError where there is none: transformers would make one that knows nothing."""
    if not checkpoint.gguf and not checkpoint.has_tokenizer():
        raise ModelError(
            f"“{checkpoint.shown}” has no tokenizer: there is no tokenizer.json. Copy it there, or give a tokenizer.",
            "model_damaged",
        )
    with Reading(f"the tokenizer of “{checkpoint.shown}” in {' and '.join(checkpoint.tokenizer_files())}"):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            checkpoint.folder,
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            **(_from_gguf(checkpoint) or {"config": config}),
        )
        _ = tokenizer.all_special_ids  # a token that nothing stands for asks for itself again and again
        return tokenizer


def read_preprocess(checkpoint: Checkpoint, *, trust_remote_code: bool) -> Callable[[Image.Image], Tensor] | None:
    """What makes pixel values (channel, height, width) of a picture, where the folder says how."""
    if not checkpoint.has_preprocessor():
        return None
    read_json(checkpoint.folder / PREPROCESSOR_FILE)
    with Reading(f"the preprocessing of “{checkpoint.shown}” in {PREPROCESSOR_FILE}"):
        read: Callable[..., Callable[..., Any]] = AutoImageProcessor.from_pretrained
        processor = read(checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code)

    def preprocess(image: Image.Image) -> Tensor:
        pixel_values: Tensor = processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixel_values

    return preprocess


def read_weights(
    checkpoint: Checkpoint,
    config: PreTrainedConfig,
    kind: Kind,
    *,
    dtype: torch.dtype,
    device: torch.device,
    quantization: Quantization | None,
    trust_remote_code: bool,
) -> nn.Module:
    """The model in evaluation mode on `device`, with SDPA attention if it knows that, else eager.

    Weights come from safetensors, GGUF or pickles of nothing but weights. Raises ModelError where the checkpoint
    lacks weights: transformers would make them up.
    """
    keywords = _from_gguf(checkpoint)
    if checkpoint.gguf:
        # Left to itself, transformers computes with packed weights in kernels that it downloads, and gradients lack.
        keywords["quantization_config"] = GgufConfig(dequantize=True)
    elif quantization is not None:
        keywords["quantization_config"] = quantized_as(quantization, dtype)
    if device.type != "cpu" and find_spec("accelerate") is not None:
        keywords["device_map"] = {"": device}
    files = checkpoint.weight_files()
    require_weights(files)
    shown = ", ".join(file.name for file in files[:3])
    with Reading(f"the weights of “{checkpoint.shown}” in {shown}"), building(files, checkpoint.shown):
        opened: Any = kind.opener.from_pretrained(
            checkpoint.folder,
            config=config,
            dtype=dtype,
            attn_implementation=None,  # whatever config.json asks for
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # refused below, by name
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            weights_only=True,
            **keywords,
        )
        module: nn.Module = opened[0]
        if quantization is None:
            module.to(device)
    if missing := sorted(opened[1]["missing_keys"]):
        raise ModelError(
            f"“{checkpoint.shown}” lacks {len(missing)} of the weights of a {type(module).__name__}: "
            f"{', '.join(missing[:3])}.",
            "model_damaged",
        )
    if mismatched := sorted(opened[1]["mismatched_keys"]):
        name, stored, built = mismatched[0]
        raise ModelError(
            f"The config.json of “{checkpoint.shown}” does not go with its weights: {len(mismatched)} of them are of "
            f"another shape, such as {name}, which is {_shape(stored)} in the file and {_shape(built)} in a "
            f"{type(module).__name__} of these settings. Copy or download both again.",
            "model_damaged",
        )
    keep_gradients(module, dtype)
    return module.eval()


def _shape(sizes: Sequence[int]) -> str:
    return f"({', '.join(map(str, sizes))})"


def _from_gguf(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"gguf_file": checkpoint.gguf} if checkpoint.gguf else {}
