"""Takes secrets out of what is said and logged: passwords in addresses, tokens, keys, headers that carry them."""

from __future__ import annotations

import re

HIDDEN = "•••"

_ADDRESS = re.compile(r"(?<=://)[^\s/?#'\"]+(?=@)")  # user:password@
_HEADER = re.compile(r"(?i)(\b(?:proxy-)?authorization['\"]?\s*[=:]\s*b?['\"]?)[^'\"\r\n]+")
_BEARER = re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{4,}")
_NAMED = re.compile(
    r"(?i)([\w-]*(?:api[_-]?key|access[_-]?key|secret|passwo?r?d|passphrase|[_-]token|\btoken|signature)['\"]?"
    r"(?:\s*=\s*|['\"]\s*:\s*|(?<=key)\s*:\s*|(?<=word)\s*:\s*)b?)(?:'[^'\r\n]{4,}'|\"[^\"\r\n]{4,}\"|[^\s'\"&,;()<>\[\]{}]{4,})"
)
# Tokens known by how they begin; what has neither a digit nor a capital is a name, as hf_transfer
_TOKEN = re.compile(
    r"\b(?:(?:hf|api_org|gh[opsu]|github_pat|glpat|sk|xox[abp])[_-](?=[\w-]*[0-9A-Z])[\w-]{8,}|AKIA[0-9A-Z]{12,})"
)


def redacted(text: str) -> str:
    """`text` with a sign in the place of every secret that can be told by its form."""
    text = _ADDRESS.sub(HIDDEN, text)
    for named in (_HEADER, _BEARER, _NAMED):
        text = named.sub(rf"\g<1>{HIDDEN}", text)
    return _TOKEN.sub(HIDDEN, text)
