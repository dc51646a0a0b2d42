"""Tokenizers of every family, trained on a few lines, so that nothing has to be downloaded."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

LINES = [
    "In 1922 the Geneva team reached 8,320 m, and the expedition has returned.",
    "The team has been running and running. A café at the top is naïve.",
    "Which expedition reached the top? The 1922 expedition reached 8,",
    "the\nthe top\nthe team\n",
    "def hello(self):\n    return 'hello'  # no comment\n",
] * 20


@cache
def make(family: str) -> PreTrainedTokenizerBase:
    return FAMILIES[family]()


def gpt2_like() -> PreTrainedTokenizerBase:
    tokenizer = _byte_level(add_prefix_space=False)
    return _fast(tokenizer, bos_token="<|end|>", eos_token="<|end|>", unk_token="<|end|>")


def llama3_like() -> PreTrainedTokenizerBase:
    """Byte-level, digits by three, a token before the prompt and control tokens."""
    tokenizer = _byte_level(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s*[\r\n]+|\s+(?!\S)| ?\p{L}+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    _put_before(tokenizer, "<s>")
    return _fast(tokenizer, bos_token="<s>", eos_token="<|end|>", extra_special_tokens=["<|user|>"])


def roberta_like() -> PreTrainedTokenizerBase:
    """Byte-level with offsets that leave the space before a word out, and a token on either side of the prompt."""
    tokenizer = _byte_level(add_prefix_space=True)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1), trim_offsets=True)
    return _fast(tokenizer, bos_token="<s>", eos_token="</s>")


def llama2_like() -> PreTrainedTokenizerBase:
    """SentencePiece with byte fallback, the marker put before the prompt by a normaliser."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer = _trained_on_words(tokenizer, ["<unk>", "<s>", "</s>"])
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    _put_before(tokenizer, "<s>")
    return _fast(tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def gemma_like() -> PreTrainedTokenizerBase:
    """SentencePiece with byte fallback and no marker before the prompt."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer = _trained_on_words(tokenizer, ["<unk>", "<bos>", "<eos>"])
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    _put_before(tokenizer, "<bos>")
    return _fast(tokenizer, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>")


def unigram() -> PreTrainedTokenizerBase:
    """SentencePiece's unigram model, with NFKC and runs of spaces made one."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.train_from_iterator(
        LINES, trainers.UnigramTrainer(vocab_size=150, special_tokens=["<unk>", "</s>"], unk_token="<unk>")
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return _fast(tokenizer, eos_token="</s>", unk_token="<unk>")


def bert_like() -> PreTrainedTokenizerBase:
    """WordPiece: lower case, accents and spaces lost, a token on either side of the prompt."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(LINES, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return _fast(tokenizer, cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", pad_token="[PAD]")


def characters() -> PreTrainedTokenizerBase:
    letters = sorted(set("".join(LINES)))
    vocabulary = {letter: i for i, letter in enumerate(["<unk>", *letters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    return _fast(tokenizer, unk_token="<unk>")


class SlowBytes(PreTrainedTokenizer):
    """A tokenizer in Python, without offsets: a token a byte, and one for each of a few words."""

    WORDS = (" the", " expedition", "reached", " has")

    def __init__(self, **keywords: Any) -> None:
        super().__init__(bos_token="<s>", **keywords)

    @property
    def vocab_size(self) -> int:
        return 256 + len(self.WORDS)

    def get_vocab(self) -> dict[str, int]:
        return {self._convert_id_to_token(i): i for i in range(self.vocab_size)} | self.added_tokens_encoder

    def _tokenize(self, text: str, **_: Any) -> list[str]:
        pieces = []
        while text:
            word = next((word for word in self.WORDS if text.startswith(word)), None)
            pieces += [word] if word else [f"<0x{byte:02X}>" for byte in text[0].encode()]
            text = text[len(word or text[0]) :]
        return pieces

    def _convert_token_to_id(self, token: str) -> int:
        return 256 + self.WORDS.index(token) if token in self.WORDS else int(token[3:5], 16)

    def _convert_id_to_token(self, index: int) -> str:
        return f"<0x{index:02X}>" if index < 256 else self.WORDS[index - 256]

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        raw = (bytes.fromhex(t[3:5]) if t.startswith("<0x") else t.encode() for t in tokens)
        return b"".join(raw).decode("utf-8", "replace")

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: Any = None) -> list[int]:
        return [self.bos_token_id, *token_ids_0]


class SlowWords(SlowBytes):
    """A tokenizer in Python that turns everything into lower case and loses runs of spaces."""

    def _tokenize(self, text: str, **_: Any) -> list[str]:
        return super()._tokenize(" ".join(text.lower().split()))


FAMILIES = {
    "gpt2": gpt2_like,
    "llama3": llama3_like,
    "roberta": roberta_like,
    "llama2": llama2_like,
    "gemma": gemma_like,
    "unigram": unigram,
    "bert": bert_like,
    "characters": characters,
    "slow bytes": SlowBytes,
    "slow words": SlowWords,
}


def _byte_level(*, add_prefix_space: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(LINES, _bpe_trainer(["<|end|>", "<s>", "</s>"], alphabet, 400))
    return tokenizer


def _trained_on_words(tokenizer: Tokenizer, special: list[str]) -> Tokenizer:
    """Trained as SentencePiece does: no token over two words or lines, and one for every byte, in the vocabulary."""
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator("".join(LINES).splitlines(), _bpe_trainer(special, ["▁"]))
    content = json.loads(tokenizer.to_str())
    vocabulary = content["model"]["vocab"]
    vocabulary |= {f"<0x{byte:02X}>": len(vocabulary) + byte for byte in range(256)}
    return Tokenizer.from_str(json.dumps(content | {"pre_tokenizer": None}))


def _bpe_trainer(special: list[str], alphabet: list[str], size: int = 200) -> trainers.BpeTrainer:
    return trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False)


def _put_before(tokenizer: Tokenizer, token: str) -> None:
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{token} $A", special_tokens=[(token, tokenizer.token_to_id(token))]
    )


def _fast(tokenizer: Tokenizer, **special: Any) -> PreTrainedTokenizerBase:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
