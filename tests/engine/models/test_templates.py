"""Chat templates that loop, double, or make a text of gigabytes."""

from __future__ import annotations

import resource
import sys

import pytest

from engine.models.text.chat import rendered
from engine.models.text.limits import BeyondLimit, limited
from engine.protocol.failures import PromptError
from tests.engine.models.conftest import model_with
from tests.engine.models.made_tokenizers import make

MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ lipsum(n=1000000000) }}",
        "{{ 'x' * 3000000 }}",
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        pytest.param(
            "{{ 'a' * 100000000000 }}", marks=pytest.mark.skipif(sys.platform != "linux", reason="memory has no limit")
        ),
        pytest.param(
            "{% set n = namespace(x='aaaa') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="memory has no limit"),
        ),
    ],
)
def test_that_a_template_that_does_not_end_is_refused(template):
    tokenizer = make("llama2")
    tokenizer.chat_template, before = template, tokenizer.chat_template
    limits, tracer = resource.getrlimit(resource.RLIMIT_AS), sys.gettrace()
    try:
        with pytest.raises(PromptError, match="The chat template of “LlamaForCausalLM”"):
            rendered(model_with(tokenizer), MESSAGES)
    finally:
        tokenizer.chat_template = before
    assert (resource.getrlimit(resource.RLIMIT_AS), sys.gettrace()) == (limits, tracer)


def test_that_what_is_short_enough_is_not_limited():
    with limited(1000):
        assert sum(number for number in range(100)) == 4950
    with pytest.raises(BeyondLimit), limited(50):
        sum(number for number in range(100))
