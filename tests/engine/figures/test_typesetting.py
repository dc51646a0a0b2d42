"""LaTeX ends in time, leaves nothing behind and is not believed without a look."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.figures.rendering import render
from engine.figures.typesetting import ENGINES, engines_found, first_error, is_whole_pdf, typeset
from engine.protocol.failures import EngineError, Stopped
from engine.protocol.messages import Export
from engine.watch import Watch
from tests.engine.figures.made_relevance import relevance

WHOLE = b"%PDF-1.5\nbody\nstartxref\n9\n%%EOF\n"
SUCCEED = "cat $WHOLE > figure.pdf"

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a made-up engine on the PATH, where there is nothing else but the system's own programs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "sleep", "printf", "env", "cat", "ls"):
        place = next(Path(folder) / name for folder in ("/bin", "/usr/bin") if (Path(folder) / name).exists())
        (programs / name).symlink_to(place)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("WHOLE", str(tmp_path / "whole.pdf"))
    (tmp_path / "whole.pdf").write_bytes(WHOLE)

    def put(engine: str, script: str) -> None:
        program = programs / engine
        program.write_text(f"#!{programs}/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    return put


pytestmark = pytest.mark.skipif(os.name != "posix", reason="the made-up engines are shell scripts")


def test_that_a_whole_pdf_is_handed_over(install: Install) -> None:
    install("xelatex", SUCCEED)
    made = typeset("text", {}, Watch())
    assert (made.engine, made.missing) == ("xelatex", ())
    assert made.pdf == WHOLE


def test_that_the_engine_is_shut_in(install: Install, tmp_path: Path) -> None:
    install("xelatex", f'{{ echo "$@"; env; cat; ls; }} > $SEEN; {SUCCEED}')
    typeset("text", {"emoji.png": b"picture"}, Watch())
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen[0] == "-no-shell-escape -interaction=nonstopmode -halt-on-error figure.tex"
    assert {"openin_any=p", "openout_any=p", "shell_escape=f"} <= set(seen)
    assert seen[-2:] == ["emoji.png", "figure.tex"]


def test_that_a_pdf_that_is_cut_off_is_a_failure_even_if_the_engine_is_content(install: Install) -> None:
    install("xelatex", "printf '%%PDF-1.5\\nbody' > figure.pdf")
    with pytest.raises(EngineError, match="cut off") as caught:
        typeset("text", {}, Watch())
    assert caught.value.kind == "figure_failed"


def test_that_an_engine_that_writes_nothing_has_failed(install: Install) -> None:
    install("xelatex", "exit 0")
    with pytest.raises(EngineError):
        typeset("text", {}, Watch())


def test_that_the_logs_first_error_is_told(install: Install) -> None:
    install(
        "xelatex", "printf '! Undefined control sequence.\\nl.7 \\\\oops\\n! Emergency stop.\\n' > figure.log; exit 1"
    )
    with pytest.raises(EngineError, match=r"^xelatex failed: Undefined control sequence\. l\.7 \\oops$"):
        typeset("text", {}, Watch())


def test_that_the_next_engine_is_tried_and_the_first_failure_told(install: Install) -> None:
    install("xelatex", "echo '! No fontspec.' > figure.log; exit 1")
    install("lualatex", "exit 3")
    with pytest.raises(EngineError, match=r"xelatex failed: No fontspec\."):
        typeset("text", {}, Watch())
    install("pdflatex", SUCCEED)
    assert typeset("text", {}, Watch()).engine == "pdflatex"


def test_that_an_engine_that_never_ends_is_ended_with_all_it_started(install: Install, tmp_path: Path) -> None:
    install("xelatex", "sleep 600 & echo $! > $SEEN; wait")
    with pytest.raises(EngineError, match="within 1 seconds"):
        typeset("text", {}, Watch(), time_limit=1)
    _wait_for_the_end_of(int((tmp_path / "seen").read_text()))


BROKEN = {
    "exit code 3, without a word": "exit 3",
    "File `article.cls' not found": 'echo "! LaTeX Error: File \\`article.cls\' not found." > figure.log; exit 1',
    "I can't find the format file": 'echo "! I can\'t find the format file" > figure.log; exit 1',
    "it was ended by signal 9": "kill -9 $$",
    "cut off": "printf '%%PDF-1.5' > figure.pdf",
    "did not finish within 0 seconds": "sleep 600",
}


@pytest.mark.parametrize("how", BROKEN)
def test_that_a_broken_engine_gives_way_to_the_next_and_that_is_said(install: Install, how: str) -> None:
    install("xelatex", BROKEN[how])
    install("pdflatex", SUCCEED)
    made = typeset("text", {}, Watch(), time_limit=0.3)
    assert (made.engine, made.pdf) == ("pdflatex", WHOLE)
    assert made.instead.startswith("xelatex ") and how in made.instead


@pytest.mark.parametrize("how", [how for how in BROKEN if "finish" not in how])
def test_that_without_a_whole_latex_a_figure_is_drawn_and_says_why(install: Install, how: str) -> None:
    for engine in ENGINES:
        install(engine, BROKEN[how])
    made = render(Export(relevance(["a", " b"]), "pdf"))
    assert is_whole_pdf(made.data)
    assert how in made.note and "drawn without it" in made.note


def test_that_the_figure_by_another_engine_says_so(install: Install) -> None:
    install("xelatex", "exit 3")
    install("lualatex", SUCCEED)
    note = render(Export(relevance(["a"]), "pdf")).note
    assert note == "xelatex failed: exit code 3, without a word; lualatex was taken instead."


def test_that_what_is_wrong_with_the_document_is_a_failure_whatever_else_is_broken(install: Install) -> None:
    install("xelatex", "exit 3")
    install("lualatex", "printf '! Undefined control sequence.\\nl.7 \\\\oops\\n' > figure.log; exit 1")
    with pytest.raises(EngineError, match=r"^lualatex failed: Undefined control sequence"):
        render(Export(relevance(["a"]), "pdf"))


def test_that_stop_ends_the_engine(install: Install, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    install("xelatex", "sleep 600 & echo $! > $SEEN; wait")
    with pytest.raises(Stopped):
        typeset("text", {}, Watch(cancelled=lambda: seen.exists() and bool(seen.read_text())))
    _wait_for_the_end_of(int(seen.read_text()))


def test_that_missing_characters_are_named_once(install: Install) -> None:
    line = "Missing character: There is no X (U+1F680) in font [lmsans10]"
    install("xelatex", f"{SUCCEED}; echo '{line}' > figure.log; echo '{line}' >> figure.log")
    assert typeset("text", {}, Watch()).missing == ("U+1F680",)


def test_that_no_latex_is_a_failure_that_says_so(install: Install) -> None:
    assert engines_found() == ()
    with pytest.raises(EngineError, match="No LaTeX was found"):
        typeset("text", {}, Watch())


def test_that_engines_are_found_in_the_order_of_their_worth(install: Install) -> None:
    for engine in reversed(ENGINES):
        install(engine, "exit 0")
    assert engines_found() == ("xelatex", "lualatex", "pdflatex")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_that_a_full_disk_is_told_from_a_failure_of_latex(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("xelatex", "exit 0")
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: open("/dev/full", "w").write("x" * 100_000))  # noqa: SIM115,PTH123
    with pytest.raises(EngineError) as caught:
        typeset("text", {}, Watch())
    assert caught.value.kind == "disk_full"


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"%PDF-1.5\nx\nstartxref\n9\n%%EOF\n", True),
        (b"%PDF-1.5\nx\nstartxref\n9\n%%EOF", True),
        (b"%PDF-1.5\nx\nstartxref\n9\n", False),
        (b"%PDF-1.5\nx\n%%EOF\n", False),
        (b"x\nstartxref\n9\n%%EOF\n", False),
        (b"", False),
    ],
)
def test_what_a_whole_pdf_is(data: bytes, whole: bool) -> None:
    assert is_whole_pdf(data) is whole


def test_that_a_log_without_an_error_has_none() -> None:
    assert first_error("This is XeTeX\n(figure.tex)\nOutput written.") == ""


def _wait_for_the_end_of(process: int) -> None:
    """Returns once the process is gone, or waits to be reaped by whoever it was given to."""
    while True:
        try:
            os.kill(process, 0)
            state = Path(f"/proc/{process}/stat")
            if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.01)
