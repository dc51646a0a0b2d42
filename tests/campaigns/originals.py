"""Small healthy files of each kind that a person opens, to be damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import gguf
import msgspec
import torch
from torchvision.models import VisionTransformer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

from inspector.keeping.settings import Settings
from tests.engine.models.conftest import tiny_llama
from tests.engine.models.made_tokenizers import make
from tests.made_pictures import noise

CHAT = "{% for message in messages %}<|user|>{{ message['content'] }}{% endfor %}"


def llama(folder: Path) -> None:
    """A folder with weights in safetensors, tokenizer and chat template."""
    tokenizer = make("llama3")
    tokenizer.chat_template = CHAT
    tiny_llama(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def sharded(folder: Path) -> None:
    """The same in several files, which an index names."""
    tokenizer = make("gemma")
    tiny_llama(len(tokenizer)).save_pretrained(folder, max_shard_size="16KB")
    tokenizer.save_pretrained(folder)


def pickled(folder: Path) -> None:
    """The same with weights in a pickle."""
    tokenizer = make("unigram")
    model = tiny_llama(len(tokenizer))
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def bert(folder: Path) -> None:
    """A classifier of texts whose tokenizer is a list of words."""
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "the",
        "team",
        "##s",
        *"abcdefghijklmnopqrstuvwxyz0123456789",
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True})
    )
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words), max_position_embeddings=64, id2label={0: "bad", 1: "good"}, **sizes)
    BertForSequenceClassification(config).save_pretrained(folder)


def t5(folder: Path) -> None:
    """A model that turns a text into another."""
    tokenizer = make("unigram")
    torch.manual_seed(0)
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2}
    config = T5Config(vocab_size=len(tokenizer), decoder_start_token_id=0, **sizes)
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def vit(folder: Path) -> None:
    """An image classifier with its preprocessing."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    labels = {0: "a cat", 1: "a dog"}
    ViTForImageClassification(ViTConfig(**sizes, image_size=32, patch_size=8, id2label=labels)).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)


def described(folder: Path) -> None:
    """A class of torchvision that config.json names, with its arguments."""
    sizes = {"image_size": 16, "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
    arguments = {**sizes, "num_classes": 2}
    torch.manual_seed(0)
    torch.save(VisionTransformer(**arguments).state_dict(), folder / "pytorch_model.bin")
    preprocessing = {"resize": 16, "crop": 16, "mean": [0.5] * 3, "std": [0.5] * 3}
    settings = {
        "library": "torchvision",
        "architecture": "VisionTransformer",
        "arguments": arguments,
        "preprocessing": preprocessing,
        "labels": ["a cat", "a dog"],
    }
    (folder / "config.json").write_text(json.dumps(settings))


def gguf_file(folder: Path) -> None:
    """One GGUF file with a tokenizer in it."""
    size, words = 32, ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "▁the", "the"]
    writer = gguf.GGUFWriter(folder / "tiny.gguf", "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(size)
    writer.add_block_count(2)
    writer.add_feed_forward_length(size)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(size // 2)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([-float(index) for index in range(len(words))])
    writer.add_token_types([2, 3, 3, *[6] * 256, 1, 1, 1])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    generator = torch.Generator().manual_seed(0)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, torch.randn(shape, generator=generator).mul(0.1).numpy())

    add("token_embd.weight", len(words), size)
    add("output_norm.weight", size)
    add("output.weight", len(words), size)
    for block in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
            add(f"blk.{block}.{name}.weight", size, size)
        for name in ("attn_norm", "ffn_norm"):
            add(f"blk.{block}.{name}.weight", size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def pictures(folder: Path) -> None:
    """Pictures of a few formats."""
    for format in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"):
        (folder / f"noise.{format.lower()}").write_bytes(noise(format))


def settings(folder: Path) -> None:
    """The window's settings, none of them missing."""
    (folder / "settings.json").write_bytes(msgspec.json.encode(Settings().with_recent(Settings().model)))


KINDS: dict[str, Callable[[Path], None]] = {
    "llama": llama,
    "sharded": sharded,
    "pickled": pickled,
    "bert": bert,
    "t5": t5,
    "vit": vit,
    "described": described,
    "gguf": gguf_file,
    "pictures": pictures,
    "settings": settings,
}


def make_originals(root: Path) -> None:
    """A folder of healthy files for each kind, below `root`."""
    for kind, write in KINDS.items():
        (root / kind).mkdir()
        write(root / kind)
