"""The real worker around a session without torch, which does what a Tokenize's text says. Run as a program."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import time
from types import ModuleType

from engine.protocol.failures import ModelError
from engine.protocol.frames import PROTOCOL, Hello
from engine.protocol.messages import Ending, Request, Tokenize, Tokenized
from engine.protocol.values import Token
from engine.watch import Watch
from engine.worker import main


class PanicException(BaseException):
    """What a Rust library raises."""


class Session:
    def answer(self, request: Request, watch: Watch) -> Ending:
        assert isinstance(request, Tokenize)
        do(request.input.text, watch)
        label = "\ud800" if request.input.text == "say the unsayable" else "a"
        return Tokenized((Token(1, request.input.text, 0, len(request.input.text), label),))

    def is_light(self, request: Request) -> bool:
        return isinstance(request, Tokenize) and request.input.text.startswith("light")

    def warm_up(self, watch: Watch) -> None:
        print("warming up")
        sys.exit("nothing to warm up with")


def do(text: str, watch: Watch) -> None:
    match text:
        case "make noise":
            make_noise()
        case "ask the user":
            print("may I?", input("Do you trust this code? "))
        case "block by block":
            for block in range(1_000_000):
                watch.step("forward", block, 1_000_000)
                time.sleep(0.001)
        case "compute without looking up":
            watch.step("forward", 0, 1)
            time.sleep(3600)
        case "hold the interpreter's lock":
            watch.step("forward", 0, 1)
            re.match("(a+)+$", "a" * 60 + "b")
        case "many reports":
            for phase in ("load", "forward"):
                for done in range(10_001):
                    watch.step(phase, done, 0 if phase == "load" else 10_000)
        case "cannot" | "light, and cannot":
            raise ModelError("This model is not for you.")
        case "panic":
            raise PanicException("called `Option::unwrap()` on a `None` value")
        case "exit":
            sys.exit(3)
        case "memory":
            raise MemoryError
        case "allocator":
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory")
        case "disk":
            raise OSError(28, "No space left on device", "/cache/model.safetensors")
        case "bad name":
            raise ValueError("/folder/\udcff")


def make_noise() -> None:
    """Write to fd 1 in every way a library may."""
    print("a print", flush=True)
    sys.stdout.write("a write\n")
    sys.__stdout__.write("another\n")
    os.write(1, b"LXTI\xff\xff\xff\xff straight to the descriptor\n")
    libc = ctypes.CDLL(None)
    libc.printf(b"from C, with %d\n", 42)
    libc.fflush(None)
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    print("75%|#######   | 3/4 [00:01<00:00]\r", end="", file=sys.stderr)


if __name__ == "__main__":
    session = ModuleType("engine.session")
    session.Session = Session  # type: ignore[attr-defined]
    session.greeting = lambda: Hello(PROTOCOL, {}, ("cpu",), os.getpid())  # type: ignore[attr-defined]
    session.leave_a_core = lambda: print("a print while starting")  # type: ignore[attr-defined]
    sys.modules["engine.session"] = session
    main()
