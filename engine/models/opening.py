"""Opens a model by its name, or a module in memory, so that it can be traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import assert_never

from msgspec import structs
from PIL import Image
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from engine.models.adapters import unwrapped, with_adapter
from engine.models.architecture import is_described, is_of_timm, require_kind
from engine.models.compared import COMPARED, compared_with, compares, require_classes
from engine.models.information import describe
from engine.models.loading import read_config, read_preprocess, read_tokenizer, read_weights
from engine.models.machine.device import choose_device, choose_dtype
from engine.models.machine.modes import with_gradients
from engine.models.named import RANDOM, Classifier, described_classifier, named_classifier
from engine.models.progress import loading_reported
from engine.models.storage.checkpoint import Checkpoint
from engine.models.storage.download import fetch
from engine.models.storage.gguf_files import read_once
from engine.models.storage.reading_files import system_refusals
from engine.models.storage.room import require_room, stored_dtype
from engine.models.storage.sources import Folder, GgufFile, HubModel, NamedArchitecture, locate
from engine.models.timm_models import timm_classifier, timm_folder
from engine.models.vocabulary import Vocabulary
from engine.protocol.failures import EngineError, ModelError, PromptError
from engine.protocol.values import Medium, ModelInfo, ModelSource, Quantization
from engine.watch import AskCancelled, ReportProgress, Watch

_TAKES: dict[Medium, str] = {
    "text": "takes text, not an image: give a prompt.",
    "picture": "takes an image, not text: give a picture.",
}


@dataclass(frozen=True, eq=False)
class Model:
    """An opened model. Without a tokenizer it takes input ids only, and without `preprocess` pixel values only."""

    module: nn.Module
    tokenizer: PreTrainedTokenizerBase | None
    info: ModelInfo
    preprocess: Callable[[Image.Image], Tensor] | None = None  # gives pixel values (channel, height, width)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokenizer's tokens, one by one."""
        if self.tokenizer is None:
            raise ModelError(f"“{self.info.title}” came without a tokenizer: it takes input ids, not text.")
        return Vocabulary(self.tokenizer)

    def must_take(self, medium: Medium) -> None:
        """Raises PromptError (model_unsupported) where it is asked about something else."""
        if self.info.takes != medium:
            raise PromptError(f"{self.info.title} {_TAKES[self.info.takes]}", "model_unsupported")


@with_gradients()
def load_model(
    source: str | Path | ModelSource | nn.Module,
    *,
    tokenizer: PreTrainedTokenizerBase | None = None,
    device: str = "auto",
    dtype: str = "auto",
    quantization: Quantization | None = None,
    trust_remote_code: bool = False,
    revision: str | None = None,
    weights: str | Path | None = None,
    classes: Sequence[str] = (),
    preprocess: Callable[[Image.Image], Tensor] | None = None,
    labels: Sequence[str] = (),
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Model:
    """The opened model: bundled (`bundled:llama`), a local folder, a `.gguf` file, a hub id, an image classifier of
    torchvision or timm (`torchvision:vit_b_16`), or a module in memory.

    It may continue text, fill masks, class texts, tokens or images, find answers, or turn a text into another.

    A `ModelSource` says by itself how it is to be opened, and a module stays where and as it is: the keywords from
    `device` to `classes` are for names. `weights` are those of such a classifier: a file with a state_dict, or the name
    of those that torchvision publishes; None downloads the best of them, "random" leaves them random. `classes` are
    texts to choose from, for a model that compares pictures with texts (CLIP, SigLIP). `preprocess` makes pixel values
    (channel, height, width) of a PIL image and `labels` name the classes, where the model does not know them itself.

    `device="auto"` takes the fastest there is. `dtype="auto"` keeps the checkpoint's dtype on an accelerator; on the
    CPU it is float32, because half precision is slow there and its rounding shows in relevance. A hub model in the
    local cache is opened without the network.

    `progress` is called with a phase, the steps done and those to do. `cancelled` is asked often; Stopped is raised
    where it says yes. Raises EngineError, with a kind and a sentence, where the model cannot be opened.
    """
    if isinstance(source, nn.Module):
        source = unwrapped(source)
        name = type(source).__name__
        return Model(source, tokenizer, describe(source, ModelSource(name), name, None, labels, tokenizer), preprocess)
    if not isinstance(source, str | Path | ModelSource):
        raise ModelError(f"A model is a name, a path, a ModelSource or a torch.nn.Module, not {type(source).__name__}.")
    if not isinstance(source, ModelSource):
        file = None if weights is None else str(weights)
        texts = tuple(classes)
        source = ModelSource(str(source), revision, device, dtype, quantization, trust_remote_code, file, texts)
    watch = Watch(progress, cancelled)
    choose_device(source.device)  # before hours of download
    place = locate(source.name)
    if isinstance(place, NamedArchitecture):
        if place.library == "timm":
            found = timm_classifier(place.name, source.weights)
        else:
            found = named_classifier(place.name, source.weights, watch)
        title = f"{place.name} (random weights)" if source.weights == RANDOM else place.name
        return _placed(found, source, title, preprocess, labels)
    if source.weights is not None:
        raise ModelError(f"“{source.name}” has weights of its own: weights are for names such as torchvision:vit_b_16.")
    checkpoint, title, commit = _find(place, source, watch)
    watch.check()
    with system_refusals():
        if not checkpoint.gguf:
            checkpoint.require_plain_files()
        if (base := checkpoint.base_of_adapter()) is not None:
            with _named_as_base(base, title):
                below = load_model(
                    structs.replace(source, name=base, revision=None),
                    tokenizer=tokenizer,
                    preprocess=preprocess,
                    labels=labels,
                    progress=progress,
                    cancelled=cancelled,
                )
            module = with_adapter(below.module, checkpoint.folder)
            info = describe(module, source, title, commit, below.info.labels, below.tokenizer)
            return Model(module, below.tokenizer, info, below.preprocess)
        settings = {} if checkpoint.gguf else checkpoint.settings()
        if is_described(settings) or is_of_timm(settings):
            found = described_classifier(checkpoint) if is_described(settings) else timm_folder(checkpoint)
            return _placed(found, source, title, preprocess, labels, commit)
        with loading_reported(watch), read_once() if checkpoint.gguf else nullcontext():
            return _open(checkpoint, source, title, commit, tokenizer, preprocess, labels, watch)


@contextmanager
def _named_as_base(base: str, adapter: str) -> Iterator[None]:
    """Inside the `with`, which opens the base model of an adapter, failures say whose base it is."""
    try:
        yield
    except EngineError as error:
        raise ModelError(
            f"“{adapter}” is an adapter of “{base}”, which does not open: {error} It is looked for beside the adapter, "
            "as a path and on the hub.",
            error.kind,
        ) from error


def _placed(
    found: Classifier,
    source: ModelSource,
    title: str,
    preprocess: Callable[[Image.Image], Tensor] | None,
    labels: Sequence[str],
    commit: str | None = None,
) -> Model:
    """A classifier of torchvision or timm where and as `source` asks for it."""
    require_classes({}, source.classes, title)
    if source.quantization:
        raise ModelError(f"“{title}” is not a model of transformers: it can only be opened without quantization.")
    device = choose_device(source.device)
    module = found.module.to(device, choose_dtype(source.dtype, next(found.module.parameters()).dtype, device))
    info = describe(module, source, title, commit, labels or found.labels)
    return Model(module, None, info, preprocess or found.preprocess)


def _find(place: Folder | GgufFile | HubModel, source: ModelSource, watch: Watch) -> tuple[Checkpoint, str, str | None]:
    """The checkpoint on this disk, a title for it, and its commit where it has one."""
    match place:
        case Folder(path, bundled):
            return Checkpoint(path), f"{path.name} (bundled)" if bundled else path.name, None
        case GgufFile(path):
            return Checkpoint(path.parent, path.name), path.stem, None
        case HubModel(id):
            folder = fetch(id, source.revision, source.trust_remote_code, watch)
            return Checkpoint(folder), id.rpartition("/")[2], folder.name
        case _:
            assert_never(place)


def _open(
    checkpoint: Checkpoint,
    source: ModelSource,
    title: str,
    commit: str | None,
    tokenizer: PreTrainedTokenizerBase | None,
    preprocess: Callable[[Image.Image], Tensor] | None,
    labels: Sequence[str],
    watch: Watch,
) -> Model:
    trusted, quantization = source.trust_remote_code, source.quantization
    if checkpoint.gguf and quantization:
        raise ModelError(f"A GGUF file is quantized already: open “{title}” without {quantization}.")
    settings = {} if checkpoint.gguf else checkpoint.settings()
    require_classes(settings, source.classes, title)
    if not checkpoint.gguf:
        kind = COMPARED if compares(settings) else require_kind(settings, title, trust_remote_code=trusted)
    files, device = checkpoint.weight_files(), choose_device(source.device)
    dtype = choose_dtype(source.dtype, stored_dtype(files, settings), device)
    require_room(files, dtype, quantization, device)
    config = read_config(checkpoint, trust_remote_code=trusted)
    if checkpoint.gguf:
        kind = require_kind(config.to_dict(), title, trust_remote_code=trusted)
    watch.check()
    if tokenizer is None and (source.classes or not kind.takes_pixels):
        tokenizer = read_tokenizer(checkpoint, config, trust_remote_code=trusted)
    if preprocess is None and kind.takes_pixels:
        preprocess = read_preprocess(checkpoint, trust_remote_code=trusted)
    watch.check()
    module = read_weights(
        checkpoint, config, kind, dtype=dtype, device=device, quantization=quantization, trust_remote_code=trusted
    )
    if tokenizer is not None and source.classes:
        module = compared_with(module, tokenizer, source.classes)
        return Model(module, None, describe(module, source, title, commit, labels or source.classes), preprocess)
    return Model(module, tokenizer, describe(module, source, title, commit, labels, tokenizer), preprocess)
