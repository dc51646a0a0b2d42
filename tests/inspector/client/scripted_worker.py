"""A worker without torch that misbehaves on request: the first argument says how it starts, a Tokenize's text the rest,
or a Load's name, which is not light.

Each start appends the process id to the file named by the second argument.
"""

from __future__ import annotations

import hashlib
import os
import signal
import struct
import sys
import time
from pathlib import Path

from engine.protocol.frames import (
    FROM_WORKER_LIMIT,
    HELLO_LIMIT,
    MAGIC,
    PROTOCOL,
    TO_WORKER_LIMIT,
    Ask,
    FrameReader,
    FromWorker,
    Hello,
    Said,
    Stop,
    frame,
    to_worker,
)
from engine.protocol.inputs import Picture
from engine.protocol.messages import Cancelled, Explain, Load, Progress, Tokenize, Tokenized


def say(*messages: FromWorker) -> None:
    shout(b"".join(map(frame, messages)))


def shout(data: bytes) -> None:
    os.write(1, data)


def start(how: str, starts: Path) -> None:
    greeting = Hello(PROTOCOL, {"torch": "0"}, ("cpu",), os.getpid())
    match how:
        case "well" | "stubborn":
            say(greeting)
        case "every other time":
            if starts.read_text().count("\n") % 2 == 0:
                sys.exit("not this time")
            say(greeting)
        case "silently":
            time.sleep(3600)
        case "in another protocol":
            say(Hello(PROTOCOL + 1, {}, (), os.getpid()))
        case "with an exit":
            sys.exit("No module named 'torch'")
        case "with a banner":
            shout(b"Welcome to the cluster!\n")
            time.sleep(3600)
        case "with a boast":
            shout(MAGIC + struct.pack("<I", HELLO_LIMIT + 1))
            time.sleep(3600)
        case "with an answer":
            say(Said(1, Cancelled()))
        case "slowly":
            time.sleep(1)
            say(greeting)


def play(run: int, text: str) -> None:
    """What the worker does about a request whose text is `text`."""
    match text:
        case "answer":
            say(Said(run, Progress("load", 0, 2)), Said(run, Progress("load", 2, 2)), Said(run, Tokenized(())))
        case "end twice":
            say(Said(run, Tokenized(())), Said(run, Tokenized(())), Said(run, Progress("load", 1, 1)))
        case "answer somebody else":
            say(Said(run + 1000, Tokenized(())), Said(run, Tokenized(())))
        case "log":
            os.write(2, "first line\nsecond: ä".encode()[:-1])
            time.sleep(0.1)
            os.write(2, "ä\n".encode()[1:])
            say(Said(run, Tokenized(())))
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.exit("these are my last words")
        case "answer and die":
            say(Said(run, Tokenized(())))
            os.kill(os.getpid(), signal.SIGKILL)
        case "die inside a frame":
            shout(frame(Said(run, Tokenized(())))[:-3])
            os.kill(os.getpid(), signal.SIGKILL)
        case "print":
            shout(b"Loading checkpoint shards: 50%")
        case "print bytes":
            shout(b"\x00\x9f" * 100)
        case "boast":
            shout(MAGIC + struct.pack("<I", FROM_WORKER_LIMIT + 1))
        case "mumble":
            shout(MAGIC + struct.pack("<I", 4) + b"\xff\xff\xff\xff")
        case "greet again":
            say(Hello(PROTOCOL, {}, (), os.getpid()))


def main(how: str, starts: str) -> None:
    with Path(starts).open("a") as file:
        file.write(f"{os.getpid()}\n")
    start(how, Path(starts))
    reader = FrameReader(TO_WORKER_LIMIT)
    while data := os.read(0, 65536):
        for message in map(to_worker, reader.feed(data)):
            match message:
                case Ask(run, Tokenize(_, input)):
                    play(run, input.text)
                case Ask(run, Load(source)):
                    play(run, source.name)
                case Ask(run, Explain(input=Picture(image))):
                    is_whole = hashlib.sha256(image.data).hexdigest() == image.digest
                    say(Said(run, Tokenized(()) if is_whole else Cancelled()))
                case Stop(run) if how != "stubborn":
                    say(Said(run, Cancelled()))
                case _:
                    pass
    if how == "stubborn":
        time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
