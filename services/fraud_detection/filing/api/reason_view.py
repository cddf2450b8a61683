"""One sentence to the resident."""

from __future__ import annotations

from services.fraud_detection.decisions.domain.sentences import sentence
from shared.web.models import ReplyModel


class ReasonView(ReplyModel):
    """One sentence to the resident, and the clause of the terms that it stands on (empty where it needs none)."""

    code: str
    clause: str
    text_zh: str
    text_en: str


def reason(code: str, clause: str = "", **values: str) -> ReasonView:
    """A sentence of our own, with these values in both languages."""
    text_zh, text_en = sentence(code, values)
    return ReasonView(code=code, clause=clause, text_zh=text_zh, text_en=text_en)
