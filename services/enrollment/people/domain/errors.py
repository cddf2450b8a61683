"""What is refused about consents and opt-outs. The status of each stands in the wing's web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownPolicy(FangzhaError):
    """There is no policy {policy_id}; look it up by GET /v1/policies?partner_reference=…."""

    policy_id: str


@dataclass(frozen=True)
class OptedOut(FangzhaError):
    """This person opted out, and the consent is no younger; a new one lifts it, by POST /v1/opt-outs/lift."""


@dataclass(frozen=True)
class NotOptedOut(FangzhaError):
    """This person has not opted out, so there is nothing to lift."""


@dataclass(frozen=True)
class ConsentTextExists(FangzhaError):
    """Consent text {text_version} is published with other words, and people agreed to them; use another version."""

    text_version: str
