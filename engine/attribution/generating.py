"""Generation: the model's answer to a prompt, token by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList

from engine.attribution.calling import evaluating, in_a_sentence
from engine.attribution.inputs.given import decoder_start, inputs_of_text
from engine.attribution.inputs.prompts import Prompt, prompt_of
from engine.models.blocks import encoder_and_decoder, find_blocks
from engine.models.opening import Model, load_model
from engine.models.text.chat import Message
from engine.protocol.failures import ModelError, PromptError, Stopped
from engine.protocol.values import TEMPERATURES, Continuation, Manner, Token
from engine.watch import AskCancelled, ReportProgress, Watch

MAX_NEW_TOKENS = 32


@dataclass(frozen=True)
class Generation:
    """A prompt and the model's answer: `tokens[start:]`, with what was generated before."""

    text: str
    tokens: tuple[Token, ...]
    start: int
    ended: bool  # by the model itself, with a token that says so, which is left out

    @property
    def answer(self) -> str:
        """What was generated, as text."""
        return "".join(token.text for token in self.tokens[self.start :])

    @property
    def continuation(self) -> Continuation:
        """The same without the prompt, as `trace` and requests take it."""
        before = len(self.text) - len(self.answer)
        return Continuation(before, tuple(token.id for token in self.tokens[self.start :]))


def generate(
    model: Model | nn.Module,
    prompt: str | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    *,
    messages: Sequence[Message] | None = None,
    input_ids: Sequence[int] | Tensor | None = None,
    continuation: Continuation | None = None,
    temperature: float = 0.0,
    seed: int = 0,
    stop_at_line: bool = False,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Generation:
    """The prompt and at most `max_new_tokens` tokens more, each the model's likeliest, up to its end-of-text token.

    Above `temperature` 0 tokens are drawn at random instead, from probabilities of logits divided by it (0.01 to 100):
    the same ones for the same `seed`, on the same kind of device. With `stop_at_line` the answer ends behind its first
    line that is not empty. torch's own random numbers go on as if nothing had been drawn.

    What a model asks for beside that in its settings, such as penalties, beams, or tokens to force or leave out, is not
    done. An encoder-decoder says its answer in its decoder, where `trace` takes it as well.

    `continuation` says which end of `prompt` was generated before. `progress` hears of tokens; `cancelled` is asked
    at each block: where it says so, the answer is what was said so far. Raises PromptError, ModelError; Stopped where
    nothing was.
    """
    opened = model if isinstance(model, Model) else load_model(model)
    before = prompt_of(opened, prompt, messages, input_ids, continuation)
    return go_on(opened, before, max_new_tokens, Manner(temperature, seed, stop_at_line), Watch(progress, cancelled))


def go_on(
    model: Model,
    before: Prompt,
    max_new_tokens: int,
    manner: Manner,
    watch: Watch,
    decoder_text: str | None = None,
) -> Generation:
    """As `generate`, from a prompt that is made; `watch` hears each token as it is said.

    An encoder-decoder goes on from `decoder_text`, where its decoder has said that already.
    """
    if max_new_tokens < 1:
        raise PromptError(f"At least one token can be generated, not {max_new_tokens}.", "prompt_empty")
    if manner.temperature and not TEMPERATURES[0] <= manner.temperature <= TEMPERATURES[1]:
        least, largest = TEMPERATURES
        raise PromptError(f"A temperature is 0, or from {least:g} to {largest:g}, not {manner.temperature:g}.")
    if not 0 <= manner.seed < 2**63:
        raise PromptError(f"A seed is a number from 0 to 2^63 - 1, not {manner.seed}.")
    said, ended = _without_end(_say(model, before, max_new_tokens, manner, watch, decoder_text), model)
    after = before.continued(model, said)
    start = next((i for i, token in enumerate(after.tokens) if token.generated), len(after.tokens))
    return Generation(after.text, after.tokens, start, ended)


def _room(model: Model, length: int) -> int:
    limit = model.info.max_tokens
    if length == 0:
        raise PromptError("The prompt is empty: there is nothing to go on from.", "prompt_empty")
    if limit is not None and length >= limit:
        raise PromptError(
            f"The prompt has {length:,} tokens; {model.info.title} takes {limit:,}, which leaves no room for an answer."
        )
    return limit - length if limit is not None else 2**31


def _say(model: Model, before: Prompt, most: int, manner: Manner, watch: Watch, decoder_text: str | None) -> list[int]:
    module: Any = model.module
    if not hasattr(module, "generate") or not isinstance(getattr(module, "generation_config", None), GenerationConfig):
        raise ModelError(f"{type(module).__name__} cannot generate: that takes a language model of transformers.")
    given = inputs_of_text(model, before, decoder_text)
    begun = given.others.get("decoder_input_ids", given.main)  # what the answer is said behind
    length = begun.shape[1]
    wanted = min(most, _room(model, length))
    counting = _Counting(model, before, length, wanted, manner.stop_at_line, watch)
    settings = _chosen_by(manner, model, wanted)
    with ExitStack() as undo:
        undo.enter_context(evaluating(module))
        undo.enter_context(torch.no_grad())
        undo.enter_context(_settings(module, settings))
        if manner.temperature:
            undo.enter_context(_seeded(given.main.device, manner.seed))
        for block in find_blocks(module):
            handle = block.register_forward_pre_hook(lambda *_: watch.check())
            undo.callback(handle.remove)
        try:
            with in_a_sentence(module):
                output = module.generate(
                    given.main,
                    attention_mask=torch.ones_like(given.main),
                    generation_config=settings,
                    stopping_criteria=StoppingCriteriaList([counting]),
                    **given.others,
                )
        except Stopped:
            if not counting.said:
                raise
            return counting.said
    said: list[int] = output[0, length:].tolist()
    return said


def _chosen_by(manner: Manner, model: Model, wanted: int) -> GenerationConfig:
    """Tokens chosen in that manner: of what a checkpoint asks for, the ids alone that begin and end a text."""
    ends = _end_ids(model)
    settings: Callable[..., GenerationConfig] = GenerationConfig
    drawn = {"temperature": manner.temperature, "top_k": 0} if manner.temperature else {}
    begins = decoder_start(model) if model.info.predicts == "sequence to sequence" else None
    return settings(
        decoder_start_token_id=begins,
        max_new_tokens=wanted,
        do_sample=bool(drawn),
        num_beams=1,
        eos_token_id=list(ends) or None,
        pad_token_id=(ends or (0,))[0],  # never used: there is one prompt
        **drawn,
    )


@contextmanager
def _seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Inside the `with`, random numbers on CPU and a CUDA `device` are those of `seed`; then they go on as before."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def _settings(module: Any, settings: GenerationConfig) -> Iterator[None]:
    """Inside the `with`, these are the settings of `module`, from which transformers fills in what others leave out."""
    before = module.generation_config
    module.generation_config = settings
    try:
        yield
    finally:
        module.generation_config = before


class _Counting(StoppingCriteria):
    """Tells of each token, keeps what was said so far, and stops where that was asked for.

    What is said begins at `start`, behind the ids that the model was given of the prompt, or of its decoder.
    """

    def __init__(self, model: Model, before: Prompt, start: int, wanted: int, stop_at_line: bool, watch: Watch) -> None:
        self.said: list[int] = []
        self._model, self._before = model, before
        self._start, self._wanted, self._watch = start, wanted, watch
        self._stop_at_line = stop_at_line

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Any:
        self.said = input_ids[0, self._start :].tolist()
        self._watch.say(self._tokens)
        self._watch.step("generate", len(self.said), self._wanted)
        is_over = self._stop_at_line and "\n" in "".join(token.text for token in self._tokens()).lstrip()
        return torch.full((len(input_ids),), is_over, dtype=torch.bool, device=input_ids.device)

    def _tokens(self) -> tuple[Token, ...]:
        said, _ = _without_end(self.said, self._model)
        return self._before.continued(self._model, said).tokens[len(self._before.tokens) :]


def _end_ids(model: Model) -> tuple[int, ...]:
    """The tokens that end a text, as the model's settings for generating say, or else those of its decoder."""
    decoder = encoder_and_decoder(model.module)[-1]
    places = (getattr(model.module, "generation_config", None), getattr(decoder, "config", None))
    ends = next((ends for place in places if (ends := getattr(place, "eos_token_id", None)) is not None), ())
    return (ends,) if isinstance(ends, int) else tuple(ends)


def _without_end(said: list[int], model: Model) -> tuple[list[int], bool]:
    ended = bool(said) and said[-1] in _end_ids(model)
    return (said[:-1] if ended else said), ended
