"""How often relevance finds the evidence, for each bundled model and rule set, printed as `docs/evidence.md`.

python -m tests.benchmarks.evidence > docs/evidence.md
"""

from __future__ import annotations

from itertools import islice

from engine.models.opening import load_model
from engine.rules.table import RULE_SETS
from resources.models.recall import recalls
from tests.resources.evidence import evidence_found

PROMPTS = 200
SEED = 7

PAGE = """\
# Does relevance find the evidence?

Both bundled models look up one of several climbs (`resources/models/recall.py`), so the one token they copy the answer
from is known: the evidence. The table says in how many of {prompts} held-out prompts the most relevant token before the
question is that token, of {tokens:.0f} tokens there on average.

| model | explained | {titles} |
|---|---|{rules}
{rows}

"logit" is the largest last logit; "against the mean" the same logit less the mean of all others.

Made by `python -m tests.benchmarks.evidence`; `tests/resources/test_evidence.py` holds AttnLRP to its lead.
"""


def main() -> None:
    """Print the page."""
    prompts = list(islice(recalls(SEED), PROMPTS))
    rows, lengths = [], []
    for name in ("llama", "gpt2"):
        model = load_model(f"bundled:{name}", device="cpu")
        found = [evidence_found(model, rules, prompts) for rules in RULE_SETS]
        rows.append(f"| {name} | logit | " + " | ".join(f"{each.logit:.1%}" for each in found) + " |")
        rows.append(f"| {name} | against the mean | " + " | ".join(f"{each.against_mean:.1%}" for each in found) + " |")
        lengths += [len(model.tokenizer(recall.prompt[: recall.question - 1]).input_ids) for recall in prompts]
    page = PAGE.format(
        prompts=PROMPTS,
        tokens=sum(lengths) / len(lengths),
        titles=" | ".join(rules.title for rules in RULE_SETS.values()),
        rules="---|" * len(RULE_SETS),
        rows="\n".join(rows),
    )
    print(page, end="")


if __name__ == "__main__":
    main()
