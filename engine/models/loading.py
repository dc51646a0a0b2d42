"""Reading a checkpoint through transformers: its settings, its tokenizer, its weights."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pickle import UnpicklingError
from types import TracebackType
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from PIL import Image
from safetensors import SafetensorError
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

from engine.models.checkpoint import PREPROCESSOR_FILE, Checkpoint, read_json
from engine.models.heads import Kind
from engine.models.quantization import keep_gradients, quantized_as
from engine.protocol.failures import DoesNotFit, ModelError
from engine.protocol.messages import FailureKind
from engine.protocol.values import Quantization

# What transformers raises for files it cannot make sense of, seen with files that were cut, emptied or edited.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SafetensorError,
    StrictDataclassError,
    TypeError,
    UnpicklingError,
    ValueError,
)
_LONGEST_REASON = 300  # characters

_SETTINGS = (
    "added_tokens.json",
    "generation_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)


class Reading:
    """A context in which what goes wrong in a library becomes a ModelError that says what was being read."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None or kind is None:
            return
        if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error):
            raise DoesNotFit(f"There is not enough memory for {self._what}. Open a smaller model.") from error
        # The tokenizers package raises bare Exceptions, and its PanicException is not even that.
        if isinstance(error, _UNREADABLE) or kind is Exception or kind.__name__ == "PanicException":
            raise ModelError(f"{_capital(self._what)} cannot be read: {_reason(error)}", _kind(error)) from error


def read_config(checkpoint: Checkpoint, *, trust_remote_code: bool) -> PreTrainedConfig:
    """The model's settings. Raises ModelError, naming the file, where any of the folder's settings are damaged."""
    for name in () if checkpoint.gguf else _SETTINGS:
        if (path := checkpoint.folder / name).is_file():
            read_json(path)  # names the file and the place of a defect, which the libraries do not
    with Reading(f"the settings of “{checkpoint.shown}”"):
        return AutoConfig.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code, **_from_gguf(checkpoint)
        )


def read_tokenizer(
    checkpoint: Checkpoint, config: PreTrainedConfig, *, trust_remote_code: bool
) -> PreTrainedTokenizerBase:
    """The model's tokenizer. Raises ModelError where there is none: transformers would make one that knows nothing."""
    if not checkpoint.gguf and not checkpoint.has_tokenizer():
        raise ModelError(
            f"“{checkpoint.shown}” has no tokenizer: there is no tokenizer.json. Copy it there, or give a tokenizer.",
            "model_damaged",
        )
    with Reading(f"the tokenizer of “{checkpoint.shown}”"):
        return AutoTokenizer.from_pretrained(
            checkpoint.folder,
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            **(_from_gguf(checkpoint) or {"config": config}),
        )


def read_preprocess(checkpoint: Checkpoint, *, trust_remote_code: bool) -> Callable[[Image.Image], Tensor] | None:
    """What makes pixel values (3, height, width) of a picture, where the folder says how."""
    if not checkpoint.has_preprocessor():
        return None
    read_json(checkpoint.folder / PREPROCESSOR_FILE)
    with Reading(f"the preprocessing of “{checkpoint.shown}”"):
        processor: Any = AutoImageProcessor.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code
        )

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
    with Reading(f"the weights of “{checkpoint.shown}”"):
        opened: Any = kind.opener.from_pretrained(
            checkpoint.folder,
            config=config,
            dtype=dtype,
            attn_implementation=None,  # whatever config.json asks for
            output_loading_info=True,
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
    keep_gradients(module, dtype)
    return module.eval()


def _from_gguf(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"gguf_file": checkpoint.gguf} if checkpoint.gguf else {}


def _kind(error: BaseException) -> FailureKind:
    unsupported = isinstance(error, ImportError | NotImplementedError) or "not supported" in str(error)
    return "model_unsupported" if unsupported else "model_damaged"


def _reason(error: BaseException) -> str:
    """The first sentence of an error's message: what follows is advice for programmers."""
    if isinstance(error, UnpicklingError):
        return "a pickle that holds more than weights is never opened. Convert the model to safetensors."
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
