"""How payout's own errors look over HTTP: one row for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.payout.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownPayout: ProblemRow(404, "unknown-payout", "Unknown payout"),
    errors.HolderDiffers: ProblemRow(409, "holder-differs", "Registered under another name"),
    errors.BankAway: ProblemRow(503, "bank-away", "The bank cannot be reached"),
}
