"""What is refused about claims. The status of each stands in filing/web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class PolicyErased(FangzhaError):
    """The person insured by policy {policy_id} was erased on request; nothing new is taken."""

    policy_id: str


@dataclass(frozen=True)
class UnknownClaim(FangzhaError):
    """There is no claim {claim_id}; GET /v1/claims lists yours."""

    claim_id: str


@dataclass(frozen=True)
class UnknownDraft(FangzhaError):
    """There is no draft {draft_id}: it was filed, deleted or lapsed, or another client made it."""

    draft_id: str


@dataclass(frozen=True)
class ClaimClosed(FangzhaError):
    """Claim {claim_id} is {state} and takes no more documents; a refused claim may be appealed."""

    claim_id: str
    state: str


@dataclass(frozen=True)
class AmendedTooLate(FangzhaError):
    """Claim {claim_id} is {state} and was decided, or is over: what it rests on is not amended any more. {instead}"""

    claim_id: str
    state: str
    instead: str


@dataclass(frozen=True)
class NotAppealable(FangzhaError):
    """Claim {claim_id} is {state}; only a refused claim is appealed."""

    claim_id: str
    state: str


@dataclass(frozen=True)
class IllegalStep(FangzhaError):
    """Claim {claim_id} is {state} and cannot become {wanted}; it may become: {legal}."""

    claim_id: str
    state: str
    wanted: str
    legal: str

    def sentence(self) -> str:
        """Where no step is legal, that nothing follows."""
        if self.legal:
            return super().sentence()
        is_so = "already" if self.state == self.wanted else f"and cannot become {self.wanted}"
        return f"Claim {self.claim_id} is {self.state} {is_so}; nothing follows."
