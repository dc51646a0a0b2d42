"""How far relevance in half precision agrees with float32: `python -m tests.benchmarks.half_precision`.

Prints, for each dtype and rule set, Spearman's rank correlation of the tokens' relevance at the input, and the worst
over all layers, for the same target on LXT's quickstart prompt, of SmolLM2 unless told otherwise.
"""

from __future__ import annotations

import argparse

import numpy as np

import engine
from engine.attribution.trust.precision import rank_correlation
from engine.protocol.relevance import Relevance
from tests.benchmarks.needs import smollm2_file
from tests.real_weights import EVEREST

RULES = ("attnlrp", "cp-lrp", "input-x-gradient", "gradient")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", nargs="?")
    options.add_argument("--prompt", default=EVEREST)
    chosen = options.parse_args()
    name = chosen.model or smollm2_file()
    exact = answers(name, chosen.prompt, "float32", None)
    target = engine.targets.Token(exact[RULES[0]].target.terms[0][1])
    print(f"{exact[RULES[0]].model.title}, {len(exact[RULES[0]].tokens)} tokens, target {exact[RULES[0]].target.label}")
    print("| dtype | rule set | input | worst layer | logit (float32) |")
    print("|---|---|---|---|---|")
    for dtype in ("bfloat16", "float16"):
        for rules, half in answers(name, chosen.prompt, dtype, target).items():
            full = exact[rules]
            layers = [rank_correlation(a, b) for a, b in zip(full.layers, half.layers, strict=True) if np.any(a)]
            print(
                f"| {dtype} | {rules} | {rank_correlation(full.input, half.input):.3f} | {min(layers):.3f} "
                f"| {half.value:.2f} ({full.value:.2f}) |"
            )


def answers(name: str, prompt: str, dtype: str, target: engine.targets.Token | None) -> dict[str, Relevance]:
    model = engine.load_model(name, dtype=dtype)
    return {rules: engine.trace(model, prompt, rules=rules).explain(target) for rules in RULES}


if __name__ == "__main__":
    main()
