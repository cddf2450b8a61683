"""Partners over HTTP: their contracts, suspension and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.partners.api.partners import partners
from services.enrollment.partners.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (partners,)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.NoContract: ProblemRow(403, "no-contract", "No contract"),
    errors.ContractNotRunning: ProblemRow(409, "contract-not-running", "The contract allows no new cover"),
    errors.SignatureNotAllowed: ProblemRow(422, "signature-not-allowed", "Not signed by an allowed key"),
    errors.UnknownPartner: ProblemRow(404, "unknown-partner", "Unknown partner"),
    errors.PartnerEnds: ProblemRow(409, "partner-ends", "The contract is winding down"),
    errors.NotSuspended: ProblemRow(409, "not-suspended", "Not suspended"),
    errors.CannotTakeOver: ProblemRow(409, "cannot-take-over", "The other partner cannot take over"),
    errors.StillTakesOver: ProblemRow(409, "still-takes-over", "Still taking policies over"),
    errors.NotWindingDown: ProblemRow(409, "not-winding-down", "Not winding down"),
    errors.TooManyEnrollments: ProblemRow(429, "too-many-requests", "The quota is used up"),
    errors.TooManyRows: ProblemRow(429, "too-many-rows", "The quota is used up"),
    errors.LargerThanADay: ProblemRow(422, "larger-than-a-day", "More rows than a day's quota"),
}
