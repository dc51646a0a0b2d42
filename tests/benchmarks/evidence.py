"""How often relevance finds the evidence, for each bundled model and rule set, printed as the first part of
`docs/evidence.md`.

`tests/benchmarks/photographs.py` says how all of that page is made.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice

from engine.models.opening import Model, load_model
from engine.rules.table import RULE_SETS
from resources.models.agreement import Sentence
from resources.models.recall import recalls
from tests.resources.disagreement import disagreement_found, unacceptable
from tests.resources.evidence import evidence_found

PROMPTS = 200
SEED = 7

PAGE = """\
# Does relevance find the evidence?

The models `llama` and `gpt2` look up one of several climbs (`resources/models/recall.py`), so the one token they copy
the answer from is known: the evidence. The table says in how many of {prompts} held-out prompts the most relevant token
before the question is that token, of {tokens:.0f} tokens there on average.

| model | explained | {titles} |
|---|---|{rules}
{rows}

"logit" is the largest last logit; "against the mean" the same logit less the mean of all others.

The classifier `bert` tells whether every verb agrees with its subject (`resources/models/agreement.py`). In how many of
{sentences} held-out sentences with one wrong verb is the most relevant token that verb, and that verb or its subject?
Disagreement is a matter of both. The sentences have {words:.0f} tokens on average.

| model | explained | found | {titles} |
|---|---|---|{rules}
{classified}

"logit" is that of the class "unacceptable"; "against the other class" less that of "acceptable". `[CLS]` and `[SEP]`,
which are no words, are not counted in any column.

Made by `python -m tests.benchmarks.evidence`; `tests/resources/test_evidence.py` holds AttnLRP to its lead.
"""


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description="How often relevance finds the evidence.")
    parser.add_argument("--prompts", type=int, default=PROMPTS, help="and as many sentences")
    count = parser.parse_args().prompts
    prompts = list(islice(recalls(SEED), count))
    rows, lengths = [], []
    for name in ("llama", "gpt2"):
        model = load_model(f"bundled:{name}", device="cpu")
        found = [evidence_found(model, rules, prompts) for rules in RULE_SETS]
        rows.append(f"| {name} | logit | " + " | ".join(f"{each.logit:.1%}" for each in found) + " |")
        rows.append(f"| {name} | against the mean | " + " | ".join(f"{each.against_mean:.1%}" for each in found) + " |")
        lengths += [len(model.tokenizer(recall.prompt[: recall.question - 1]).input_ids) for recall in prompts]
    wrong = unacceptable(SEED, count)
    classifier = load_model("bundled:bert", device="cpu")
    page = PAGE.format(
        sentences=len(wrong),
        words=sum(len(classifier.tokenizer(each.text).input_ids) for each in wrong) / len(wrong),
        classified="\n".join(classified(classifier, wrong)),
        prompts=count,
        tokens=sum(lengths) / len(lengths),
        titles=" | ".join(rules.title for rules in RULE_SETS.values()),
        rules="---|" * len(RULE_SETS),
        rows="\n".join(rows),
    )
    print(page, end="")


def classified(model: Model, wrong: list[Sentence]) -> Iterator[str]:
    """The classifier's rows."""
    found = [disagreement_found(model, rules, wrong) for rules in RULE_SETS]
    for target in found[0]:
        yield f"| bert | {target} | verb | " + " | ".join(f"{each[target].verb:.1%}" for each in found) + " |"
        yield (
            f"| bert | {target} | verb or subject | "
            + " | ".join(f"{each[target].verb_or_subject:.1%}" for each in found)
            + " |"
        )


if __name__ == "__main__":
    main()
