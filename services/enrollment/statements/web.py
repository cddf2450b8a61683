"""Statements over HTTP: drawn, disputed, settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.statements.api.statements import statements
from services.enrollment.statements.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (statements,)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.MonthNotOver: ProblemRow(409, "month-not-over", "The month is not over"),
    errors.StatementExists: ProblemRow(409, "statement-exists", "The month is stated"),
    errors.UnknownStatement: ProblemRow(404, "unknown-statement", "Unknown statement"),
    errors.NotDrawnYet: ProblemRow(409, "statement-not-drawn", "The statement is being drawn"),
    errors.AlreadySettled: ProblemRow(409, "already-settled", "Already settled"),
    errors.DisputeTooLate: ProblemRow(409, "dispute-too-late", "Too late to be disputed"),
    errors.DisputedAlready: ProblemRow(409, "disputed-already", "Disputed already"),
    errors.DisputesOpen: ProblemRow(409, "disputes-open", "Disputes are open"),
    errors.NotTheNetAmount: ProblemRow(422, "not-the-net-amount", "Not the net amount"),
    errors.BankReferenceUsed: ProblemRow(409, "bank-reference-used", "The bank reference is used"),
    errors.NoSettlement: ProblemRow(409, "no-settlement", "No settlement waits"),
    errors.ApproverRecordedIt: ProblemRow(409, "second-person-needed", "A second person is needed"),
    errors.UnknownDispute: ProblemRow(404, "unknown-dispute", "Unknown dispute"),
    errors.AlreadyAnswered: ProblemRow(409, "dispute-answered", "The dispute is answered"),
    errors.NotOnTheStatement: ProblemRow(422, "not-on-the-statement", "Not on the statement"),
}
