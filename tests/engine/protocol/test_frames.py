"""Frames: what goes in comes out, the bytes stay as they are, and nothing that arrives can hang or surprise a side."""

from __future__ import annotations

import gc
import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from engine.protocol import targets
from engine.protocol.failures import ProtocolError
from engine.protocol.frames import (
    FROM_WORKER_LIMIT,
    HEADER_SIZE,
    MAGIC,
    Ask,
    FrameReader,
    FromWorker,
    Hello,
    Said,
    Stop,
    ToWorker,
    frame,
    frame_in_pieces,
    from_worker,
    to_worker,
)
from engine.protocol.inputs import Chat, ForDecoder, Message, Pair, Picture, Text
from engine.protocol.inside import Block, Glimpse, Head, Heads, Neuron, Writer
from engine.protocol.looks import Look
from engine.protocol.messages import (
    BlockOpened,
    Cancelled,
    Event,
    Examine,
    Examined,
    Explain,
    ExplainEach,
    Explained,
    ExplainedEach,
    Export,
    Exported,
    ExportGrid,
    ExportInside,
    Failed,
    FindNeurons,
    Generate,
    Generated,
    HeadFound,
    HeadsFound,
    LayersRead,
    Listed,
    ListModels,
    Load,
    Loaded,
    LookAtHead,
    LookAtHeads,
    NeuronsFound,
    OpenBlock,
    Progress,
    Rate,
    Rated,
    ReadLayers,
    Request,
    Tokenize,
    Tokenized,
    Unload,
    Unloaded,
)
from engine.protocol.relevance import PicturePart, Relevance, TextPart
from engine.protocol.reports import Check, CoverageRow, SelfTest
from engine.protocol.values import (
    Account,
    CachedModel,
    Continuation,
    Grid,
    Image,
    Ledger,
    Manner,
    Matrix,
    Memory,
    ModelInfo,
    ModelSource,
    Prediction,
    ResolvedTarget,
    Seen,
    Token,
)

GOLDEN = Path(__file__).with_name("golden_frames.txt")

SOURCE = ModelSource("bundled:llama")
MODEL = ModelInfo(SOURCE, "Llama", "LlamaForCausalLM", None, 1000, 2, 64, 128, "cpu", "float32", 4000)
TOKENS = (Token(1, "", 0, 0, "<s>", special=True), Token(7, "né", 0, 2, "né"))
ACCOUNT = Account(2.5, 0.25, 1.0, 1.25, 0.0)
RELEVANCE = Relevance(
    model=MODEL,
    parts=(TextPart("né", TOKENS, np.array([0.5, -0.25], np.float32), np.arange(6, dtype=np.float32).reshape(3, 2)),),
    target=ResolvedTarget(targets.Contrast("3"), "“3” − mean", 1, ((1, 5, 1.0),), ((1, 5),)),
    rules="attnlrp",
    value=2.5,
    versions={"torch": "2.11.0"},
    ledger=Ledger(ACCOUNT, ACCOUNT, (ACCOUNT, ACCOUNT), ACCOUNT, {"bias": 0.75, "norm bias": 0.25}, True, True),
)
PIXELS = np.zeros((1, 2, 3), np.uint8)
PICTURE = Image("cat.png", "0af3", b"\x89PNG")
SEEN = Seen("cat.png", PIXELS, (4, 2), (0.0, 0.0, 4.0, 2.0), "the first of 3 frames", PIXELS)
OF_A_PICTURE = structs.replace(
    RELEVANCE,
    parts=(
        PicturePart(
            np.array([[0.5, -0.25]], np.float32),
            np.arange(6, dtype=np.float32).reshape(3, 2),
            np.arange(6, dtype=np.float32).reshape(3, 1, 2),
            (Grid(1, 1, 1), None),
            SEEN,
        ),
    ),
)
QUESTION = Explain(SOURCE, Text("né"), target=targets.Contrast("3", None))
ROWS = np.array([[0.5, -0.25], [1, 2]], np.float32)
NEURON = Neuron(1, 7, 0.75, 2.5, 1, ROWS[0], (" up",), (" down",), (" né",))
SAID = Continuation(2, (9, 11))
MATRIX = Matrix(
    model=MODEL,
    prompt="né 1",
    tokens=(*TOKENS, Token(9, " ", 2, 3, "·", generated=True), Token(11, "1", 3, 4, "1", generated=True)),
    start=2,
    rules="attnlrp",
    rows=np.arange(8, dtype=np.float32).reshape(2, 4),
    values=np.array([3.5, -1], np.float32),
    versions={"torch": "2.11.0"},
)

TO_WORKER: dict[str, ToWorker] = {
    "Load": Ask(1, Load(ModelSource("org/name", "main", "cuda:0", "bfloat16", "4bit", True))),
    "Unload": Ask(2, Unload()),
    "Tokenize": Ask(3, Tokenize(SOURCE, Text("Zeile\n\t日本 🙂"))),
    "Explain": Ask(4, QUESTION),
    "Explain.Sum": Ask(
        5,
        Explain(
            SOURCE,
            Text("p"),
            target=targets.Sum((targets.Token(5), targets.Token(" a", 2))),
            rules="cp-lrp",
            checkpointing=True,
        ),
    ),
    "Explain.Class": Ask(11, Explain(SOURCE, Text("né"), target=targets.Class("tabby cat", 3), rules="gradient")),
    "Explain.context": Ask(12, Explain(SOURCE, Pair("who?", "Ann, né 1"))),
    "Explain.decoder": Ask(13, Explain(SOURCE, ForDecoder("né", "Ja", None, Continuation(1, (9,))))),
    "Explain.continuation": Ask(8, Explain(SOURCE, Text("né 1", SAID), target=targets.Token(9, 1))),
    "Explain.chat": Ask(
        18, Explain(SOURCE, Chat((Message("user", "né"), Message("model", "Ja")), Continuation(0, (9,))))
    ),
    "Load.weights": Ask(14, Load(ModelSource("torchvision:resnet18", weights="w.pth", classes=("a cat", "a dog")))),
    "Explain.image": Ask(15, Explain(SOURCE, Picture(PICTURE))),
    "Rate": Ask(16, Rate(Explain(SOURCE, Picture(PICTURE)), 8)),
    "ExportGrid": Ask(17, ExportGrid((OF_A_PICTURE,), ("conv 0.25",), ("linear 0",), ("best",), "pdf", "overlay")),
    "Generate": Ask(9, Generate(SOURCE, Text("né"), max_new_tokens=32)),
    "Generate drawn": Ask(9, Generate(SOURCE, Text("né"), 32, Manner(0.7, 3, True))),
    "Examine": Ask(11, Examine(SOURCE, rules="cp-lrp")),
    "ExplainEach": Ask(10, ExplainEach(SOURCE, Text("né 1", SAID), rules="cp-lrp")),
    "ListModels": Ask(6, ListModels()),
    "Export": Ask(7, Export(RELEVANCE, "pdf", "layers", look=Look(layer=1, scale="global", colour_map="bwr"))),
    "Stop": Stop(4),
    "ExportInside": Ask(18, ExportInside(RELEVANCE, LayersRead(ReadLayers(QUESTION), ()), "png")),
    "LookAtHeads": Ask(13, LookAtHeads(QUESTION)),
    "LookAtHead": Ask(14, LookAtHead(QUESTION, 1, 3, decoder=True)),
    "OpenBlock": Ask(15, OpenBlock(QUESTION, 1, neurons=2)),
    "FindNeurons": Ask(16, FindNeurons(QUESTION, 2)),
    "ReadLayers": Ask(17, ReadLayers(QUESTION)),
}
FROM_WORKER: dict[str, FromWorker] = {
    "Hello": Hello(5, {"python": "3.11.7"}, ("cpu", "cuda:0"), 4242),
    "Progress": Said(4, Progress("backward", 3, 30)),
    "Progress of saying": Said(4, Progress("generate", 1, 32, (Token(9, " 1", 2, 4, "1", generated=True),))),
    "Loaded": Said(1, Loaded(MODEL, Memory(1, 2**40))),
    "Unloaded": Said(2, Unloaded(Memory(0, 5))),
    "Tokenized": Said(3, Tokenized(TOKENS, TOKENS[:1])),
    "Explained": Said(4, Explained(QUESTION, RELEVANCE, (Prediction(5, "3", "3", 33.5, 0.875),), 0.5, Memory(1, 2))),
    "Rated": Said(16, Rated(QUESTION, np.array([2, 1], np.float32), np.array([2, 2], np.float32), 0.5)),
    "Generated": Said(9, Generated(Generate(SOURCE, Text("né"), 32), Text("né 1", SAID), 2, True, Memory(1, 2))),
    "HeadsFound": Said(13, HeadsFound(LookAtHeads(QUESTION), Heads(ROWS, ROWS[None]))),
    "HeadFound": Said(14, HeadFound(LookAtHead(QUESTION, 1, 3), Head(ROWS, ROWS, None, ROWS, ROWS, ROWS[0], ROWS[1]))),
    "BlockOpened": Said(
        15,
        BlockOpened(
            OpenBlock(QUESTION, 1),
            Block(
                ROWS[0],
                ROWS[1],
                ROWS[0],
                0.5,
                (Writer("mlp", ROWS[0], ROWS[1], None, (0, 8), 0.25),),
                ROWS,
                None,
                (NEURON,),
            ),
        ),
    ),
    "NeuronsFound": Said(16, NeuronsFound(FindNeurons(QUESTION), (NEURON,))),
    "LayersRead": Said(
        17,
        LayersRead(ReadLayers(QUESTION), (Glimpse(0, (Prediction(5, "3", "3", 1.5, 0.25),), 1.5, 0.25, 1),)),
    ),
    "Examined": Said(
        11,
        Examined(
            Examine(SOURCE),
            SelfTest((Check("lost gradients", 0.0, True, "None."),)),
            (CoverageRow("model.norm", "rms_norm", "rms norm", 1),),
            0.5,
            Memory(1, 2),
        ),
    ),
    "ExplainedEach": Said(10, ExplainedEach(ExplainEach(SOURCE, Text("né 1", SAID)), MATRIX, 0.25, Memory(1, 2))),
    "Listed": Said(6, Listed((CachedModel("org/name", "name", 12, "hub"),))),
    "Exported": Said(7, Exported(b"%PDF\x00\xff", "no LaTeX")),
    "Cancelled": Said(4, Cancelled()),
    "Failed": Said(4, Failed("out_of_memory", "Too large.", "Traceback ...")),
}
ALL = TO_WORKER | FROM_WORKER


def the_one_payload(data: bytes) -> bytes:
    (payload,) = FrameReader(FROM_WORKER_LIMIT).feed(data)
    return payload


def golden_lines() -> list[str]:
    """What the golden file has to hold; `python tests/engine/protocol/test_frames.py` prints it."""
    return [f"{name} {frame(message).hex()}" for name, message in ALL.items()]


def plain(value: object) -> object:
    """`value` with its arrays as lists, so that it can be compared."""
    return msgspec.to_builtins(value, enc_hook=lambda array: (array.dtype.str, array.shape, array.tolist()))


# -- what goes in comes out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TO_WORKER)
def test_that_the_worker_reads_what_the_window_wrote(name: str) -> None:
    read = to_worker(the_one_payload(frame(TO_WORKER[name])))
    assert type(read) is type(TO_WORKER[name])
    assert plain(read) == plain(TO_WORKER[name])


@pytest.mark.parametrize("name", FROM_WORKER)
def test_that_the_window_reads_what_the_worker_wrote(name: str) -> None:
    read = from_worker(the_one_payload(frame(FROM_WORKER[name])))
    assert type(read) is type(FROM_WORKER[name])
    assert plain(read) == plain(FROM_WORKER[name])


def test_that_the_bytes_of_every_message_are_as_they_were() -> None:
    # A difference means an older worker will not understand: raise PROTOCOL, then write the new lines by hand.
    assert golden_lines() == GOLDEN.read_text().splitlines()


def test_that_every_message_has_golden_bytes() -> None:
    requests = {type(m.request) for m in TO_WORKER.values() if isinstance(m, Ask)}
    events = {type(m.event) for m in FROM_WORKER.values() if isinstance(m, Said)}
    assert requests == set(get_args(Request))
    assert events == set(get_args(Event))


texts = st.text(st.characters(exclude_categories=["Cs"]))
sources = st.builds(
    ModelSource, texts, st.none() | texts, texts, texts, st.sampled_from([None, "4bit", "8bit"]), st.booleans()
)
places = st.integers(-(2**63), 2**63 - 1)
names = st.integers(-(2**63), 2**64 - 1) | texts
simple_targets = (
    st.builds(targets.Top, places)
    | st.builds(targets.Token, names, places)
    | st.builds(targets.Class, names, st.none() | places)
    | st.builds(targets.Contrast, names, st.none() | names, places)
)
any_targets = st.recursive(simple_targets, lambda inner: st.builds(targets.Sum, st.lists(inner).map(tuple)))
inputs = st.builds(Text, texts) | st.builds(Pair, texts, texts) | st.builds(ForDecoder, texts, texts, st.none() | texts)
explains = st.builds(Explain, sources, inputs, any_targets, texts, st.booleans())
asks = st.builds(Ask, st.integers(0, 2**63), explains | st.builds(Load, sources) | st.builds(Tokenize, sources, inputs))


@given(st.lists(asks, max_size=5), st.integers(1, 50))
def test_that_any_requests_survive_any_cutting_of_the_stream(messages: list[Ask], size: int) -> None:
    stream = b"".join(map(frame, messages))
    reader = FrameReader(FROM_WORKER_LIMIT)
    read = [to_worker(p) for at in range(0, len(stream), size) for p in reader.feed(stream[at : at + size])]
    reader.finish()
    assert read == messages


dtypes = st.sampled_from(["<f4", "<f8", ">f4", "<i4", "<i8", ">i8", "|u1"])


@given(dtypes, st.lists(st.integers(0, 4), max_size=4), st.data())
def test_that_arrays_arrive_with_their_shape_and_every_bit(dtype: str, shape: list[int], data: st.DataObject) -> None:
    size = int(np.prod(shape, dtype=int)) * np.dtype(dtype).itemsize
    array = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), dtype).reshape(shape)
    for sent in (array, array.T):
        said = from_worker(the_one_payload(frame(Said(1, explained_with(sent)))))
        assert isinstance(said, Said)
        assert isinstance(said.event, Explained)
        read = said.event.relevance.input
        assert read.shape == sent.shape
        assert read.dtype == sent.dtype.newbyteorder("<")
        assert read.tobytes() == sent.astype(sent.dtype.newbyteorder("<")).tobytes()


def explained_with(array: np.ndarray) -> Explained:
    relevance = RELEVANCE.with_part(input=array)
    return Explained(QUESTION, relevance, (), 0.0, Memory(0, 0))


# -- what cannot travel ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["text"]), np.zeros(2, np.complex64)])
def test_that_arrays_of_objects_texts_or_complex_numbers_are_refused(array: np.ndarray) -> None:
    with pytest.raises(ProtocolError, match="do not travel"):
        frame(Said(1, explained_with(array)))


@pytest.mark.parametrize(
    "message",
    [Ask(1, Tokenize(SOURCE, Text("half of a pair: \ud83d"))), Stop(2**64), Said(1, Progress("load", object(), 1))],  # type: ignore[arg-type]
)
def test_that_a_message_which_has_no_bytes_is_a_protocol_error(message: ToWorker | FromWorker) -> None:
    with pytest.raises(ProtocolError, match="cannot be sent"):
        frame(message)


@pytest.mark.parametrize(
    "array",
    [
        ["|O", [1], b"12345678"],
        ["<f4", [2], b"1234"],
        ["<f4", [-1, -1], b"1234"],
        ["<f4", [2**40, 2**40, 0, 2**62], b""],
        ["<f4", [0] * 100, b""],
        ["<f4", [1], "1234"],
        ["<f4", [1]],
        {"dtype": "<f4"},
        None,
    ],
)
def test_that_an_array_which_contradicts_itself_is_refused(array: object) -> None:
    message = msgspec.to_builtins(Said(1, explained_with(np.zeros(1))), enc_hook=lambda _: array)
    with pytest.raises(ProtocolError):
        from_worker(msgspec.msgpack.encode(message))


# -- garbage ---------------------------------------------------------------------------------------------------------


def test_that_text_in_the_stream_is_quoted_in_the_error() -> None:
    with pytest.raises(ProtocolError, match="Last login: Tuesday"):
        list(FrameReader(FROM_WORKER_LIMIT).feed(b"Last login: Tuesday\n"))


@pytest.mark.parametrize(
    ("garbage", "quoted"),
    [
        (b"Last login: Tuesday\nWelcome to gpu-3\n", "there is “Last login: Tuesday”:"),
        ("Modèle chargé\n".encode(), "there is “Modèle chargé”:"),
        (b"Loading " + b"x" * 500, f"there is “Loading {'x' * 32}…”:"),
        (b"\x00\x9f\x92\xff" * 20, "there is no text:"),
        (b"\x1b[31mred", "there is no text:"),
    ],
)
def test_that_garbage_is_quoted_as_a_person_reads_it(garbage: bytes, quoted: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        list(FrameReader(FROM_WORKER_LIMIT).feed(garbage))
    assert quoted in str(refusal.value)


def test_that_one_wrong_byte_is_enough_to_know() -> None:
    with pytest.raises(ProtocolError):
        list(FrameReader(FROM_WORKER_LIMIT).feed(b"L" + b"?"))


def test_that_frames_before_garbage_are_read() -> None:
    payloads = FrameReader(FROM_WORKER_LIMIT).feed(frame(Stop(1)) + frame(Stop(2)) + b"garbage")
    assert [to_worker(next(payloads)), to_worker(next(payloads))] == [Stop(1), Stop(2)]
    with pytest.raises(ProtocolError, match="garbage"):
        next(payloads)


def test_that_an_oversized_frame_is_refused_at_its_header() -> None:
    with pytest.raises(ProtocolError, match="more than the limit"):
        list(FrameReader(FROM_WORKER_LIMIT).feed(MAGIC + struct.pack("<I", FROM_WORKER_LIMIT + 1)))


def test_that_what_the_other_side_would_refuse_is_not_sent() -> None:
    figure = Exported(bytes(FROM_WORKER_LIMIT))
    with pytest.raises(ProtocolError, match="cannot be sent: the limit is"):
        frame(Said(1, figure))


@pytest.mark.parametrize("size", [2**20, 2**20 + 1, 3 * 2**20])
@pytest.mark.parametrize("ask", [lambda asked: asked, Rate])
def test_that_a_large_picture_is_framed_as_any_other_and_not_copied(
    size: int, ask: Callable[[Explain], Request]
) -> None:
    picture = Image("cat.png", "digest", random.Random(0).randbytes(size))
    message = Ask(7, ask(Explain(ModelSource("bundled:vit"), Picture(picture))))
    payload = msgspec.msgpack.encode(message)
    pieces = frame_in_pieces(message)
    assert b"".join(pieces) == frame(message) == MAGIC + struct.pack("<I", len(payload)) + payload
    assert (len(pieces) > 1) == any(piece is picture.data for piece in pieces) == (size > 2**20)
    assert plain(to_worker(the_one_payload(frame(message)))) == plain(message)


def test_that_a_large_frame_is_not_copied() -> None:
    data = frame(Said(1, Exported(bytes(20_000_000))))
    reader = FrameReader(FROM_WORKER_LIMIT)
    tracemalloc.start()
    (payload,) = reader.feed(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(payload) == len(data) - HEADER_SIZE and most < 1.5 * len(data)
    assert list(reader.feed(frame(Stop(1)))) == [frame(Stop(1))[HEADER_SIZE:]]


@given(st.integers(1, len(frame(ALL["Explained"])) - 1))
def test_that_a_stream_that_ends_inside_a_frame_is_an_error(length: int) -> None:
    reader = FrameReader(FROM_WORKER_LIMIT)
    assert list(reader.feed(frame(ALL["Explained"])[:length])) == []
    with pytest.raises(ProtocolError, match="ended inside a frame"):
        reader.finish()


@given(st.binary(max_size=200), st.booleans())
def test_that_any_bytes_give_messages_or_a_protocol_error(data: bytes, announced: bool) -> None:
    stream = MAGIC + struct.pack("<I", len(data)) + data if announced else data
    reader = FrameReader(FROM_WORKER_LIMIT)
    try:
        for payload in reader.feed(stream):
            to_worker(payload)
            from_worker(payload)
        reader.finish()
    except ProtocolError as error:
        assert str(error).endswith(".")


@given(st.sampled_from(sorted(ALL)), st.data())
def test_that_a_damaged_message_is_a_message_or_a_protocol_error(name: str, data: st.DataObject) -> None:
    payload = bytearray(the_one_payload(frame(ALL[name])))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    for decode in (to_worker, from_worker):
        try:
            decode(bytes(payload))
        except ProtocolError as error:
            assert str(error)


@pytest.mark.parametrize(
    "payload", [b"", b"\x91" * 1_000_000, b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"]
)
def test_that_deep_or_boastful_payloads_are_refused_at_once(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        from_worker(payload)


if __name__ == "__main__":
    print(*golden_lines(), sep="\n")


def test_that_the_tokens_of_a_long_prompt_are_no_work_for_the_garbage_collector():
    tokens = tuple(Token(index, f" {index}", 0, 0, str(index)) for index in range(3))
    said = from_worker(frame(Said(1, Tokenized(tokens)))[len(MAGIC) + 4 :])
    assert said.event.tokens == tokens
    assert not any(gc.is_tracked(token) for token in said.event.tokens)
