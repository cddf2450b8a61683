"""How each of enrollment's errors looks over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.NoContract: ProblemRow(403, "no-contract", "No contract"),
    errors.ContractNotRunning: ProblemRow(409, "contract-not-running", "The contract allows no new cover"),
    errors.ProductNotSold: ProblemRow(422, "product-not-sold", "The product is not sold"),
    errors.UnknownPolicy: ProblemRow(404, "unknown-policy", "Unknown policy"),
    errors.UnknownBatch: ProblemRow(404, "unknown-batch", "Unknown batch"),
    errors.AlreadyCovered: ProblemRow(409, "already-covered", "Already covered"),
    errors.AlreadyCoveredByYou: ProblemRow(409, "already-covered", "Already covered by you"),
    errors.NotInForce: ProblemRow(409, "not-in-force", "Not in force"),
    errors.NotTheDeclaredFile: ProblemRow(422, "not-the-declared-file", "Not the declared file"),
    errors.UnreadableFile: ProblemRow(422, "unreadable-file", "Unreadable file"),
}
