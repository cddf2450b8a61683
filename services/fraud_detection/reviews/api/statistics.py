"""How reviewers decide, and how far they agree, over HTTP; for senior persons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import SENIOR
from services.fraud_detection.reviews.domain.agreement import MINIMUM
from services.fraud_detection.reviews.domain.agreement import statistics as figures
from services.fraud_detection.reviews.store import judged
from shared.values.errors import InvalidField
from shared.web.models import Moment, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

statistics = Resource("review statistics", "How reviewers decide, and how far they agree")

LONGEST: Final = timedelta(days=366)
"""Some ten thousand decisions, read in one go."""


class DecidedPeriod(RequestModel):
    """What was decided from `begin` until before `end`."""

    begin: Moment
    end: Moment


class AgreementView(ReplyModel):
    """Of cases that two persons decided one after the other, mostly after an appeal."""

    pairs: int
    same_share: float | None
    """How many of them were decided alike; null below `minimum_pairs`."""
    kappa: float | None
    """Cohen's kappa; null too where one of both gave one answer alone: then chance explains all or nothing."""


class ReviewerView(ReplyModel):
    reviewer: str
    decided: int
    approved: int
    refused: int
    median_seconds: int
    """From the moment in which the case waited for a person to the decision."""
    second_decisions: int
    """Of these, how many another person decided again by now."""
    overturned: int
    """And of those, how many were decided otherwise."""
    agreement: AgreementView
    """With all others, as the first or the second of two."""


class ReviewStatistics(ReplyModel):
    begin: datetime
    end: datetime
    minimum_pairs: int
    """Below so many pairs no share is told."""
    reviewers: list[ReviewerView]
    agreement: AgreementView


@statistics.get("/v1/reviews/statistics", scope=SENIOR, callers=Callers.STAFF, reply=ReviewStatistics)
def show_statistics(call: Call[Deps], query: DecidedPeriod) -> Reply[ReviewStatistics]:
    """How persons decided in a period. A pair belongs to the period of its first decision. Only refusals are appealed,
    so figures tell how refusals held, and little of approvals.
    """
    if not query.begin < query.end <= query.begin + LONGEST:
        raise InvalidField("/end", "The period is none, or longer than a year.", "Send a later end, at most a year on.")
    found = figures(judged.between(call.tx, query.begin, query.end))
    return Reply(ReviewStatistics.of(found, begin=query.begin, end=query.end, minimum_pairs=MINIMUM))
