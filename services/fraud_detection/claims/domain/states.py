"""The states of a claim, the legal steps between them, and how long each waits. The database has the steps as rows too.

``python -m services.fraud_detection draw-states`` writes them as docs/claims.md has them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal[
    "draft",
    "filed",
    "waiting_for_policy",
    "waiting_for_payee",
    "documents_requested",
    "waiting_for_police",
    "in_review",
    "approved",
    "recovery_wait",
    "paying",
    "paid",
    "payment_failed",
    "stopping",
    "recovered",
    "refused",
    "appealed",
    "withdrawn",
    "lapsed",
    "closed",
]

MEANINGS: Final[dict[State, str]] = {
    "draft": "begun and not handed in yet",
    "filed": "handed in, completed or changed: to be decided within moments",
    "waiting_for_policy": "its policy has not been heard of yet",
    "waiting_for_payee": "the account to be paid to has not been heard of yet",
    "documents_requested": "the claimant was asked for documents, once and for all of them together",
    "waiting_for_police": "the police's paper is waited for",
    "in_review": "a person decides",
    "approved": "decided; the payout service has not answered yet",
    "recovery_wait": "to be paid once the days are over in which the police may get the money back",
    "paying": "the money is on its way",
    "paid": "the money arrived",
    "payment_failed": "the bank refused or returned it: another account is needed",
    "stopping": "the approval was taken back; whether the money had left already, the payout service says",
    "recovered": "paid, and the lost money came back afterwards, in part or whole",
    "refused": "refused by a person; an appeal is open",
    "appealed": "appealed: to be brought before another person within moments",
    "withdrawn": "taken back by the claimant",
    "lapsed": "nothing came by the date; what was waited for may still be handed in",
    "closed": "over",
}

STEPS: Final[frozenset[tuple[State | None, State]]] = frozenset(
    {
        (None, "draft"),
        (None, "filed"),
        (None, "waiting_for_policy"),
        ("draft", "filed"),
        ("draft", "waiting_for_policy"),
        ("filed", "waiting_for_payee"),
        ("filed", "documents_requested"),
        ("filed", "in_review"),
        ("filed", "approved"),
        ("filed", "withdrawn"),
        ("waiting_for_policy", "filed"),
        ("waiting_for_policy", "withdrawn"),
        ("waiting_for_policy", "in_review"),
        ("waiting_for_payee", "filed"),
        ("waiting_for_payee", "withdrawn"),
        ("documents_requested", "filed"),
        ("documents_requested", "withdrawn"),
        ("documents_requested", "lapsed"),
        ("waiting_for_police", "filed"),
        ("waiting_for_police", "withdrawn"),
        ("in_review", "filed"),
        ("in_review", "documents_requested"),
        ("in_review", "waiting_for_police"),
        ("in_review", "approved"),
        ("in_review", "refused"),
        ("in_review", "withdrawn"),
        ("approved", "recovery_wait"),
        ("approved", "paying"),
        ("approved", "paid"),
        ("approved", "payment_failed"),
        ("approved", "stopping"),
        ("recovery_wait", "paying"),
        ("recovery_wait", "paid"),
        ("recovery_wait", "payment_failed"),
        ("recovery_wait", "stopping"),
        ("paying", "paid"),
        ("paying", "payment_failed"),
        ("stopping", "filed"),
        ("stopping", "withdrawn"),
        ("stopping", "paid"),
        ("paid", "payment_failed"),
        ("paid", "recovered"),
        ("paid", "closed"),
        ("payment_failed", "filed"),
        ("payment_failed", "withdrawn"),
        ("payment_failed", "closed"),
        ("recovered", "payment_failed"),
        ("recovered", "closed"),
        ("refused", "appealed"),
        ("refused", "closed"),
        ("appealed", "in_review"),
        ("appealed", "withdrawn"),
        ("lapsed", "filed"),
        ("lapsed", "closed"),
        ("closed", "recovered"),
    }
)
"""Every legal step. Nothing leads from filed to refused: only a person refuses."""

TO_BE_DECIDED: Final[tuple[State, ...]] = ("filed", "appealed")
"""The machine looks at these."""
TAKES_DOCUMENTS: Final[tuple[State, ...]] = (
    "filed",
    "appealed",
    "waiting_for_policy",
    "waiting_for_payee",
    "documents_requested",
    "waiting_for_police",
    "in_review",
    "lapsed",
)
WAITS_FOR_PAPERS: Final[tuple[State, ...]] = ("documents_requested", "waiting_for_police", "lapsed")
"""Of these, what comes has the claim decided anew."""
NOTHING_OPEN: Final[tuple[State, ...]] = (
    "draft",
    "approved",
    "recovery_wait",
    "paying",
    "paid",
    "payment_failed",
    "recovered",
    "refused",
    "withdrawn",
    "lapsed",
    "closed",
)
"""Nobody decides anything about these: what they say of a person who is to be forgotten is overwritten."""
GIVEN_UP: Final[tuple[State, ...]] = ("withdrawn", "lapsed")
"""Nobody asks for their money any more, unless what was waited for comes after all."""

HOLDS_LIMITS: Final[tuple[State, ...]] = (
    "approved",
    "recovery_wait",
    "paying",
    "paid",
    "payment_failed",
    "stopping",
    "recovered",
)
"""Of these an approval stands. A closed claim holds what it was paid for."""

WAITS: Final[dict[State, timedelta]] = {
    "draft": timedelta(days=30),
    "waiting_for_policy": timedelta(days=3),
    "waiting_for_payee": timedelta(days=1),
    "documents_requested": timedelta(days=30),
    "waiting_for_police": timedelta(days=60),
    "paid": timedelta(days=730),
    "payment_failed": timedelta(days=730),
    "recovered": timedelta(days=730),
    "refused": timedelta(days=730),
    "lapsed": timedelta(days=730),
}
"""How long whoever is waited for has; then the step of AFTER_THE_WAIT is taken. A draft is deleted then.

Two years is what the insured has to claim (Insurance Law of the PRC, art. 26): as long an appeal, another account or
the documents may still come. The days of recovery wait are the product's, so the step that begins it says until when.
"""

AFTER_THE_WAIT: Final[dict[State, State]] = {
    "waiting_for_policy": "in_review",
    "waiting_for_payee": "filed",
    "documents_requested": "lapsed",
    "waiting_for_police": "filed",
    "recovery_wait": "paying",
    "paid": "closed",
    "payment_failed": "closed",
    "recovered": "closed",
    "refused": "closed",
    "lapsed": "closed",
}
"""What becomes of a claim when its date has passed. What is filed once more goes to a person, who is told why."""

APPEALS: Final = 2
"""As often a refusal is appealed; then the claim is closed."""


def legal_after(state: State) -> tuple[State, ...]:
    """Where a claim may go from here, in the order of STATES."""
    return tuple(to for to in MEANINGS if (state, to) in STEPS)
