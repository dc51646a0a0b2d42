"""Secrets of every form are hidden, and what only looks a little like one is not."""

from __future__ import annotations

import pytest

from engine.protocol.failures import EngineError
from engine.protocol.redaction import HIDDEN, redacted
from engine.runs import failure

SECRET = "Canary7secretCanary7"
FORMS = (
    f"https://somebody:{SECRET}@hub.example/api",
    f"https://{SECRET}@hub.example",
    f"socks5h://a:{SECRET}@proxy:1080",
    f"hf_{SECRET}",
    f"token hf_{SECRET}, and more",
    f"Bearer {SECRET}",
    f"Authorization: Basic {SECRET}==",
    f"{{'authorization': 'Bearer {SECRET}', 'user-agent': 'x'}}",
    f"b'Authorization: token {SECRET}'",
    f"https://hub.example/x?api_key={SECRET}&a=1",
    f"?X-Amz-Signature={SECRET}",
    f"api-key: {SECRET}",
    f"HF_TOKEN={SECRET}",
    f"hf_token = '{SECRET} with spaces'",
    f'"password": "{SECRET}"',
    f"login(token='{SECRET}')",
    f"ghp_{SECRET}",
    f"sk-proj-{SECRET}",
)
NO_SECRETS = (
    "Target “3” after token 12: 3.2 logits",
    "hf_transfer and hf_hub_download are names",
    "https://huggingface.co/docs and user@host",
    "a bearer of news; the password is wrong; pad_token=<s>",
    "token: Paris",
    "The tokenizer has “x” as token 17, and there is no secret.",
)


@pytest.mark.parametrize("text", FORMS)
def test_that_a_secret_is_hidden_wherever_something_is_said(text: str) -> None:
    assert SECRET not in redacted(text) and HIDDEN in redacted(text)
    assert SECRET not in str(EngineError(f"“x” could not be downloaded: {text}"))
    for error in (EngineError(text), RuntimeError(text), OSError(28, "No space left on device", text)):
        try:
            raise error
        except Exception as raised:
            failed = failure(raised)
        assert SECRET not in failed.message + failed.traceback


@pytest.mark.parametrize("text", NO_SECRETS)
def test_that_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_that_a_secret_that_is_shortened_is_hidden_before() -> None:
    assert "Canary" not in str(EngineError("x" * 90 + "https://a:" + "Canary" * 400 + "@host"))


def test_that_characters_that_act_on_a_terminal_are_no_part_of_a_failure() -> None:
    assert str(EngineError("a\x1b[31mb\u202ec\x07")) == "a␛[31mb⟨202E⟩c␇"
