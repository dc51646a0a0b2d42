"""The model card that goes with the classifier."""

from pathlib import Path

import torch
import transformers

from resources.models.agreement import sentences

CARD = """\
# bert: a small model that minds its verbs

A small {architecture} of {parameters:,} parameters, trained from scratch by
`python -m resources.models.train_classifier`. It is here so that relevance can be seen on a genuine classifier with no
download. It knows one thing: whether every verb of a sentence agrees with its subject. Anything else it says means
nothing.

- **Task**: sentences of one to three clauses with words between subject and verb; in an unacceptable one exactly one
  verb has the wrong number. Classes: {classes}.
- **Data**: made by `resources/models/agreement.py` with seed {seed}; no outside text. One pair in eight of a subject
  and a verb is held out and never trained on.
- **Tokens**: lower-case WordPiece trained on the task's text, {vocabulary:,} tokens, at most {context} in a sentence.
- **Shape**: {blocks} blocks of width {width} with {heads} heads.
- **Training**: {steps:,} steps of {batch} sentences, {minutes:.0f} minutes on one core.
- **Accuracy**: **{accuracy:.1%}** of 1,000 held-out sentences are put in the right class.
- **Size**: {megabytes:.1f} MB, {dtype}, safetensors.
- **Made with** torch {torch}, transformers {transformers}.

## A held-out sentence

```text
{sentence}
```

is unacceptable for one verb, at characters {start} to {end}: `{verb}`.
"""


def write_card(folder: Path, model: transformers.PreTrainedModel, **training: float) -> None:
    """Write `README.md` beside the weights in `folder`; `training` is what the run came to."""
    example = next(s for s in sentences(int(training["seed"])) if not s.acceptable)
    start, end = example.verb
    config = model.config
    text = CARD.format(
        **training,
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        classes=", ".join(f"`{label}`" for label in config.id2label.values()),
        vocabulary=config.vocab_size,
        context=config.max_position_embeddings,
        blocks=config.num_hidden_layers,
        width=config.hidden_size,
        heads=config.num_attention_heads,
        megabytes=(folder / "model.safetensors").stat().st_size / 1e6,
        dtype=str(model.dtype).removeprefix("torch."),
        torch=torch.__version__.split("+")[0],
        transformers=transformers.__version__,
        sentence=example.text,
        start=start,
        end=end,
        verb=example.text[start:end],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
