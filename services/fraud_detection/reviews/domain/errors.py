"""What is refused to who reviews claims. The status of each stands in reviews/web.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class NoOpenReview(FangzhaError):
    """Claim {claim_id} waits for no person; GET /v1/reviews?state=open lists those that do."""

    claim_id: str


@dataclass(frozen=True)
class AnotherPersonDecides(FangzhaError):
    """You decided on claim {claim_id} before; another person decides, who has not decided on this claim."""

    claim_id: str


@dataclass(frozen=True)
class SeniorDecides(FangzhaError):
    """Claim {claim_id} is on its last appeal or was handed on: who holds the scope reviews:senior decides it."""

    claim_id: str


@dataclass(frozen=True)
class AskedBefore(FangzhaError):
    """For claim {claim_id} documents were asked for already, and that is done once; decide by what there is."""

    claim_id: str


@dataclass(frozen=True)
class CoverRuleStands(FangzhaError):
    """Claim {claim_id} cannot be approved: {codes} stand against it, and no person may waive them."""

    claim_id: str
    codes: str


@dataclass(frozen=True)
class TransferNotHeld(FangzhaError):
    """No other claim has transfer {line} of claim {claim_id}; GET /v1/reviews/{claim_id} lists those it has."""

    claim_id: str
    line: int


@dataclass(frozen=True)
class DeductibleUsedUp(FangzhaError):
    """Claim {claim_id} is no longer too small: others used up the deductible. Approve it, or name another clause."""

    claim_id: str


@dataclass(frozen=True)
class LimitUsedUp(FangzhaError):
    """Other claims took of policy {policy_id} at this very moment; look at the case again and decide."""

    policy_id: str


@dataclass(frozen=True)
class PayeeUnknown(FangzhaError):
    """Claim {claim_id} names an account that payout does not know; it is paid once that is registered, or another."""

    claim_id: str


@dataclass(frozen=True)
class MandateOpen(FangzhaError):
    """On claim {claim_id} the mandate {found}; say by POST …/mandate-checks that it holds, or refuse the claim."""

    claim_id: str
    found: str


@dataclass(frozen=True)
class PayeeIsAgent(FangzhaError):
    """Claim {claim_id} names its agent's account, and an agent is not paid; the insured's own has to be named."""

    claim_id: str


@dataclass(frozen=True)
class PayeeMayBeAgent(FangzhaError):
    """On claim {claim_id} no key compares the account's name with the agent's; POST …/mandate-checks anew does that."""

    claim_id: str


@dataclass(frozen=True)
class NoRepresentative(FangzhaError):
    """Nobody acts for the insured of claim {claim_id}; there is no mandate to check."""

    claim_id: str


@dataclass(frozen=True)
class NoMandateShown(FangzhaError):
    """Claim {claim_id} has no document of kind mandate that could hold; ask for it by POST …/requests."""

    claim_id: str


PAYS_NOBODY: Final = (MandateOpen, PayeeIsAgent, PayeeMayBeAgent, PayeeUnknown)
"""Why an approval is refused for who acts or whom it would pay."""


@dataclass(frozen=True)
class HeldByAnother(FangzhaError):
    """Another person holds claim {claim_id} until {until}; take another case, or come back then."""

    claim_id: str
    until: datetime


@dataclass(frozen=True)
class AssignedToAnother(FangzhaError):
    """Claim {claim_id} is assigned to {assigned_to} until {until}; a senior person may assign it to you."""

    claim_id: str
    assigned_to: str
    until: datetime


@dataclass(frozen=True)
class DecisionWaits(FangzhaError):
    """{decided_by} decided on claim {claim_id} and may take that back until {until}; then it takes effect."""

    claim_id: str
    decided_by: str
    until: datetime


SOMEBODY_ELSES: Final = (DecisionWaits, HeldByAnother, AssignedToAnother)
"""What is answered to who comes to a case that another works on."""


@dataclass(frozen=True)
class NothingToUndo(FangzhaError):
    """No decision of yours on claim {claim_id} can be taken back; once it took effect, an appeal is the way."""

    claim_id: str


@dataclass(frozen=True)
class CaseChanged(FangzhaError):
    """Claim {claim_id} changed since it was read; look at it again and decide."""

    claim_id: str


@dataclass(frozen=True)
class UnknownBulk(FangzhaError):
    """You have no preview {bulk_id} with this digest; POST /v1/reviews/bulk-previews makes one."""

    bulk_id: str


@dataclass(frozen=True)
class BulkOver(FangzhaError):
    """Preview {bulk_id} is older than half an hour; look at the cases again in a new one."""

    bulk_id: str


@dataclass(frozen=True)
class NothingWaits(FangzhaError):
    """No case waits that you may take: they are others', or you decided on them before."""


@dataclass(frozen=True)
class EscalatedBefore(FangzhaError):
    """Claim {claim_id} waits for a senior person already; a note tells them more."""

    claim_id: str


@dataclass(frozen=True)
class NotEscalated(FangzhaError):
    """Claim {claim_id} was not handed to a senior person, or waits for nobody any more; nothing is to be taken back."""

    claim_id: str


@dataclass(frozen=True)
class NothingToReveal(FangzhaError):
    """Line {line} has no {field} that could be shown: nobody told it, or the person was forgotten."""

    field: str
    line: int


@dataclass(frozen=True)
class OwnAuthority(FangzhaError):
    """Nobody says how much they may approve themselves; another supervisor does."""


@dataclass(frozen=True)
class ProposalWaits(FangzhaError):
    """An approval of claim {claim_id} waits for a second person; confirm it, or send it back before you decide."""

    claim_id: str


@dataclass(frozen=True)
class NoProposal(FangzhaError):
    """No such approval of claim {claim_id} waits for a second person; read the case again."""

    claim_id: str


@dataclass(frozen=True)
class AnotherPersonConfirms(FangzhaError):
    """You proposed to approve claim {claim_id}; another person confirms it."""

    claim_id: str


@dataclass(frozen=True)
class AboveAuthority(FangzhaError):
    """Claim {claim_id} is above your authority too; who has a higher one confirms it, and a supervisor sets that."""

    claim_id: str


@dataclass(frozen=True)
class ProposalOutdated(FangzhaError):
    """Something else than proposed would be paid on claim {claim_id} by now; send it back, it is decided anew."""

    claim_id: str
