"""RULE_VERSION stands on every decision, so it grows whenever what decides a claim's cover and amount is changed."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from typing import Final

from deploy.local.places import CHECKOUT
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION

RULES: Final = (
    "coverage/domain/cover",
    "decisions/domain/cover_rules",
    "decisions/domain/one_event",
    "decisions/domain/payable",
    "decisions/domain/sharing",
)
"""Modules of services/fraud_detection."""
DIGESTS: Final = {"cover-10": "a8b28d5a1cf14fb485739f8d4ea70757bcd1d30ba2fa3f965cbdd9f7a1d57c5e"}
"""Of the rules as they are, by version. Where the meaning stays, e.g. a function was cut in two, write the new digest
beside the old version; where it changes, count RULE_VERSION up and put both in place of these."""


def code(text: str) -> str:
    """A module without what changes no decision: docstrings, comments, spaces and line breaks."""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        for each in getattr(node, "body", ()) if isinstance(getattr(node, "body", None), list) else ():
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                lines[each.lineno - 1 : each.end_lineno] = ["\n"] * ((each.end_lineno or each.lineno) - each.lineno + 1)
    for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column] + "\n"
    return "".join("".join(lines).split())


def digest() -> str:
    service = CHECKOUT / "services" / "fraud_detection"
    return hashlib.sha256("".join(code((service / f"{each}.py").read_text()) for each in RULES).encode()).hexdigest()


def test_the_version_grows_with_the_rules() -> None:
    assert {RULE_VERSION: digest()} == DIGESTS


def test_only_words_about_the_rules_may_change_without_it() -> None:
    rule = 'def pays(loss: int) -> int:\n    """What is paid."""\n    return loss // 2  # half of it\n'
    told_otherwise = 'def pays(loss: int) -> int:\n    """Half of the loss,\n    in fen."""\n\n    return loss // 2\n'

    assert code(rule) == code(told_otherwise)
    assert code(rule) != code(rule.replace("// 2", "// 3"))
