"""The words that people agree to, and whether a consent names words that were published. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of the text, in both languages. It never changes: people agreed to these very words."""

    text_version: str
    zh: str
    en: str
    channels: tuple[str, ...]
    """Where it is shown; empty: anywhere."""
    valid_from: datetime
    published_at: datetime
    published_by: str

    @property
    def zh_sha256(self) -> str:
        return hashlib.sha256(self.zh.encode()).hexdigest()

    @property
    def en_sha256(self) -> str:
        return hashlib.sha256(self.en.encode()).hexdigest()


class NotRegistered(NamedTuple):
    """Why a consent is not accepted: the parts of a row's fault, without any of the row's data."""

    field: str
    code: str
    detail: str
    fix: str


class ConsentTextsInUse:
    """The published texts, for contracts that accept no others. One look a row, for files have millions."""

    def __init__(self, texts: Iterable[ConsentText]) -> None:
        self._texts = {text.text_version: text for text in texts}

    def fault(self, text_version: str, channel: str, given_at: datetime) -> NotRegistered | None:
        """What is wrong with a consent to this text; None if nothing is."""
        text = self._texts.get(text_version)
        if text is None:
            return NotRegistered(
                "consent_text_version",
                "consent_text_unknown",
                "The contract accepts published consent texts alone, and this version is none.",
                "Send the version that the person was shown; GET /v1/consent-texts lists those that are published.",
            )
        if text.channels and channel not in text.channels:
            return NotRegistered(
                "consent_channel",
                "consent_channel_unknown",
                "The consent text is not published for this channel.",
                f"It is shown through: {', '.join(text.channels)}.",
            )
        if given_at < text.valid_from:
            return NotRegistered(
                "consent_given_at",
                "consent_before_text",
                "The person agreed before the consent text was valid.",
                f"It is valid from {text.valid_from.isoformat()}; send the version that the person was shown.",
            )
        return None
