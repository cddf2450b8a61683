"""Refusals that are certain, many at a time, over HTTP: a preview that pins the cases, and its confirmation."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import actor
from services.fraud_detection.reviews.domain.bulk import PREVIEWED_FOR, CertainRule
from services.fraud_detection.reviews.domain.errors import BulkOver, UnknownBulk
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.usecases.refuse_many import BulkVerdict, confirm, preview
from shared.web.models import Identifier, ReplyModel, RequestModel, Sha256Hex, StaffText, TermsSlug
from shared.web.resource import Call, Callers, Reply, Resource

bulks = Resource("bulk refusals", "Proposed refusals that are certain, confirmed many at a time")


class BulkQuery(RequestModel):
    """Whose refusal is proposed by this rule; only rules of dates and places, which need no look at each case."""

    rule: CertainRule
    liability: TermsSlug | None = None


class PinnedCase(ReplyModel):
    claim_id: str
    version: int
    amount_fen: int


class BulkPreview(ReplyModel):
    """Exactly these cases, as they are now. Confirm them with the digest until `valid_until`."""

    bulk_id: str
    rule: CertainRule
    digest: str
    """SHA-256 of the rule and of each case with its version."""
    count: int
    amount_fen: int
    """Claimed in all of them together."""
    matching: int
    """How many there are; more than `count` where they do not fit into one preview."""
    cases: list[PinnedCase]
    valid_until: datetime


class BulkConfirmation(RequestModel):
    """What all these residents will read."""

    bulk_id: Identifier
    digest: Sha256Hex
    clause: CertainRule
    """The rule once more."""
    reasons_zh: StaffText
    reasons_en: StaffText


class ConfirmedCase(ReplyModel):
    claim_id: str
    outcome: Literal["refused", "left_out"]
    why: str | None
    """Of one that was left out: the end of the type of the problem that it would have been alone."""
    decision_id: str | None


class BulkRefusal(ReplyModel):
    """What became of each case; each may still be undone as one that was refused alone."""

    bulk_id: str
    rule: CertainRule
    confirmed_at: datetime
    refused: int
    left_out: int
    cases: list[ConfirmedCase]


@bulks.post(
    "/v1/reviews/bulk-previews",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=BulkPreview,
    creates=False,
    status=201,
)
def preview_bulk(call: Call[Deps], body: BulkQuery) -> Reply[BulkPreview]:
    """Which cases you would refuse, at most 200, the longest waiting first: none on appeal, none that a person was
    asked to decide, none that is another's.
    """
    seen = preview(call.tx, body.rule, body.liability, by=actor(call), now=call.now)
    bulk = seen.bulk
    return Reply(
        BulkPreview.of(
            bulk,
            count=len(bulk.cases),
            amount_fen=sum(each.amount_fen for each in bulk.cases),
            matching=seen.matching,
            valid_until=bulk.previewed_at + PREVIEWED_FOR,
        )
    )


@bulks.post(
    "/v1/reviews/bulk-refusals",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=BulkRefusal,
    creates=False,
    problems=(UnknownBulk, BulkOver),
)
def confirm_bulk(call: Call[Deps], body: BulkConfirmation) -> Reply[BulkRefusal]:
    """Refuse the cases of your preview, each as if it were alone. What changed since, what is another's and what you
    may not decide is left out and told. Sent again, it refuses nothing more and tells the same.
    """
    verdict = Verdict(
        outcome="refuse", clause=body.clause, reasons_zh=body.reasons_zh, reasons_en=body.reasons_en, finding=None
    )
    done = confirm(
        call.tx,
        BulkVerdict(bulk_id=body.bulk_id, digest=body.digest, verdict=verdict),
        by=actor(call),
        undo_for=call.deps.undo_for,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    cases = done.confirmed or ()
    refused = sum(each.outcome == "refused" for each in cases)
    return Reply(BulkRefusal.of(done, cases=cases, refused=refused, left_out=len(cases) - refused))
