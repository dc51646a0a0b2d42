"""The command line, fit for people and for scripts."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import PIL.Image
import pytest
from msgspec.structs import replace
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForQuestionAnswering,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)
from typer.testing import CliRunner

from engine.figures import render
from engine.figures.latex import to_tex
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.inputs import Picture
from engine.protocol.messages import Ending, Explain, Explained, Export, Exported, ExportGrid, Load, Loaded, Request
from engine.protocol.targets import Contrast
from engine.protocol.values import Memory, ModelSource, Prediction
from engine.reading.numbers import number_under
from engine.rules.table import RULE_SETS
from engine.terminal import explain as explain_command
from engine.terminal import grid as grid_command
from engine.watch import Watch
from inspector.cli import RuleSet, cli
from tests.engine.figures.made_relevance import of_picture

ROOT = Path(__file__).parents[2]
PROMPT = "In 1922 the expedition reached 8,320 m. In 1953 the team reached 8,848 m. The expedition of 1922 reached 8,"


def run(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, run from the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "inspector.cli", *arguments],
        cwd=ROOT, env={**os.environ, **environment}, input=text, capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip


@pytest.mark.process
def test_that_the_entry_point_loads_neither_torch_nor_qt() -> None:
    imported = "{'torch', 'transformers', 'PySide6', 'fpdf', 'fontTools'} & set(sys.modules)"
    program = f"import sys, inspector.cli; print({imported})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    assert done.stdout == "set()\n"


@pytest.mark.process
@pytest.mark.parametrize(
    "command", [[], ["explain"], ["grid"], ["coverage"], ["self-test"], ["models"], ["doctor"], ["worker"]]
)
def test_that_every_command_has_help(command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0 and done.stdout.startswith(" ".join(["Usage: lxt-inspector", *command]))


def test_that_every_rule_set_can_be_asked_for() -> None:
    assert get_args(RuleSet) == tuple(RULE_SETS)


@pytest.mark.process
def test_that_the_version_is_told() -> None:
    assert run("--version").stdout.startswith("lxt-inspector ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nothing-like-it"], "No such command"),
        (["explain"], "Missing argument"),
        (["explain", "m"], "--prompt"),
        (["explain", "m", "--prompt", "a", "--prompt-file", "b"], "--prompt"),
        (["explain", "m", "--prompt", "a", "--image", "b"], "--image"),
        (["explain", "m", "--prompt", "a", "--out", "a.gif"], ".pdf, .tex, .png, .csv, .json"),
        (["explain", "m", "--prompt", "a", "--picture", "overlay"], "tokens and layers"),
        (["explain", "m", "--image", "a", "--picture", "layers"], "heatmap and overlay"),
        (["explain", "m", "--image", "a", "--out", "a.tex"], ".tex"),
        (["explain", "m", "--prompt", "a", "--original"], "--original is of an image"),
        (["explain", "m", "--image", "a", "--clip", "0"], "percentile"),
        (["explain", "m", "--image", "a", "--zoom", "5"], "zoom"),
        (["explain", "m", "--image", "a", "--rules", "gamma(conv=x)"], "conv"),
        (["explain", "m", "--image", "a", "--rules", "nothing-like-it"], "gamma(conv=0.25, linear=0.05)"),
        (["explain", "m", "--image", "a", "--opacity", "1.5"], "opacity"),
        (["explain", "m", "--image", "a", "--classes", "a cat,"], "one of them is empty"),
        (["explain", "m", "--image", "a", "--classes", ""], "one of them is empty"),
        (["explain", "m", "--image", "a", "--classes", '"a cat, asleep'], "begins with a quote"),
        (["grid", "m", "--out", "a.png"], "--image"),
        (["grid", "m", "--image", "a"], "--out"),
        (["grid", "m", "--image", "a", "--out", "a.csv"], ".png, .pdf"),
        (["grid", "m", "--image", "a", "--out", "a.png", "--conv", "0.1,x"], "--conv reads numbers"),
        (["grid", "m", "--image", "a", "--out", "a.png", "--linear", "0,-1"], "“-1” is none"),
        (["grid", "m", "--image", "a", "--out", "a.png", "--linear", "nan"], "“nan” is none"),
        (["grid", "m", "--image", "a", "--out", "a.png", "--linear", ""], "--linear"),
        (["explain", "m", "--prompt", "a", "--out", "a.tex", "--picture", "layers"], ".tex"),
        (["explain", "m", "--prompt", "a", "--scale", "any"], "layer"),
        (["--size", "3"], "1280x800"),
        (["--rules", "nothing-like-it"], "input-x-gradient"),
        (["explain", "m", "--prompt", "a", "--rules", "nothing-like-it"], "input-x-gradient"),
        (["explain", "m", "--prompt", "a", "--colour-map", "nothing-like-it", "--out", "x.png"], "no colour map"),
        (["explain", "m", "--prompt", "a", "--out", "/dev/null/figure.csv"], "could not be written"),
        (["explain", "m", "--prompt", "a", "--out", "n" * 300 + ".png"], "the name is too long"),
        (["generate", "m", "--prompt", "a", "--out", "n" * 300 + ".png"], "the name is too long"),
        (["grid", "m", "--image", "a", "--out", "n" * 300 + ".png"], "the name is too long"),
    ],
)
def test_that_wrong_usage_exits_with_2(arguments: list[str], complaint: str) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2 and done.stdout == ""
    assert complaint in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["/nothing/like/it", "--prompt", "a"], "/nothing/like/it"),
        (["bundled:llama", "--prompt-file", "/nothing.txt"], "/nothing.txt"),
        (["bundled:llama", "--prompt", "a b", "--layer", "99"], "no layer 99"),
        (["bundled:llama", "--prompt", "a b", "--target", "no one token at all"], "tokens"),
        (["bundled:llama", "--prompt", ""], "prompt is empty"),
    ],
)
def test_that_a_failure_is_one_line_and_exits_with_1(arguments: list[str], reason: str) -> None:
    done = CliRunner().invoke(cli, ["explain", *arguments])
    assert done.exit_code == 1 and done.stdout == ""
    assert reason in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.process
def test_that_what_keeps_a_picture_from_being_taken_ends_the_program(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    done = run("--screenshot", str(picture), "--prompt-file", "/nothing.txt", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 1 and "nothing.txt" in done.stderr
    assert not picture.exists()


@pytest.mark.process
def test_that_a_picture_alone_is_opened_with_the_bundled_model_for_pictures(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    digits = ROOT / "resources" / "examples" / "images" / "digits-3-and-8.png"
    done = run("--screenshot", str(picture), "--image", str(digits), QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0 and picture.stat().st_size > 0, done.stderr


@pytest.mark.process
def test_that_a_prompt_is_explained_to_people(tmp_path: Path) -> None:
    figure = tmp_path / "figure.csv"
    done = run(
        "explain", "bundled:llama", "--prompt", PROMPT, "--rules", "cp-lrp", "--layer", "1", "--out", str(figure)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Rules    CP-LRP" in done.stdout and "at layer 1 of 4" in done.stdout and f"Written  {figure}" in done.stdout
    rows = list(csv.DictReader(figure.open(encoding="utf-8", newline="")))
    assert "".join(row["text"] for row in rows) == PROMPT
    assert list(tmp_path.iterdir()) == [figure]


def test_that_a_prompt_is_explained_to_scripts(tmp_path: Path) -> None:
    figure = tmp_path / "figure.json"
    arguments = ["--target", "3 - mean", "--json", "--out", str(figure)]
    done = CliRunner().invoke(cli, ["explain", "bundled:llama", "--prompt-file", "-", *arguments], input=PROMPT + "\n")
    facts, content = json.loads(done.stdout), json.loads(figure.read_text(encoding="utf-8"))
    assert (done.exit_code, done.stderr) == (0, "")
    assert content["prompt"] == PROMPT
    assert content["target"]["asked"] == {"type": "Contrast", "token": "3", "against": None, "position": -1}
    assert facts["sum"] == pytest.approx(sum(content["input"]), rel=1e-4)
    assert facts["out"] == str(figure) and facts["target"]["value"] == pytest.approx(content["value"])


def test_that_words_are_told_to_people_and_scripts_with_the_same_sum() -> None:
    arguments = ["explain", "bundled:llama", "--prompt", PROMPT, "--unit", "word"]
    said = CliRunner().invoke(cli, arguments).stdout
    assert "Most relevant words at the input" in said and " 8,320 " in said
    facts = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    number = next(fact for fact in facts["most_relevant"] if fact["text"] == "8,320")
    tokens = json.loads(CliRunner().invoke(cli, [*arguments[:-2], "--json"]).stdout)
    assert number["tokens"] > 1 and "id" not in number
    assert facts["sum"] == tokens["sum"] and {"id", "position"} <= set(tokens["most_relevant"][0])


@pytest.mark.parametrize("option", [[], ["--values"]])
def test_that_values_are_written_under_tokens_where_that_is_asked_for(tmp_path: Path, option: list[str]) -> None:
    figure, table = tmp_path / "figure.tex", tmp_path / "table.csv"
    arguments = ["explain", "bundled:llama", "--prompt", PROMPT, "--layer", "2", "--out"]
    for out in (figure, table):
        assert CliRunner().invoke(cli, [*arguments, str(out), *option]).exit_code == 0
    values = [float(row["layer_2"]) for row in csv.DictReader(table.open(encoding="utf-8", newline=""))]
    strip = figure.read_text(encoding="utf-8").partition(r"\begin{document}")[2]
    expected = [to_tex(number_under(value)) for value in values if number_under(value)] if option else []
    assert re.findall(r"\\startnumber\{606060\}\{(.*?)\}\\(?:token|against)", strip) == expected


@pytest.fixture
def files_of_100_bytes() -> Iterator[None]:
    """This process can write none that are larger; the system says so as it does where a disk is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_that_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, files_of_100_bytes: None) -> None:
    figure = tmp_path / "figure.csv"
    figure.write_text("old")
    done = CliRunner().invoke(cli, ["explain", "bundled:llama", "--prompt", PROMPT, "--out", str(figure)])
    assert done.exit_code == 1 and "could not be written" in done.stderr and len(done.stderr.splitlines()) == 1
    assert figure.read_text() == "old" and list(tmp_path.iterdir()) == [figure]


def test_that_models_are_listed_for_scripts() -> None:
    done = CliRunner().invoke(cli, ["models", "--json"])
    listed = {model["name"]: model for model in json.loads(done.stdout)}
    assert done.exit_code == 0 and {"bundled:llama", "bundled:gpt2", "bundled:bert"} <= set(listed)
    assert 0 < listed["bundled:llama"]["bytes"] < 5_000_000


def saved(model: PreTrainedModel, folder: Path) -> str:
    """An untrained model with the tokenizer of the bundled classifier."""
    for what in (model, AutoTokenizer.from_pretrained(ROOT / "resources" / "models" / "bert")):
        what.save_pretrained(folder)
    return str(folder)


def test_that_an_answer_is_found_in_a_second_text(tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    model = saved(BertForQuestionAnswering(BertConfig(vocab_size=640, **sizes)), tmp_path / "model")
    figure = tmp_path / "figure.json"
    arguments = ["--prompt", "who is old?", "--context", "the dogs are old", "--target", "class:start"]
    done = CliRunner().invoke(cli, ["explain", model, *arguments, "--out", str(figure)])
    assert (done.exit_code, done.stderr) == (0, "")
    tokens = [token["label"].strip() for token in json.loads(figure.read_text())["tokens"]]
    assert tokens.index("is") < tokens.index("[SEP]") < tokens.index("dogs")


def test_that_a_decoder_is_given_its_text_and_exported(tmp_path: Path) -> None:
    config = T5Config(vocab_size=640, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0)
    model = saved(T5ForConditionalGeneration(config), tmp_path / "model")
    arguments = ["explain", model, "--prompt", "the dogs are old", "--decoder-text", "the cats"]
    for name in ("figure.json", "figure.csv"):
        done = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path / name)])
        assert (done.exit_code, done.stderr) == (0, "")
    decoder = json.loads((tmp_path / "figure.json").read_text())["decoder"]
    rows = list(csv.DictReader((tmp_path / "figure.csv").open(encoding="utf-8", newline="")))
    said = [row for row in rows if row["part"] == "decoder"]
    assert [row["text"].strip() for row in said][2:4] == ["the", "cats"]
    assert [float(row["input"]) for row in said] == decoder["input"]
    assert len(decoder["layers"]) == 3 and len(rows) > len(said)


class PaintingSession:
    """Explains any picture at once, and draws."""

    asked: list[Request]

    def answer(self, request: Request, watch: Watch) -> Ending:
        if isinstance(request, Load):
            info = replace(of_picture().model, predicts="classes", labels=("cat", "dog"), takes_images=True)
            return Loaded(info, Memory(1, 2), None)
        self.asked.append(request)
        assert isinstance(request, Explain)
        relevance = replace(of_picture(), rules=request.rules)
        return Explained(request, relevance, (Prediction(0, "cat", "cat", 12.5, 0.9),), 0.1, Memory(1, 2))

    @classmethod
    def render(cls, request: Export | ExportGrid) -> Exported:
        cls.asked.append(request)
        return render(request)


@pytest.fixture
def cat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A picture's file, for a session that explains any."""
    monkeypatch.setattr(PaintingSession, "asked", [], raising=False)
    for command in (explain_command, grid_command):
        monkeypatch.setattr(command, "Session", PaintingSession)
        monkeypatch.setattr(command, "render", PaintingSession.render)
    path = tmp_path / "cat.png"
    path.write_bytes(b"a picture")
    return str(path)


def test_that_a_picture_is_explained(cat: str, tmp_path: Path) -> None:
    out, rules = tmp_path / "f.png", "gamma(conv=0.25, linear=0.05)"
    options = ["--target", "top", "--rules", rules, "--weights", "w.pt", "--classes", "a cat, a dog"]
    options += ["--picture", "overlay", "--clip", "99", "--opacity", "0.4", "--zoom", "2"]
    done = CliRunner().invoke(cli, ["explain", "torchvision:vit_b_16", "--image", cat, *options, "--out", str(out)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"Written  {out}" in done.stdout and "patches" in done.stdout
    question, export = PaintingSession.asked
    assert isinstance(question, Explain) and isinstance(question.input, Picture) and isinstance(export, Export)
    assert (question.rules, question.input.image.data) == (rules, b"a picture")
    assert question.source == ModelSource("torchvision:vit_b_16", weights="w.pt", classes=("a cat", "a dog"))
    assert (export.picture, export.look.clip, export.look.opacity, export.look.zoom) == ("overlay", 99, 0.4, 2)
    assert PIL.Image.open(out).format == "PNG" and not export.look.original


@pytest.mark.parametrize("target", ["cat - dog", "class:cat - class:dog"])
def test_that_classes_are_named_alike_of_a_text_and_of_a_picture(cat: str, tmp_path: Path, target: str) -> None:
    runner, out = CliRunner(), str(tmp_path / "grid.png")
    for command in (["explain"], ["grid", "--out", out]):
        done = runner.invoke(cli, [*command, "bundled:vit", "--image", cat, "--target", target])
        assert (done.exit_code, done.stderr) == (0, "")
    named = {request.target for request in PaintingSession.asked if isinstance(request, Explain)}
    assert named == {Contrast("cat", "dog")}


@pytest.mark.parametrize("target", ["acceptable", "class:acceptable", "class:acceptable - class:unacceptable"])
def test_that_a_class_of_a_text_is_named_bare_or_not(target: str) -> None:
    arguments = ["explain", "bundled:bert", "--prompt", "The keys are here.", "--target", target]
    done = CliRunner().invoke(cli, arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Target   “acceptable”" in done.stdout


def test_that_an_original_that_is_not_known_is_not_drawn(cat: str, tmp_path: Path) -> None:
    out = tmp_path / "f.png"
    done = CliRunner().invoke(cli, ["explain", "bundled:vit", "--image", cat, "--original", "--out", str(out)])
    assert done.exit_code == 1 and "which part of the original" in done.stderr
    assert not out.exists()


def test_that_a_grid_of_gammas_is_made(cat: str, tmp_path: Path) -> None:
    out = tmp_path / "grid.pdf"
    options = ["--conv", "0.1, 100", "--linear", "0,0.05,1", "--picture", "overlay", "--shared", "--colour-map", "bwr"]
    options += ["--opacity", "0.4", "--classes", '"a cat, asleep", a dog']
    done = CliRunner().invoke(cli, ["grid", "bundled:vit", "--image", cat, *options, "--out", str(out)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"Target   “cat”: 12.5000 logits\nWritten  {out}, 2 × 3 cells\n"
    *questions, export = PaintingSession.asked
    assert len(questions) == 6 and isinstance(export, ExportGrid)
    assert (export.rows[1], export.columns[2], export.shared, export.format) == ("conv 100", "linear 1", True, "pdf")
    assert export.look.opacity == 0.4 and questions[0].source.classes == ("a cat, asleep", "a dog")
    assert is_whole_pdf(out.read_bytes())


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_that_an_interruption_exits_with_130(tmp_path: Path) -> None:
    pipe = tmp_path / "prompt"
    os.mkfifo(pipe)
    program = [sys.executable, "-m", "inspector.cli"]
    command = [*program, "explain", "bundled:llama", "--prompt-file", str(pipe)]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored, where tests run in the background
    )  # fmt: skip
    with process, pipe.open("w"):  # opens once the program has come to read its prompt
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted.\n")


@pytest.mark.process
def test_that_coverage_is_told_to_people_and_scripts() -> None:
    words = run("coverage", "bundled:llama").stdout  # the others of this command have no process of their own
    assert re.search(r"model\.layers\.\*\.mlp +mul +uniform +\d", words)
    assert words.endswith("Every operation that needs a rule has one.\n")
    assert "encoder.layers.encoder_layer_*.ln_1 " in CliRunner().invoke(cli, ["coverage", "bundled:vit"]).stdout
    rows = json.loads(CliRunner().invoke(cli, ["coverage", "bundled:llama", "--rules", "cp-lrp", "--json"]).stdout)
    assert {"module": "model.layers.0.mlp", "operation": "mul", "rule": "gated", "count": 1} in rows


@pytest.mark.process
def test_that_the_self_test_says_what_holds_and_exits_for_scripts() -> None:
    done = run("self-test", "bundled:gpt2", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["passed"] is True
    assert {check["passed"] for check in report["checks"]} == {True}


def test_that_the_self_test_takes_pictures_too() -> None:
    done = CliRunner().invoke(cli, ["self-test", "torchvision:resnet18", "--weights", "random", "--json"])
    report = json.loads(done.stdout)
    assert done.exit_code == 0 and report["passed"] is True
    assert {check["passed"] for check in report["checks"]} == {True}


def test_that_the_self_test_of_no_model_exits_with_1() -> None:
    assert CliRunner().invoke(cli, ["self-test", "no-such-model-anywhere"]).exit_code == 1
