"""Train the bundled classifier: `python -m resources.models.train_classifier [--out FOLDER]`.

1. A WordPiece tokenizer is trained on the task's sentences.
2. A BERT learns from endless sentences whether all verbs agree with their subjects: short ones first, longer ones
   whenever most are judged right.
3. Accuracy is measured on sentences whose pair of subject and verb never occurs in training, and written into the
   model card.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.trainers import WordPieceTrainer
from torch.nn import functional as F
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from resources.models.agreement import LABELS, Sentence, sentences
from resources.models.agreement_card import write_card
from resources.models.recall import Split
from resources.models.train import optimisers_of, rate, save

SEED = 1
STEPS = 3000
BATCH = 48
MATRIX_RATE = 3e-3
OTHER_RATE = 1e-3
SHORTEST = 5  # words of the first sentences
VOCABULARY = 640
SENTENCES = 20_000
CONTEXT_LENGTH = 128
HELD_OUT_SENTENCES = 1000
SPECIAL_TOKENS = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


def train_tokenizer() -> PreTrainedTokenizerFast:
    """Lower-case WordPiece, as BERT's; any text of Latin letters has tokens."""
    tokenizer = Tokenizer(WordPiece(unk_token=SPECIAL_TOKENS["unk"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder()
    trainer = WordPieceTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS.values()),
        initial_alphabet=[chr(code) for code in range(33, 127)],
        show_progress=False,
    )
    texts = (sentence.text for sentence in islice(sentences(SEED, Split.TRAINING), SENTENCES))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.BertProcessing(
        *((SPECIAL_TOKENS[name], tokenizer.token_to_id(SPECIAL_TOKENS[name])) for name in ("sep", "cls"))
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=CONTEXT_LENGTH,
        clean_up_tokenization_spaces=False,
        **{f"{name}_token": token for name, token in SPECIAL_TOKENS.items()},
    )


class Curriculum:
    """How long the sentences have grown, in words: one word more whenever most are judged right."""

    def __init__(self) -> None:
        self.words = SHORTEST
        self.accuracy = 0.5

    def learn(self, accuracy: float) -> None:
        """Takes in one batch's `accuracy`."""
        self.accuracy += 0.03 * (accuracy - self.accuracy)
        if self.accuracy > 0.9:
            self.words, self.accuracy = self.words + 1, 0.8

    def lessons(self) -> Iterator[Sentence]:
        """Endless sentences of at most so many words."""
        return (s for s in sentences(SEED, Split.TRAINING) if len(s.text.split()) <= self.words)


def fresh_model(tokenizer: PreTrainedTokenizerFast) -> BertForSequenceClassification:
    """An untrained BERT of about half a million parameters."""
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            pad_token_id=tokenizer.pad_token_id,
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=CONTEXT_LENGTH,
            initializer_range=0.06,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
        )
    )


def learn(model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, steps: int) -> None:
    """Train in place, telling how it goes."""
    optimisers = optimisers_of(model)
    curriculum = Curriculum()
    source = curriculum.lessons()
    for step in range(steps):
        for optimiser, peak in zip(optimisers, (MATRIX_RATE, OTHER_RATE), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * rate(step, steps)
        batch = list(islice(source, BATCH))
        logits, wanted = _logits(model, tokenizer, batch), torch.tensor([int(s.acceptable) for s in batch])
        F.cross_entropy(logits, wanted).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        model.zero_grad()
        curriculum.learn((logits.argmax(-1) == wanted).float().mean().item())
        if step % 100 == 0:
            print(f"step {step}: {curriculum.accuracy:.1%} right of {curriculum.words} words", flush=True)


@torch.no_grad()
def accuracy(model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast) -> float:
    """The share of held-out sentences that are put in the right class."""
    held_out = list(islice(sentences(SEED, Split.HELD_OUT), HELD_OUT_SENTENCES))
    right = 0
    for batch in _batches(held_out):
        guesses = _logits(model, tokenizer, batch).argmax(-1)
        right += sum(bool(guess) == sentence.acceptable for guess, sentence in zip(guesses, batch, strict=True))
    return right / len(held_out)


def _batches(all_of_them: list[Sentence]) -> Iterator[list[Sentence]]:
    for start in range(0, len(all_of_them), BATCH):
        yield all_of_them[start : start + BATCH]


def _logits(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, batch: list[Sentence]
) -> torch.Tensor:
    return model(**tokenizer([sentence.text for sentence in batch], padding=True, return_tensors="pt")).logits


def main() -> None:
    """Train the model and write its folder."""
    parser = argparse.ArgumentParser(description="Train the bundled classifier.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "bert", help="folder to write")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)

    started = time.monotonic()
    tokenizer = train_tokenizer()
    model = fresh_model(tokenizer)
    learn(model, tokenizer, arguments.steps)
    minutes = (time.monotonic() - started) / 60
    model.eval()
    share = accuracy(model, tokenizer)
    save(arguments.out, model, tokenizer)
    write_card(arguments.out, model, seed=SEED, steps=arguments.steps, batch=BATCH, minutes=minutes, accuracy=share)
    print(f"{share:.1%} of held-out sentences in the right class after {minutes:.1f} minutes")


if __name__ == "__main__":
    main()
