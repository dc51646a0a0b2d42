"""A worker with made-up answers that kills, at the step it is told, itself or others: those of simulated_kills.

Its arguments are a folder, the file `fate` of which has the step and who is killed (`itself`, or process ids), and the
folder of msgspec. It imports nothing of ours and no numpy, so that it starts in 30 ms.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])
sys.path.append(sys.argv[2])

import msgspec  # noqa: E402

ANSWERS = {path.stem: path.read_bytes() for path in FOLDER.glob("*.event")}
DONE = {"Load": "Loaded", "Explain": "Explained", "Tokenize": "Tokenized", "Export": "Exported"}
MAGIC = b"LXTI"
SLOW, PAUSE = 30, 0.002  # how often a slow run says how far it is, and seconds between


def reach(step: str) -> None:
    """Do what is to be done at this step, once."""
    try:
        fate = json.loads((FOLDER / "fate").read_bytes())
    except FileNotFoundError:
        return
    if fate["step"] != step:
        return
    victims = [os.getpid() if each == "itself" else each for each in fate["victims"]]
    (FOLDER / "killed").write_text(json.dumps(victims))
    (FOLDER / "fate").unlink()
    for victim in victims:
        os.kill(victim, signal.SIGKILL)


def say(message: dict[str, Any], name: str) -> None:
    payload = msgspec.msgpack.encode(message)
    data = MAGIC + struct.pack("<I", len(payload)) + payload
    reach(f"before {name}")
    os.write(1, data[: len(data) // 2])
    reach(f"inside {name}")
    rest = data[len(data) // 2 :]
    while rest:
        rest = rest[os.write(1, rest) :]
    reach(f"after {name}")


class Listener:
    """What the window says, as it says it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def next(self, wait: bool) -> dict[str, Any] | None:
        """The next message; None where there is none yet. It ends the process with the window."""
        while True:
            if len(self._buffer) >= 8:
                end = 8 + struct.unpack_from("<I", self._buffer, 4)[0]
                if len(self._buffer) >= end:
                    payload = bytes(self._buffer[8:end])
                    del self._buffer[:end]
                    return msgspec.msgpack.decode(payload)
            if not wait and not select.select([0], [], [], 0)[0]:
                return None
            data = os.read(0, 65536)
            if not data:
                sys.exit()
            self._buffer += data


def answer(run: int, request: dict[str, Any], listener: Listener, waiting: list[dict[str, Any]]) -> None:
    kind = request["type"]
    prompt = (request.get("input") or {}).get("text", "")
    for done in range(SLOW if prompt.startswith("slow") else 3):
        say({"type": "Said", "run": run, "event": {"type": "Progress", "phase": "forward", "done": done, "total": 3}},
            f"Progress of {kind}")  # fmt: skip
        time.sleep(PAUSE if prompt.startswith("slow") else 0)
    deaf = prompt.startswith("deaf")
    while deaf or prompt.startswith("wait"):
        message = listener.next(wait=True)
        if message["type"] == "Stop" and message["run"] == run:
            if deaf:
                time.sleep(3600)
            say({"type": "Said", "run": run, "event": {"type": "Cancelled"}}, "Cancelled")
            return
        waiting.append(message)
    event = msgspec.msgpack.decode(ANSWERS[kind])
    if kind == "Load":
        event["model"]["source"] = request["source"]
    if kind == "Explain":
        event["question"], event["relevance"]["model"]["source"] = request, request["source"]
    say({"type": "Said", "run": run, "event": event}, DONE[kind])


def main() -> None:
    with (FOLDER / "starts").open("a") as file:
        file.write(f"{os.getpid()}\n")
    say(json.loads((FOLDER / "hello").read_bytes()) | {"pid": os.getpid()}, "Hello")
    listener, waiting = Listener(), []
    while True:
        message = waiting.pop(0) if waiting else listener.next(wait=True)
        if message["type"] == "Ask":
            answer(message["run"], message["request"], listener, waiting)


main()
