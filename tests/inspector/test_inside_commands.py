"""`heads`, `inside`, `neurons` and `lens`, on a bundled model."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import engine
from inspector.cli import cli

PROMPT = "In 1922 the expedition reached 8,320 m. In 1953 the team reached 8,848 m. The expedition of 1922 reached 8,"


def said(*arguments: str) -> str:
    done = CliRunner().invoke(cli, [*arguments])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_that_heads_are_written_as_the_library_finds_them(tmp_path: Path) -> None:
    out = tmp_path / "heads.npz"
    text = said("heads", "bundled:llama", "--prompt", PROMPT, "--out", str(out))
    with engine.trace(engine.load_model("bundled:llama"), PROMPT) as trace:
        expected = trace.heads()
    found = np.load(out)
    assert found["relevance"] == pytest.approx(expected.relevance, abs=1e-5)
    assert found["tokens"] == pytest.approx(expected.tokens, abs=1e-5)
    first = np.unravel_index(np.abs(expected.relevance).argmax(), expected.relevance.shape)
    assert re.search(rf"head +relevance\n +{first[0]}\.{first[1]} ", text) and "Written" in text


def test_that_a_block_adds_up(tmp_path: Path) -> None:
    out = tmp_path / "block.csv"
    said("inside", "bundled:llama", "--block", "1", "--prompt", PROMPT, "--out", str(out))
    rows = {row[0]: float(row[1]) for row in csv.reader(out.open(encoding="utf-8")) if row[0] != "part"}
    assert rows["skip"] + rows["attention passed"] + rows["mlp passed"] == pytest.approx(rows["arrives"], abs=1e-4)


def test_that_one_head_has_where_it_took_from(tmp_path: Path) -> None:
    out = tmp_path / "head.json"
    text = said("inside", "bundled:llama", "--block", "1", "--head", "2", "--prompt", PROMPT, "--out", str(out))
    head = json.loads(out.read_text(encoding="utf-8"))["head"]
    assert np.sum(head["sources"], axis=1) == pytest.approx(head["taken"], abs=1e-4)
    assert "Head 1.2 took" in text


def test_that_neurons_and_layers_are_named(tmp_path: Path) -> None:
    neurons = said("neurons", "bundled:llama", "--k", "3", "--prompt", PROMPT)
    assert len(re.findall(r"^ +\d+\.\d+ ", neurons, re.M)) == 3
    layers = said("lens", "bundled:llama", "--k", "2", "--prompt", PROMPT, "--out", str(tmp_path / "lens.png"))
    assert re.search(r"layer +rank +logit", layers) and (tmp_path / "lens.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["heads", "bundled:llama"], 2, "Give one of"),
        (["heads", "bundled:llama", "--prompt", "a", "--out", "a.tex"], 2, "--out must end in one of .pdf"),
        (["inside", "bundled:llama", "--prompt", "a"], 2, "--block"),
        (["inside", "bundled:llama", "--prompt", "a b", "--block", "99"], 1, "no block 99"),
        (["inside", "bundled:llama", "--prompt", "a b", "--block", "0", "--head", "99"], 1, "no head 99"),
        (["heads", "bundled:llama", "--prompt", "a b", "--rules", "gradient"], 1, "no parts"),
        (["heads", "bundled:llama", "--prompt", "a b", "--decoder"], 1, "no decoder"),
    ],
)
def test_that_what_cannot_be_is_said_in_one_line(arguments: list[str], code: int, complaint: str) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == code and complaint in done.stderr and "Traceback" not in done.stderr
