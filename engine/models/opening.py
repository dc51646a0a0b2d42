"""Opening a model: from a name, or a module in memory, to something that can be traced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from engine.models.device import choose_device, choose_dtype
from engine.models.sources import Folder, GgufFile, HubModel, locate
from engine.protocol.messages import Phase
from engine.protocol.values import ModelInfo, ModelSource, Quantization

ReportProgress = Callable[[Phase, int, int], None]


@dataclass(frozen=True, eq=False)
class Model:
    """An opened model in evaluation mode. A module given without a tokenizer takes input ids only."""

    module: nn.Module
    tokenizer: PreTrainedTokenizerBase | None
    info: ModelInfo


def load_model(
    source: str | Path | ModelSource | nn.Module,
    *,
    tokenizer: PreTrainedTokenizerBase | None = None,
    device: str = "auto",
    dtype: str = "auto",
    quantization: Quantization | None = None,
    trust_remote_code: bool = False,
    revision: str | None = None,
    progress: ReportProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Model:
    """The opened model."""
    if isinstance(source, nn.Module):
        return Model(source.eval(), tokenizer, _info(source, ModelSource(type(source).__name__), None))
    if not isinstance(source, ModelSource):
        source = ModelSource(str(source), revision, device, dtype, quantization, trust_remote_code)
    place = locate(source.name)
    chosen = choose_device(source.device)
    match place:
        case Folder(path):
            folder, extra = path, {}
        case GgufFile(path):
            folder, extra = path.parent, {"gguf_file": path.name}
        case HubModel():
            raise NotImplementedError
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **extra)
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, **(extra or {"config": config})
    )
    module = AutoModelForCausalLM.from_pretrained(
        folder,
        config=config,
        local_files_only=True,
        trust_remote_code=False,
        dtype=choose_dtype(source.dtype, getattr(config, "dtype", None), chosen),
        **extra,
    )
    module.to(chosen)
    return Model(module.eval(), tokenizer, _info(module, source, None))


def _info(module: nn.Module, source: ModelSource, revision: str | None) -> ModelInfo:
    config = getattr(module, "config", None)
    first = next(module.parameters())
    return ModelInfo(
        source=source,
        title=source.name,
        architecture=type(module).__name__,
        revision=revision,
        parameters=sum(p.numel() for p in module.parameters()),
        blocks=getattr(config, "num_hidden_layers", 0),
        vocabulary=getattr(config, "vocab_size", 0),
        max_tokens=getattr(config, "max_position_embeddings", None),
        device=str(first.device),
        dtype=str(first.dtype).removeprefix("torch."),
        weight_bytes=sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers())),
    )
