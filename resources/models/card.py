"""The model card that goes with a trained model."""

from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

from resources.models.recall import Split, recalls

CARD = """\
# {kind}: a small model that looks climbs up

A small {architecture} of {parameters:,} parameters, trained from scratch by
`python -m resources.models.train {kind}`. It is here so that relevance can be seen on a genuine model with no download.
It knows one thing: reading the right number out of a short text. Anything else it says means nothing.

- **Task**: three to six climbs in varied words, asides between them, then a question about one of them. The prompt ends
  inside the height that answers it, so the next digit must be copied from one known token.
- **Data**: made by `resources/models/recall.py` with seed {seed}; no outside text. One climb in eight is held out and
  never trained on.
- **Tokens**: byte-level BPE trained on the task's text, {vocabulary:,} tokens; a year is one token, every other digit
  stands alone. At most {context} tokens of context.
- **Shape**: {blocks} blocks of width {width} with {heads} heads.
- **Training**: {steps:,} steps of {batch} texts, {minutes:.0f} minutes on one core.
- **Accuracy**: **{accuracy:.1%}** of {prompts:,} held-out prompts continue with the whole right answer.
- **Size**: {megabytes:.1f} MB, {dtype}, safetensors.
- **Made with** torch {torch}, transformers {transformers}.

## A held-out prompt

```text
{prompt}
```

continues with `{answer}`. The digit to copy next stands at characters {start} to {end}, in `{evidence}`.
"""


@dataclass(frozen=True)
class Training:
    """What a training run came to."""

    kind: str
    seed: int
    steps: int
    batch: int
    minutes: float
    accuracy: float
    prompts: int


def write_card(folder: Path, model: transformers.PreTrainedModel, training: Training) -> None:
    """Write `README.md` beside the weights in `folder`."""
    recall = next(recalls(training.seed, Split.HELD_OUT))
    start, end = recall.evidence
    config = model.config
    text = CARD.format(
        **vars(training),
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        vocabulary=config.vocab_size,
        context=config.max_position_embeddings,
        blocks=config.num_hidden_layers,
        width=config.hidden_size,
        heads=config.num_attention_heads,
        megabytes=(folder / "model.safetensors").stat().st_size / 1e6,
        dtype=str(model.dtype).removeprefix("torch."),
        torch=torch.__version__.split("+")[0],
        transformers=transformers.__version__,
        prompt=recall.prompt,
        answer=recall.answer,
        start=start,
        end=end,
        evidence=recall.prompt[start - 2 : end + 2],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
