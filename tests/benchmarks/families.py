"""The table of docs/families.md: which facts hold of which family.

`python -m tests.benchmarks.families > docs/families.md`. A minute or two.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from importlib.metadata import version

from tests.engine.attribution.facts import ALL, FACTS, NOT_YET, facts_of

HEAD = """# Families of models

{whole} of {count} families of transformers {version} meet all seven facts below; {lacking}
There is no code for any of them: rules act on operations. The models are tiny, with random weights and random biases,
on a CPU. `tests/engine/attribution/test_families.py` holds every line of this table, and
`python -m tests.benchmarks.families` writes it.

- **logits**: under each of the four rule sets the model's own, bit for bit.
- **ledger**: under CP-LRP, input and constants are the target: to 1e-10 of it in float64, to 1e-5 in float32.
- **coverage**: no operation that needs a rule goes without.
- **reversible**: after explaining, forwards, hooks, parameters and buffers are as they were.
- **finite**: AttnLRP's relevance is made of numbers in float32 and bfloat16.
- **blocks**: what arrives behind a block is what passes it by and what its writers pass, under CP-LRP and AttnLRP.
- **parts**: a writer's relevance is that of its heads or neurons, of its constants and of its router, if it has one.

The columns of the ledger, of blocks and of parts have powers of ten that what is left over does not exceed, in float32
and in float64.
{left_over}

| family | {facts} |
|---|{lines}|"""

TAIL = """
## What does not hold

{reasons}

## State-space models

Mamba, Mamba 2, Falcon Mamba, Jamba, Bamba, RecurrentGemma and RWKV, and the delta rule of Qwen3-Next and Qwen3.5,
follow MambaLRP (Jafari et al., 2024) where its rules are rules on operations: SiLU hands its relevance on; what exp,
softplus and sigmoid make (the state's decay, the step) is a number; a gate shares its product evenly. One thing
differs. MambaLRP makes the matrices B and C numbers as well; here they are factors like any other that depends on the
input, and a product shares its relevance between its factors. Both conserve. The triangular system that condenses a
chunk of the delta rule's updates has a number for a matrix.

## What is not in the table

Tried, and not there:

- **big_bird** makes random blocks of attention in its forward pass: coverage names operations of theirs.
- **yoso** estimates attention in an autograd function of its own, into which no rule sees: its ledger stays open.
- **hrm_text** runs its blocks without gradients but for the last rounds: it is refused in a sentence.
- **xmod** wants a language set first, **pp_lcnet** has no logits where its class is asked for: sentences as well.
- **falcon_h1** closes in float32; its reference code in float64 takes minutes.

Some hundred other types (audio, several inputs, those whose settings have no tiny form) have not been tried."""


SUBJECTS = {"ledger": "ledgers", "blocks": "blocks", "parts": "parts"}
MEASURED = tuple(SUBJECTS)


def row(type_: str) -> str:
    findings = facts_of(type_)
    cells = ["yes" if findings[fact].holds else "**no**" for fact in FACTS]
    for fact in MEASURED:
        left_over = findings[fact].left_over
        if findings[fact].holds and left_over is not None:
            powers = (f"1e{math.ceil(math.log10(left))}" if left else "0" for left in left_over)
            cells[FACTS.index(fact)] = ", ".join(powers)
    return f"| {type_} | {' | '.join(cells)} |"


def left_over(types: Sequence[str]) -> str:
    """What is left over where it is little, of the target: the median over these families, and the worst of them."""
    lines = []
    for fact in MEASURED:
        findings = {type_: facts_of(type_)[fact] for type_ in types}
        figures = [(type_, one.left_over) for type_, one in findings.items() if one.holds and one.left_over is not None]
        sentences = []
        for place, dtype in enumerate(("float32", "float64")):
            worst = max(figures, key=lambda figure: figure[1][place])
            median = statistics.median(figure[place] for _, figure in figures)
            sentences.append(f"in {dtype} {median:.1e} (median) and {worst[1][place]:.1e} ({worst[0]}, the worst)")
        lines.append(f"Of the target, {SUBJECTS[fact]} leave over {sentences[0]},\n{sentences[1]}.")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--families", nargs="+", choices=ALL, default=list(ALL), metavar="TYPE")
    types = options.parse_args().families
    whole = sum(all(finding.holds for finding in facts_of(type_).values()) for type_ in types)
    lacking = f"{len(types) - whole} lacks one." if len(types) - whole == 1 else f"{len(types) - whole} lack some."
    head = {
        "whole": whole,
        "count": len(types),
        "version": version("transformers"),
        "lacking": lacking,
        "left_over": left_over(types),
    }
    print(HEAD.format(**head, facts=" | ".join(FACTS), lines="|".join("---" for _ in FACTS)))
    for type_ in sorted(types):
        print(row(type_))
    reasons = [f"- **{type_}**, {fact}: {reason}" for (type_, fact), reason in NOT_YET.items() if type_ in types]
    print(TAIL.format(reasons="\n".join(reasons) or "Every fact holds of every family."))


if __name__ == "__main__":
    main()
