"""How well relevance finds the asked one of two digits, for each rule set, printed as a section of `docs/evidence.md`.

`tests/benchmarks/photographs.py` says how all of that page is made.

Of other rule sets: python -m tests.benchmarks.places --rules "gamma(conv=0.1, linear=0.01)" --rules cp-lrp
"""

from __future__ import annotations

import argparse
from itertools import islice

import numpy as np

from engine.models.opening import load_model
from engine.rules.table import RULE_SETS, rule_set
from resources.models.two_digits import SIDE, Picture, pictures
from tests.resources.places import TARGETS, Found, found, places_found

PICTURES = 200
SEED = 7
BEST_GAMMA = "gamma(conv=100, linear=1)"
RULES = (*RULE_SETS, "gamma(conv=0.25, linear=0.05)", BEST_GAMMA)

SECTION = """
## Does relevance find the place?

The classifier `vit` tells which two digits a picture shows (`resources/models/two_digits.py`), and where each lies is
known: a box of {area:.1%} of the picture on average. Each digit of {pictures} held-out pictures is asked for in turn.

- *inside*, *other*: the shares of positive relevance in the asked digit's box and in the other's;
- *pixel*, *patch*: how often the most relevant pixel lies in the asked digit's box, and the most relevant patch of
  8 x 8 pixels (relevance summed) has a part of it;
- *follows*: in how many pictures the map moves with the question: whichever digit is asked for, there is more positive
  relevance in its box than in the other's.

| rules | explained | inside | other | pixel | patch | follows |
|---|---|---|---|---|---|---|
{rows}

"logit" is the digit's; "against the other digit" less that of the other. Gradients have no sign here, so that those of
two digits against each other are one map, which cannot follow. Noise is a map drawn at random. Of the fifteen pairs of
gammas in the quickstart (0.1, 0.25, 100 by 0, 0.01, 0.05, 0.1, 1) `{best}` has the most inside, on 100
other pictures (`--seed 8`).

Made by `python -m tests.benchmarks.places`; `tests/resources/test_places.py` holds AttnLRP to its lead.
"""


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description="How well relevance finds the asked one of two digits.")
    parser.add_argument("--rules", action="append", help="a rule set; may be given again (default: those of the table)")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--seed", type=int, default=SEED, help="of the pictures (default: that of the table)")
    arguments = parser.parse_args()
    shown = list(islice(pictures(arguments.seed), arguments.pictures))
    model = load_model("bundled:vit", device="cpu")
    rows = [row("Noise", "", by_chance(shown))]
    for rules in map(rule_set, arguments.rules or RULES):
        answers = places_found(model, rules, shown)
        rows += [row(rules.title, target, answers[target]) for target in TARGETS]
    boxes = [digit.box for picture in shown for digit in picture.digits]
    area = np.mean([(right - left) * (bottom - top) for left, top, right, bottom in boxes]) / SIDE**2
    print(SECTION.format(best=BEST_GAMMA, area=area, pictures=len(shown), rows="\n".join(rows)), end="")


def row(rules: str, target: str, answer: Found) -> str:
    """One line of the table."""
    shares = (answer.inside, answer.other, answer.pixel, answer.patch, answer.follows)
    return f"| {rules} | {target} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"


def by_chance(shown: list[Picture]) -> Found:
    """What maps of noise come to."""
    rng = np.random.default_rng(SEED)
    return found([tuple(rng.normal(size=(2, SIDE, SIDE))) for _ in shown], shown)


if __name__ == "__main__":
    main()
