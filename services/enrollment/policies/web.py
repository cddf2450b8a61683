"""Policies over HTTP: from issue to end, with all that happens between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.policies.api.certificates import certificates
from services.enrollment.policies.api.endorsements import endorsements
from services.enrollment.policies.api.erasures import erasures
from services.enrollment.policies.api.notices import notices
from services.enrollment.policies.api.opt_outs import opt_outs
from services.enrollment.policies.api.policies import policies
from services.enrollment.policies.api.renewals import renewals
from services.enrollment.policies.api.schedules import policy_schedules
from services.enrollment.policies.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (
    notices,
    policies,
    policy_schedules,
    endorsements,
    certificates,
    renewals,
    erasures,
    opt_outs,
)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.AlreadyCovered: ProblemRow(409, "already-covered", "Already covered"),
    errors.AlreadyCoveredByYou: ProblemRow(409, "already-covered", "Already covered by you"),
    errors.NotInForce: ProblemRow(409, "not-in-force", "Not in force"),
    errors.UnknownRenewalRun: ProblemRow(404, "unknown-renewal-run", "Unknown renewal run"),
    errors.NotRenewable: ProblemRow(409, "not-renewable", "Not renewable"),
    errors.NotEndorsable: ProblemRow(409, "not-endorsable", "Not in force"),
    errors.NoCertificate: ProblemRow(409, "no-certificate", "No certificate"),
    errors.UnknownCertificate: ProblemRow(404, "unknown-certificate", "Unknown certificate"),
    errors.PersonForgotten: ProblemRow(409, "person-forgotten", "The person was forgotten"),
    errors.CoverStillRuns: ProblemRow(409, "cover-still-runs", "Cover still runs"),
    errors.RecordsMustBeKept: ProblemRow(409, "records-must-be-kept", "Records must be kept"),
}
