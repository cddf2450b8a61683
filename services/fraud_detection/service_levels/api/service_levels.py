"""Service levels over HTTP: the public series of a period."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic import Field

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.service_levels.domain.series import Series, Times
from services.fraud_detection.service_levels.usecases.measure import measure
from shared.values.errors import InvalidField
from shared.web.models import Moment, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

service_levels = Resource("service levels", "How claims are answered, as public series")

LONGEST: Final = timedelta(days=366)
"""A year: the series are stated by month, quarter or year, and more would be read in one go."""


class Period(RequestModel):
    """Claims filed from `begin` until before `end`."""

    begin: Moment
    end: Moment


class TimesView(ReplyModel):
    """From filing to decision, in seconds. Each is a quantile by itself, so that they do not add up."""

    total_seconds: int
    insurer_seconds: int
    """What the insurer took."""
    waiting_seconds: int
    """For documents, the police, a payee or a policy."""


class ServiceLevels(ReplyModel):
    """The series of one period. A share is null where there is nothing to be shared."""

    claims: int
    """Filed in the period and not withdrawn."""
    decided: int
    value_paid_share: float | None
    """Of the losses in scope, what share was paid: in scope is what was approved, or refused by a person's finding."""
    decided_within_5_business_days_share: float | None
    decided_within_35_business_days_share: float | None
    refused_by_finding_share: float | None
    """Of the claims in scope, those refused for what a person found against the claimant."""
    p50: TimesView | None
    p99: TimesView | None
    guessed_years: list[int] = Field(
        description="Years whose holidays are not announced yet: there weekends alone were taken, and what is said of "
        "business days is a guess."
    )


@service_levels.get("/v1/service-levels", scope="reviews:read", callers=Callers.STAFF, reply=ServiceLevels)
def show_service_levels(call: Call[ModelDeps], query: Period) -> Reply[ServiceLevels]:
    """How the claims of a period were answered."""
    if not query.begin < query.end <= query.begin + LONGEST:
        raise InvalidField("/end", "The period is none, or longer than a year.", "Send a later end, at most a year on.")
    return Reply(_view(measure(call.tx, query.begin, query.end, now=call.now)))


def _view(found: Series) -> ServiceLevels:
    return ServiceLevels.of(found, p50=_times(found.p50), p99=_times(found.p99), guessed_years=found.guessed_years)


def _times(times: Times | None) -> TimesView | None:
    if times is None:
        return None
    return TimesView(
        total_seconds=round(times.total.total_seconds()),
        insurer_seconds=round(times.insurer.total_seconds()),
        waiting_seconds=round(times.waiting.total_seconds()),
    )
