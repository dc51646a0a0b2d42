"""Damages one of the files in a folder at random; the same seed does the same damage."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

_HUGE = (10**7, 10**9, 2**31 - 1, 2**40, 2**63, 10**30)
_NUMBERS = (0, -1, 1, 3, 7, 100_000, 10**9, 2**31, 2**63, 10**30, 0.5, -2.5, 1e308, float("nan"), float("inf"))
_TEXTS = ("", "x", "a" * 5000, "../../outside", "/etc/passwd", "~nobody/x", "\ud800", "\0", "{% for %}")
_CONTAINERS: tuple[Any, ...] = ([], {}, [[]], [10**9] * 3, {"a": {}}, [None], ["x"] * 3000, {"0": "a", "x": 1})
_BYTES = (b"", b"\0" * 8, b"\xff" * 8, struct.pack("<Q", 2**40), struct.pack("<I", 10**9), b"\x01\0\0\0\0\0\0\0")


def damage(folder: Path, seed: str) -> str:
    """Changes one file in `folder`; returns what was done, for the one who looks into it."""
    chance = random.Random(seed)
    path = chance.choice(sorted(file for file in folder.iterdir() if file.is_file()))
    if chance.random() < 0.02:
        path.unlink()
        return f"{path.name} removed"
    content = path.read_bytes()
    if path.suffix == ".json" and chance.random() < 0.85:
        changed, done = _json_changed(content, chance)
    elif path.suffix == ".safetensors" and chance.random() < 0.6:
        end = 8 + int.from_bytes(content[:8], "little")
        header, done = _json_changed(content[8:end], chance)
        changed = struct.pack("<Q", len(header)) + header + content[end:]
    else:
        changed, done = _bytes_changed(content, chance)
    path.write_bytes(changed)
    return f"{path.name}: {done}"


def _json_changed(content: bytes, chance: random.Random) -> tuple[bytes, str]:
    value, done = json.loads(content), []
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        done.append(_change_within(value, chance))
    return json.dumps(value).encode(), "; ".join(done)


def _change_within(value: Any, chance: random.Random) -> str:
    """Changes one entry somewhere in a JSON value, near its top as often as deep in it."""
    where = []
    while isinstance(value, dict | list) and value:
        key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
        where.append(str(key)[:40])
        if isinstance(value[key], dict | list) and value[key] and chance.random() < 0.7:
            value = value[key]
            continue
        if chance.random() < 0.15:
            del value[key]
            return f"{'.'.join(where)} removed"
        new = _instead(value[key], chance)
        value[key] = new
        return f"{'.'.join(where)} = {json.dumps(new)[:60]}"
    return "nothing"


def _instead(old: Any, chance: random.Random) -> Any:
    match chance.randrange(7):
        case 6 if isinstance(old, int | float):
            return chance.choice(_HUGE)
        case 0 if isinstance(old, int | float):
            return old * chance.choice((2, 3, 1000, 10**7, -1))
        case 0 | 1 | 2:
            return chance.choice(_NUMBERS)
        case 3:
            return chance.choice(_TEXTS)
        case 4:
            return chance.choice((None, True, False))
    if chance.random() < 0.3:
        deep: Any = old
        for _ in range(chance.choice((1, 3, 400))):
            deep = [deep]
        return deep
    return json.loads(json.dumps(chance.choice(_CONTAINERS)))


def _bytes_changed(content: bytes, chance: random.Random) -> tuple[bytes, str]:
    if not content:
        return b"\0", "a byte added"
    reach = len(content) if chance.random() < 0.4 else min(len(content), chance.choice((16, 200, 4000)))
    at = chance.randrange(reach)
    match chance.randrange(5):
        case 0:
            return content[:at], f"cut to {at} bytes"
        case 1:
            new = chance.choice(_BYTES)
            return content[:at] + new + content[at + len(new) :], f"{new.hex()} at {at}"
        case 2:
            length = chance.choice((1, 8, 100))
            return content[:at] + content[at + length :], f"{length} bytes left out at {at}"
        case _:
            changed = bytearray(content)
            places = [at, *(chance.randrange(reach) for _ in range(chance.choice((0, 0, 3, 30))))]
            for place in places:
                changed[place] ^= 1 << chance.randrange(8)
            return bytes(changed), f"{len(places)} bits turned from {at} on"
