"""Puts the engine's promises to the test on one model."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.attribution.calling import plain_logits
from engine.attribution.forecast import forecast_bytes
from engine.attribution.inputs.given import Inputs, inputs_of
from engine.attribution.inputs.made_up import made_up
from engine.attribution.recording import record
from engine.attribution.trace import Trace
from engine.attribution.tracing import trace
from engine.attribution.trust.by_formula import LARGEST, ByFormula
from engine.attribution.trust.coverage import coverage
from engine.attribution.trust.double import InDouble
from engine.attribution.trust.lost import lost_gradients
from engine.models.machine.memory import free_bytes
from engine.models.machine.modes import with_gradients
from engine.models.opening import Model, load_model
from engine.protocol.failures import EngineError
from engine.protocol.reports import PLAIN_GRADIENT, Check, SelfTest
from engine.protocol.targets import Top
from engine.protocol.values import Ledger
from engine.reading.ledger_in_words import left_over_in_words
from engine.rules.table import ATTNLRP, CP_LRP, RULE_SETS, RuleSet, gamma
from engine.watch import AskCancelled, ReportProgress, Watch

_ITSELF = "the model itself"
_MANY = len(RULE_SETS) + 1 + 2 + 3 + 3 + 1  # checks
_IN_DOUBLE = 1e-10  # of the target: what may be left over where rounding is float64's


@dataclass(frozen=True, eq=False)
class _Given:
    """The prompt, ids or pixels to be explained."""

    prompt: str | None = None
    input_ids: Sequence[int] | Tensor | None = None
    pixel_values: Tensor | None = None

    @property
    def named(self) -> dict[str, Any]:
        """As `trace` and `coverage` take it."""
        if self.pixel_values is not None:
            return {"pixel_values": self.pixel_values}
        return {"input_ids": self.input_ids} if self.prompt is None else {"prompt": self.prompt}

    def inputs(self, model: Model) -> Inputs:
        return inputs_of(model, self.prompt, self.input_ids, self.pixel_values)


@with_gradients()
def self_test(
    model: Model | nn.Module,
    prompt: str | None = None,
    *,
    input_ids: Sequence[int] | Tensor | None = None,
    pixel_values: Tensor | None = None,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> SelfTest:
    """Whether rules leave this model's output and the model itself as they were, every operation has the relevance of
    its rule's formula, the ledger closes, no gradient is lost, and nothing that needs a rule goes without. Where
    nothing is given, tokens from all over the vocabulary are explained, or noise.

    Raises PromptError and ImageError, as `trace` does."""
    model = model if isinstance(model, Model) else load_model(model)
    given = _Given(prompt, input_ids, pixel_values)
    if prompt is None and input_ids is None and pixel_values is None:
        given = _Given(**made_up(model))
    plain_logits(model.module, given.inputs(model))  # some models make a part of themselves when they first run
    before = list(_fingerprint(model.module))
    checks: list[Check] = []
    watch = Watch(progress, cancelled)
    for check in _checks(model, given):
        checks.append(check)
        watch.step("check", len(checks), _MANY)
    unchanged = before == list(_fingerprint(model.module))
    sentence = "Explaining left forwards, hooks, parameters and buffers as they were, bit for bit."
    if not unchanged:
        sentence = "Explaining changed the model: a forward, a hook, a parameter or a buffer is not as it was."
    return SelfTest((*checks, Check("reversibility", None, unchanged, sentence)))


def _checks(model: Model, given: _Given) -> Iterator[Check]:
    """All but the last, which looks at what the others left."""
    yield from _exactness(model, given)
    yield from (_by_formula(model, given, rules) for rules in (ATTNLRP, CP_LRP))
    yield from (_ledger(model, given, rules) for rules in (ATTNLRP, CP_LRP, gamma()))
    yield from (check(model, given) for check in (_ledger_in_double, _lost, _coverage))


def _exactness(model: Model, given: _Given) -> Iterator[Check]:
    inputs = given.inputs(model)
    plain = plain_logits(model.module, inputs)
    for rules in (*RULE_SETS.values(), gamma()):
        name = rules.name
        recording = record(model.module, inputs, rules, checkpointing=False)
        off = float((recording.logits(recording.length - 1).detach() - plain).abs().max())
        sentence = f"Logits under {name} are the model's own, bit for bit."
        if off != 0:
            sentence = f"Logits under {name} differ from the model's own by up to {off:.2g}: the forward pass changed."
        yield Check(f"forward exactness, {name}", off, off == 0, sentence)


def _by_formula(model: Model, given: _Given, rules: RuleSet) -> Check:
    assert rules.attention is not None
    beside = ByFormula(rules.attention)
    with beside.walk.through(model.module):
        record(model.module, given.inputs(model), rules, checkpointing=False, observer=beside)
    kinds = f"{beside.tried} kinds of operations, with what this model gives them"
    sentence = f"{kinds}, have the relevance of the formulas of {rules.title} in float64."
    if beside.too_large:
        sentence += f" {beside.too_large} with operands of more than {LARGEST:,} numbers were not tried."
    worst = max((off for *_, off in beside.wrong), default=0.0)
    if beside.wrong:
        first = "; ".join(f"{name} in {path or _ITSELF} by {off:.0%}" for name, path, off in beside.wrong[:3])
        more = f" and {len(beside.wrong) - 3} more" if len(beside.wrong) > 3 else ""
        sentence = f"Not as the formulas of {rules.title} in float64: {first}{more}."
    return Check(f"operations under {rules.title}", worst, not beside.wrong, sentence)


def _lost(model: Model, given: _Given) -> Check:
    places = lost_gradients(model, given.inputs(model))
    sentence = "What operations take for numbers does not change when the input does."
    if places:
        named = ", ".join(dict.fromkeys(f"{operation} in {path or _ITSELF}" for path, operation, _ in places))
        sentence = (
            f"What is given as a number to {named} changes when the input does: it was detached, or computed without "
            "gradients, and its relevance is lost."
        )
    return Check("lost gradients", float(len(places)), not places, sentence)


def _ledger(model: Model, given: _Given, rules: RuleSet) -> Check:
    ledger = _ledger_of(model, given, rules)
    return _closing(f"ledger under {rules.title}, {model.info.dtype}", ledger, ledger.closes)


def _ledger_in_double(model: Model, given: _Given) -> Check:
    what = "ledger under CP-LRP, float64"
    if model.info.source.quantization is not None:
        return Check(what, None, None, "Not tried: quantized weights have no float64 form.")
    if any(parameter.is_meta for parameter in model.module.parameters()):
        return Check(what, None, None, "Not tried: weights wait on the disk or in another memory, in their own type.")
    if model.info.device.startswith("mps"):
        return Check(what, None, None, "Not tried: this device has no float64.")
    needed = 8 * model.info.parameters + 4 * forecast_bytes(model, given.inputs(model).length, checkpointing=False)
    if needed > free_bytes(model.info.device):
        return Check(what, None, None, "Not tried: the model in float64 does not fit into memory.")
    double = load_model(copy.deepcopy(model.module).double())
    try:
        with InDouble():
            ledger = _ledger_of(double, given, CP_LRP)
    except (RuntimeError, EngineError) as error:  # an operation of torch or of the model that has no float64 form
        return Check(what, None, None, f"Not tried: the model does not run in float64 ({str(error).splitlines()[0]}).")
    return _closing(what, ledger, abs(ledger.total.rest) <= _IN_DOUBLE * abs(ledger.total.arrived))


def _ledger_of(model: Model, given: _Given, rules: RuleSet) -> Ledger:
    target = Top(0) if model.info.predicts == "masked token" else Top()  # there may be no mask
    recorded: Trace = trace(model, **given.named, rules=rules)
    with recorded:
        ledger = recorded.explain(target).ledger
    assert ledger is not None
    return ledger


def _closing(what: str, ledger: Ledger, closes: bool) -> Check:
    total = ledger.total
    off = abs(total.rest / total.arrived) if total.arrived else abs(total.rest)
    kept = f" and what the softmax keeps, {total.softmax:.4f}," if total.softmax else ""
    parts = f"Input {total.passed:.4f}, constants {total.constants:.4f}{kept}"
    sentence = f"{parts} are the target, {total.arrived:.4f}."
    if not closes:
        sentence = (
            f"{parts} are not the target, {total.arrived:.4f}: {total.rest:.4f} is left over"
            f"{left_over_in_words(ledger)}, so an operation has no rule or a wrong one."
        )
    return Check(what, off, closes, sentence)


def _coverage(model: Model, given: _Given) -> Check:
    bare = [row for row in coverage(model, **given.named) if row.rule == PLAIN_GRADIENT]
    sentence = "Every operation that needs a rule has one."
    if bare:
        named = ", ".join(sorted({row.operation for row in bare}))
        sentence = f"Operations without a rule of their own: {named}. See `coverage` for where."
    return Check("coverage", float(sum(row.count for row in bare)), not bare, sentence)


def _fingerprint(module: nn.Module) -> Iterator[object]:
    """All that explaining may not change."""
    for part in module.modules():
        hooks = [part.__dict__[name] for name in part.__dict__ if name.endswith("_hooks")]
        forward = part.__dict__.get("forward")
        yield sorted(part.__dict__), id(forward), [list(h) for h in hooks if h is not None], part.training
    for tensor in (*module.parameters(), *module.buffers()):
        content = tensor.detach().reshape(-1).contiguous().view(torch.uint8)
        digest = None if tensor.is_meta else zlib.crc32(content.cpu().numpy().data)  # its numbers wait elsewhere
        yield tensor.requires_grad, tensor.grad is None, digest
