"""Frames: messages between window and worker as bytes.

A frame is a magic word, the length (uint32, little-endian) and the message in msgpack. Never pickle.

Whatever arrives, a side either understands it or raises ProtocolError; it never waits for the rest of garbage.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, structs

from engine.protocol.codec import array_from_wire, array_to_wire
from engine.protocol.failures import ProtocolError
from engine.protocol.messages import Event, Request

PROTOCOL = 12
SPARE = "LXT_INSPECTOR_SPARE"  # in the environment of a worker that nobody waits for yet
MAGIC = b"LXTI"
HEADER_SIZE = len(MAGIC) + 4
MEBIBYTE = 1024 * 1024
TO_WORKER_LIMIT = 512 * MEBIBYTE  # bytes of one payload: twice the largest file of a picture, or a grid of answers
FROM_WORKER_LIMIT = 128 * MEBIBYTE  # an answer has numbers, and pictures no larger than a screen
HELLO_LIMIT = MEBIBYTE

_LARGE = MEBIBYTE  # bytes; what is longer is not copied to be framed
_LARGE_BYTES = b"\xc6"  # msgpack's bin 32: its length follows in 4 bytes, big-endian
_SHOWN = 40  # characters of garbage quoted in an error


class Hello(Struct, frozen=True, tag=True):
    """The worker's first frame: it has imported what it needs and listens."""

    protocol: int
    versions: dict[str, str]
    devices: tuple[str, ...]
    pid: int


class Said(Struct, frozen=True, tag=True, eq=False):
    """One event of one run."""

    run: int
    event: Event


class Ask(Struct, frozen=True, tag=True):
    """A request, with the number its events will carry."""

    run: int
    request: Request


class Stop(Struct, frozen=True, tag=True):
    """End this run at the next block; it ends as Cancelled, unless it has ended already."""

    run: int


ToWorker = Ask | Stop
FromWorker = Hello | Said
Payload = bytes | memoryview


def frame(message: ToWorker | FromWorker) -> bytes:
    """The message as one frame; ProtocolError where it holds something that cannot travel."""
    return b"".join(frame_in_pieces(message))


def frame_in_pieces(message: ToWorker | FromWorker) -> tuple[bytes, ...]:
    """One frame in pieces, between which the file of a large picture is itself, uncopied; ProtocolError as `frame`."""
    large: dict[bytes, bytes] = {}
    try:
        payload = _ENCODER.encode(_without_large(message, large))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"A message ({type(message).__name__}) cannot be sent: {error}.") from error
    limit = TO_WORKER_LIMIT if isinstance(message, ToWorker) else FROM_WORKER_LIMIT
    pieces: list[bytes] = []
    for stand_in, data in large.items():
        before, payload = payload.split(_ENCODER.encode(stand_in), 1)
        pieces += [before + _LARGE_BYTES + struct.pack(">I", len(data)), data]
    pieces.append(payload)
    length = sum(map(len, pieces))
    if length > limit:
        raise ProtocolError(f"A message of {length:,} bytes cannot be sent: the limit is {limit:,}.")
    return (MAGIC + struct.pack("<I", length) + pieces[0], *pieces[1:])


def _without_large(value: Any, large: dict[bytes, bytes]) -> Any:
    """The struct with a short stand-in for each large `bytes` in it; `large` gets them in the order of encoding."""
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        held = getattr(value, name)
        if isinstance(held, bytes) and len(held) > _LARGE:
            changes[name] = secrets.token_bytes(16)
            large[changes[name]] = held
        elif isinstance(held, Struct) and (smaller := _without_large(held, large)) is not held:
            changes[name] = smaller
    return structs.replace(value, **changes) if changes else value


def to_worker(payload: Payload) -> ToWorker:
    """What the window said."""
    message: ToWorker = _decode(_TO_WORKER, payload)
    return message


def from_worker(payload: Payload) -> FromWorker:
    """What the worker said."""
    message: FromWorker = _decode(_FROM_WORKER, payload)
    return message


class FrameReader:
    """Cuts a stream of bytes into payloads of at most `limit` bytes each, which their headers announce.

    After a ProtocolError the stream is lost.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Payload]:
        """The payloads that `data` completes; those before a piece of garbage come before the error."""
        self._buffer += data
        while (length := self._length()) is not None and len(self._buffer) >= HEADER_SIZE + length:
            end = HEADER_SIZE + length
            if len(self._buffer) == end:  # a large frame comes last, and is not copied
                whole, self._buffer = self._buffer, bytearray()
                yield memoryview(whole)[HEADER_SIZE:]
            else:
                payload = bytes(memoryview(self._buffer)[HEADER_SIZE:end])
                del self._buffer[:end]
                yield payload

    def finish(self) -> None:
        """The stream has ended: ProtocolError if it did so inside a frame."""
        if self._buffer:
            raise ProtocolError(f"The stream ended inside a frame, after {len(self._buffer):,} of its bytes.")

    def _length(self) -> int | None:
        """The length of the payload to come; None while its header is incomplete."""
        start = bytes(self._buffer[:HEADER_SIZE])
        if not start.startswith(MAGIC) and not MAGIC.startswith(start):
            raise ProtocolError(
                f"Where a frame should begin there is {_readable(self._buffer)}: something else writes to the stream."
            )
        if len(start) < HEADER_SIZE:
            return None
        (length,) = struct.unpack_from("<I", start, len(MAGIC))
        if length > self.limit:
            raise ProtocolError(f"A frame announces {length:,} bytes, more than the limit of {self.limit:,}.")
        return int(length)


def _readable(garbage: bytes | bytearray) -> str:
    """The first line of `garbage` as a person reads it; bytes that are no text are only named so."""
    words = bytes(garbage[: 4 * _SHOWN]).decode("utf-8", "replace").strip().splitlines() or [""]
    shown = words[0][:_SHOWN]
    if not shown or "\ufffd" in shown or not shown.isprintable():
        return "no text"
    return f"“{shown}”" if shown == words[0] else f"“{shown}…”"


def _decode(decoder: msgspec.msgpack.Decoder[Any], payload: Payload) -> Any:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ProtocolError(f"A frame of {len(payload):,} bytes is not a message of this protocol: {error}.") from error


_ENCODER = msgspec.msgpack.Encoder(enc_hook=array_to_wire)
_TO_WORKER = msgspec.msgpack.Decoder(ToWorker, dec_hook=array_from_wire)
_FROM_WORKER = msgspec.msgpack.Decoder(FromWorker, dec_hook=array_from_wire)
