"""Reviews over HTTP: the queue, a case, its decision; who holds which case, and what staff note on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.fraud_detection.decisions.domain.errors import TransferPaid
from services.fraud_detection.reviews.api.assignments import assignments
from services.fraud_detection.reviews.api.authorities import authorities
from services.fraud_detection.reviews.api.bulks import bulks
from services.fraud_detection.reviews.api.cases import cases
from services.fraud_detection.reviews.api.mandate_checks import mandate_checks
from services.fraud_detection.reviews.api.previews import previews
from services.fraud_detection.reviews.api.proposals import proposals
from services.fraud_detection.reviews.api.requests import requests
from services.fraud_detection.reviews.api.revelations import revelations
from services.fraud_detection.reviews.api.reviews import reviews
from services.fraud_detection.reviews.api.statistics import statistics
from services.fraud_detection.reviews.api.trace import trace
from services.fraud_detection.reviews.api.undoing import undoing
from services.fraud_detection.reviews.domain import errors
from shared.messaging.failures import Unready
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (
    reviews,
    requests,
    cases,
    assignments,
    undoing,
    proposals,
    authorities,
    previews,
    revelations,
    mandate_checks,
    bulks,
    statistics,
    trace,
)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.NoOpenReview: ProblemRow(409, "no-open-review", "Nothing to decide"),
    errors.AnotherPersonDecides: ProblemRow(403, "another-person-decides", "Another person decides"),
    errors.AskedBefore: ProblemRow(409, "asked-before", "Asked once already"),
    errors.SeniorDecides: ProblemRow(403, "senior-decides", "A senior reviewer decides"),
    errors.CoverRuleStands: ProblemRow(409, "cover-rule-stands", "Not covered"),
    errors.DeductibleUsedUp: ProblemRow(409, "deductible-used-up", "Not too small any more"),
    errors.PayeeUnknown: ProblemRow(409, "payee-unknown", "No such account"),
    errors.MandateOpen: ProblemRow(409, "mandate-open", "Check the mandate first"),
    errors.PayeeIsAgent: ProblemRow(409, "payee-is-agent", "An agent is not paid"),
    errors.PayeeMayBeAgent: ProblemRow(409, "payee-may-be-agent", "An agent is not paid"),
    errors.NoRepresentative: ProblemRow(409, "no-representative", "The insured claims alone"),
    errors.NoMandateShown: ProblemRow(409, "no-mandate-shown", "No mandate to look at"),
    errors.LimitUsedUp: ProblemRow(409, "limit-used-up", "The limit is used up"),
    errors.TransferNotHeld: ProblemRow(409, "transfer-not-held", "No other claim has this transfer"),
    TransferPaid: ProblemRow(409, "transfer-paid", "A transfer was approved before"),
    errors.HeldByAnother: ProblemRow(409, "held-by-another", "Another person holds the case"),
    errors.AssignedToAnother: ProblemRow(409, "assigned-to-another", "It is assigned to another person"),
    errors.DecisionWaits: ProblemRow(409, "decision-waits", "It is decided, and may still be undone"),
    errors.NothingToUndo: ProblemRow(409, "nothing-to-undo", "Nothing to take back"),
    errors.CaseChanged: ProblemRow(409, "case-changed", "The case changed meanwhile"),
    errors.UnknownBulk: ProblemRow(404, "unknown-bulk", "No such preview"),
    errors.BulkOver: ProblemRow(409, "bulk-over", "The preview is too old"),
    errors.NothingWaits: ProblemRow(404, "nothing-waits", "No case for you"),
    errors.NothingToReveal: ProblemRow(404, "nothing-to-reveal", "Nobody told it"),
    errors.OwnAuthority: ProblemRow(403, "own-authority", "Another supervisor sets it"),
    errors.ProposalWaits: ProblemRow(409, "proposal-waits", "A second person confirms"),
    errors.NoProposal: ProblemRow(409, "no-proposal", "Nothing to confirm"),
    errors.AnotherPersonConfirms: ProblemRow(403, "another-person-confirms", "Another person confirms"),
    errors.AboveAuthority: ProblemRow(403, "above-authority", "Above your authority"),
    errors.ProposalOutdated: ProblemRow(409, "proposal-outdated", "Not what was proposed any more"),
    errors.EscalatedBefore: ProblemRow(409, "escalated-before", "Handed on before"),
    errors.NotEscalated: ProblemRow(409, "not-escalated", "Nobody handed it on"),
    Unready: ProblemRow(503, "not-ready", "A fact has not arrived yet"),
}
