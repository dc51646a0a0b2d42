"""What hangs: models with code of their own, pipes and sockets, a server that is silent, and LaTeX without an end."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import resources
from engine.protocol.values import ModelSource

BUNDLED = Path(resources.__file__).parent / "models" / "llama"
PLACES = ("import", "forward", "tokenizer")
WAYS = {
    "Python": "while True:\n        pass",
    "C": "import ctypes\n    ctypes.PyDLL(None).sleep(3600)  # a PyDLL keeps the interpreter's lock",
}
CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

HERE = Path({folder!r})

def reach(place):
    if place != {place!r} or not (HERE / "armed").exists():
        return
    (HERE / "reached").touch()
    {way}

reach("import")

class HangConfig(LlamaConfig):
    model_type = "hang"

class HangForCausalLM(LlamaForCausalLM):
    config_class = HangConfig
    def forward(self, *inputs, **named):
        reach("forward")
        return super().forward(*inputs, **named)

class HangTokenizer(PreTrainedTokenizerFast):
    def _encode_plus(self, *inputs, **named):
        reach("tokenizer")
        return super()._encode_plus(*inputs, **named)
"""
ENDLESS_CHAT = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
LATEX = {"waits": "exec cat {pipe}", "loops": r"exec {engine} -interaction=nonstopmode '\loop\iftrue\repeat'"}


def model(folder: Path, place: str, way: str) -> ModelSource:
    """The bundled Llama with code of its own: it hangs at the place once `armed` is there, and says so in `reached`."""
    shutil.copytree(BUNDLED, folder)
    (folder / "modeling_hang.py").write_text(CODE.format(folder=str(folder), place=place, way=WAYS[way]))
    own = {"AutoConfig": "modeling_hang.HangConfig", "AutoModelForCausalLM": "modeling_hang.HangForCausalLM"}
    _edit(folder / "config.json", model_type="hang", architectures=["HangForCausalLM"], auto_map=own)
    tokenizer = {"AutoTokenizer": [None, "modeling_hang.HangTokenizer"]}
    _edit(folder / "tokenizer_config.json", tokenizer_class="HangTokenizer", auto_map=tokenizer)
    return ModelSource(str(folder), trust_remote_code=True)


def chat_model(folder: Path) -> ModelSource:
    """The bundled Llama with a chat template that does not end."""
    shutil.copytree(BUNDLED, folder)
    (folder / "chat_template.jinja").write_text(ENDLESS_CHAT)
    return ModelSource(str(folder))


def model_of_streams(folder: Path, name: str) -> ModelSource:
    """The bundled Llama, one file of which is a pipe, or a socket in place of weights."""
    shutil.copytree(BUNDLED, folder)
    (folder / name).unlink()
    if name == "model.safetensors":
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(str(folder / name))
    else:
        os.mkfifo(folder / name)
    return ModelSource(str(folder))


def latex(folder: Path) -> None:
    """A xelatex in front of the real one, which hangs as the file `how` beside it says, and else is the real one."""
    engine = shutil.which("xelatex")
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    lines = ["#!/bin/sh", f'case "$(cat {folder / "how"})" in']
    for how, command in LATEX.items():
        lines.append(f"{how}) touch {folder / 'reached'}; {command.format(pipe=folder / 'pipe', engine=engine)};;")
    program = folder / "xelatex"
    program.write_text("\n".join([*lines, "esac", f'exec {engine} "$@"']))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "how").write_text("")


class SilentServer:
    """Takes every connection and says nothing."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                self.connections.append(self._server.accept()[0])
            except OSError:
                return


@contextmanager
def environment(**changes: str) -> Iterator[None]:
    """What processes that are started meanwhile find; an empty value is taken away."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set({name: value or "" for name, value in before.items()})


@contextmanager
def temporary_folder(folder: Path) -> Iterator[None]:
    """Let this process and those it starts put their temporary files there."""
    folder.mkdir(exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        with environment(TMPDIR=str(folder)):
            yield
    finally:
        tempfile.tempdir = before


def _set(values: dict[str, str]) -> None:
    for name, value in values.items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def _edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
