"""Train a bundled model: `python -m resources.models.train llama|gpt2 [--out FOLDER]`.

1. A byte-level BPE tokenizer is trained on the task's text.
2. The model starts with attention that already looks at neighbours and likenesses.
3. It learns the next tokens of endless lessons, the copied digits of their answers weighing most. Lessons begin as
   tables of a few rows and end as varied as the prompts.
4. Accuracy is measured on prompts whose climbs never occur in training, and written into the model card.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from resources.models.beginning import prepare_gpt2, prepare_llama
from resources.models.card import Training, write_card
from resources.models.recall import Lesson, Split, lessons, recalls
from resources.models.vocabulary import train_tokenizer

SEED = 2
STEPS = 1500
BATCH = 16
WARM_UP = 100
MATRIX_RATE = 1e-2
OTHER_RATE = 3e-3
TEXT_WEIGHT = 0.2
CONTEXT_LENGTH = 512
HELD_OUT_PROMPTS = 1000


@dataclass(frozen=True)
class Batch:
    """Lessons as tokens (lesson, token), and what each token is: plain text or an answer's digit, its first or any."""

    ids: Tensor
    is_text: Tensor
    is_first: Tensor
    is_answer: Tensor


class Curriculum:
    """How far the lessons have grown, from 0 to 1: a step further whenever answers are mostly right."""

    def __init__(self) -> None:
        self.stage = 0.0
        self.accuracy = 0.0

    def learn(self, accuracy: float) -> None:
        """Takes in one batch's `accuracy`."""
        self.accuracy += 0.05 * (accuracy - self.accuracy)
        if self.accuracy > 0.85:
            self.stage = min(1.0, self.stage + 0.005)


def fresh_model(kind: str, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """An untrained model of about a million parameters, ready to learn looking up."""
    tokens = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if kind == "llama":
        llama = LlamaConfig(
            **tokens,
            hidden_size=128,
            intermediate_size=352,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            initializer_range=0.04,
            max_position_embeddings=CONTEXT_LENGTH,
            tie_word_embeddings=True,
        )
        model = LlamaForCausalLM(llama)
        prepare_llama(model)
        return model
    gpt2 = GPT2Config(
        **tokens,
        n_embd=128,
        n_layer=4,
        n_head=4,
        n_positions=CONTEXT_LENGTH,
        initializer_range=0.06,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    model = GPT2LMHeadModel(gpt2)
    prepare_gpt2(model)
    return model


def batches(tokenizer: PreTrainedTokenizerFast, source: Iterator[Lesson]) -> Iterator[Batch]:
    """Endless batches, each padded on the right to one past its longest lesson."""
    while True:
        taken = list(islice(source, BATCH))
        coded = tokenizer([lesson.text for lesson in taken], return_offsets_mapping=True)
        length = max(len(ids) for ids in coded["input_ids"]) + 1
        ids = torch.full((BATCH, length), tokenizer.eos_token_id)
        is_text, is_answer = torch.zeros(2, BATCH, length, dtype=torch.bool)
        for row, lesson in enumerate(taken):
            tokens = torch.tensor(coded["input_ids"][row])
            starts = torch.tensor([start for start, _ in coded["offset_mapping"][row]])
            ids[row, : len(tokens)] = tokens
            is_text[row, : len(tokens) + 1] = True
            for start, end in lesson.answers:
                is_answer[row, : len(tokens)] |= (starts >= start) & (starts < end)
        is_first = is_answer & ~is_answer.roll(1, dims=1)
        yield Batch(ids, is_text & ~is_answer, is_first, is_answer)


def predict(model: PreTrainedModel, ids: Tensor) -> Tensor:
    """Logits of each next token; learned positions start anywhere, so that all of them are trained."""
    if not isinstance(model, GPT2LMHeadModel):
        return model(input_ids=ids).logits
    spare = CONTEXT_LENGTH - ids.shape[1]
    offsets = torch.randint(0, spare, (len(ids), 1)) * torch.randint(0, 2, (len(ids), 1))
    return model(input_ids=ids, position_ids=offsets + torch.arange(ids.shape[1])).logits


def learn(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, steps: int) -> None:
    """Train in place, telling how it goes."""
    curriculum = Curriculum()
    optimisers = optimisers_of(model)
    rotary = not isinstance(model, GPT2LMHeadModel)  # finds look-up in whole sentences only after it has in tables
    source = batches(tokenizer, lessons(SEED, lambda: curriculum.stage, tables=rotary))
    for step, batch in enumerate(islice(source, steps)):
        for optimiser, peak in zip(optimisers, (MATRIX_RATE, OTHER_RATE), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * rate(step, steps)
        logits, wanted = predict(model, batch.ids)[:, :-1], batch.ids[:, 1:]
        first, answers, text = batch.is_first[:, 1:], batch.is_answer[:, 1:], batch.is_text[:, 1:]
        losses = F.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")
        loss = losses[first].mean() + losses[answers].mean() + TEXT_WEIGHT * losses[text].mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        model.zero_grad()
        right = (logits.argmax(-1) == wanted)[first].float().mean().item()
        curriculum.learn(right)
        if step % 50 == 0:
            print(f"step {step}: {curriculum.accuracy:.1%} right at stage {curriculum.stage:.2f}", flush=True)


def optimisers_of(model: PreTrainedModel) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Muon for the blocks' matrices: with it look-up emerges many times sooner than with AdamW, which has the rest."""
    matrices, others = [], []
    for name, weight in model.named_parameters():
        is_embedding = any(part in name for part in ("embed", "wte", "wpe"))
        (matrices if weight.ndim == 2 and not is_embedding else others).append(weight)
    return (
        torch.optim.Muon(matrices, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.01),
    )


def rate(step: int, steps: int) -> float:
    """The share of the peak rate: linear warm-up, then straight down to nothing."""
    return (step + 1) / WARM_UP if step < WARM_UP else (steps - step) / (steps - WARM_UP)


@torch.no_grad()
def accuracy(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> float:
    """The share of held-out prompts whose whole answer is the greedy continuation."""
    right = 0
    for recall in islice(recalls(SEED, Split.HELD_OUT), HELD_OUT_PROMPTS):
        ids = tokenizer(recall.prompt + recall.answer, return_tensors="pt").input_ids
        answer = len(tokenizer(recall.answer, add_special_tokens=False).input_ids)
        guesses = model(input_ids=ids).logits[0, -answer - 1 : -1].argmax(-1)
        right += bool((guesses == ids[0, -answer:]).all())
    return right / HELD_OUT_PROMPTS


def main() -> None:
    """Train the model named on the command line and write its folder."""
    parser = argparse.ArgumentParser(description="Train a bundled model.")
    parser.add_argument("kind", choices=["llama", "gpt2"])
    parser.add_argument("--out", type=Path, help="folder to write (default: beside this script)")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    folder = arguments.out or Path(__file__).parent / arguments.kind
    torch.manual_seed(SEED)
    torch.set_num_threads(1)

    started = time.monotonic()
    tokenizer = train_tokenizer(arguments.kind, SEED, CONTEXT_LENGTH)
    model = fresh_model(arguments.kind, tokenizer)
    learn(model, tokenizer, arguments.steps)
    minutes = (time.monotonic() - started) / 60
    model.eval()
    training = Training(
        kind=arguments.kind,
        seed=SEED,
        steps=arguments.steps,
        batch=BATCH,
        minutes=minutes,
        accuracy=accuracy(model, tokenizer),
        prompts=HELD_OUT_PROMPTS,
    )
    save(folder, model, tokenizer)
    write_card(folder, model, training)
    print(f"{training.accuracy:.1%} of held-out prompts answered after {minutes:.1f} minutes")


def save(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Write config, weights and tokenizer, readable by everyone."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "model.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
