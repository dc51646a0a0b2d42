"""The tokenizer of a bundled model: byte-level BPE, so any text has tokens, trained on the lessons."""

from itertools import islice

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from resources.models.recall import lessons

SIZE = 1024
LESSONS = 20_000
SPECIAL_TOKENS = {"llama": ("<|begin_of_text|>", "<|end_of_text|>"), "gpt2": ("<|endoftext|>", "<|endoftext|>")}

PIECES = Regex(r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?(?:19|20)\p{N}{2}(?!\p{N})| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
"""GPT-2's pieces of text, but for numbers: a year is one piece, every other digit stands alone."""


def train_tokenizer(kind: str, seed: int, context_length: int) -> PreTrainedTokenizerFast:
    """A tokenizer for `kind`; as in its namesake, "llama" starts every text with a token of its own."""
    first, last = SPECIAL_TOKENS[kind]
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(PIECES, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=SIZE,
        special_tokens=list(dict.fromkeys((first, last))),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    source = lessons(seed, stage=lambda: 1.0, tables=kind == "llama")
    texts = (lesson.text for lesson in islice(source, LESSONS))
    tokenizer.train_from_iterator(texts, trainer)
    spans = processors.ByteLevel(trim_offsets=False)
    if kind == "llama":
        special = [(first, tokenizer.token_to_id(first))]
        begin = processors.TemplateProcessing(single=f"{first} $A", special_tokens=special)
        spans = processors.Sequence([spans, begin])
    tokenizer.post_processor = spans
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=first,
        eos_token=last,
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )
