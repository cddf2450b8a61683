"""How each of enrollment's errors looks over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.domain import errors, lifecycle_errors, statement_errors
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
    errors.BatchNotDone: ProblemRow(409, "batch-not-done", "Not done yet"),
    errors.SignatureNotAllowed: ProblemRow(422, "signature-not-allowed", "Not signed by an allowed key"),
    errors.StaffOnly: ProblemRow(403, "not-staff", "Staff only"),
    errors.UnknownPartner: ProblemRow(404, "unknown-partner", "Unknown partner"),
    errors.PartnerEnds: ProblemRow(409, "partner-ends", "The contract is winding down"),
    errors.NotSuspended: ProblemRow(409, "not-suspended", "Not suspended"),
    errors.CannotTakeOver: ProblemRow(409, "cannot-take-over", "The other partner cannot take over"),
    errors.StillTakesOver: ProblemRow(409, "still-takes-over", "Still taking policies over"),
    errors.NotWindingDown: ProblemRow(409, "not-winding-down", "Not winding down"),
    errors.OptedOut: ProblemRow(409, "opted-out", "The person opted out"),
    errors.NotOptedOut: ProblemRow(409, "not-opted-out", "Not opted out"),
    errors.TooManyEnrollments: ProblemRow(429, "too-many-requests", "The quota is used up"),
    errors.TooManyRows: ProblemRow(429, "too-many-rows", "The quota is used up"),
    errors.ConsentTextExists: ProblemRow(409, "consent-text-exists", "The version is published"),
    errors.NotInsurable: ProblemRow(422, "not-insurable", "Not insurable"),
    errors.UnknownProductVersion: ProblemRow(404, "unknown-product-version", "Unknown product version"),
    errors.UnknownDraft: ProblemRow(404, "unknown-draft", "Unknown draft"),
    errors.DraftDecided: ProblemRow(409, "draft-decided", "The draft is decided"),
    errors.SecondPersonNeeded: ProblemRow(409, "second-person-needed", "A second person is needed"),
    errors.DraftOutdated: ProblemRow(409, "draft-outdated", "The draft is outdated"),
    errors.DraftTooLate: ProblemRow(409, "draft-too-late", "The draft is too late"),
    statement_errors.MonthNotOver: ProblemRow(409, "month-not-over", "The month is not over"),
    statement_errors.StatementExists: ProblemRow(409, "statement-exists", "The month is stated"),
    statement_errors.UnknownStatement: ProblemRow(404, "unknown-statement", "Unknown statement"),
    statement_errors.NotDrawnYet: ProblemRow(409, "statement-not-drawn", "The statement is being drawn"),
    statement_errors.AlreadySettled: ProblemRow(409, "already-settled", "Already settled"),
    statement_errors.DisputesOpen: ProblemRow(409, "disputes-open", "Disputes are open"),
    statement_errors.NotTheNetAmount: ProblemRow(422, "not-the-net-amount", "Not the net amount"),
    statement_errors.NoSettlement: ProblemRow(409, "no-settlement", "No settlement waits"),
    statement_errors.ApproverRecordedIt: ProblemRow(409, "second-person-needed", "A second person is needed"),
    statement_errors.UnknownDispute: ProblemRow(404, "unknown-dispute", "Unknown dispute"),
    statement_errors.AlreadyAnswered: ProblemRow(409, "dispute-answered", "The dispute is answered"),
    statement_errors.NotOnTheStatement: ProblemRow(422, "not-on-the-statement", "Not on the statement"),
    errors.NotSoldByFile: ProblemRow(422, "not-sold-by-file", "Not sold by file"),
    errors.UnknownEndpoint: ProblemRow(404, "unknown-webhook-endpoint", "Unknown webhook endpoint"),
    errors.UnknownDelivery: ProblemRow(404, "unknown-webhook-delivery", "Unknown webhook delivery"),
    errors.TooManyEndpoints: ProblemRow(409, "too-many-webhook-endpoints", "Too many webhook endpoints"),
    errors.EndpointDisabled: ProblemRow(409, "webhook-endpoint-disabled", "The webhook endpoint is disabled"),
    errors.TestsBusy: ProblemRow(429, "too-many-requests", "Other tests are under way"),
    lifecycle_errors.UnknownRenewalRun: ProblemRow(404, "unknown-renewal-run", "Unknown renewal run"),
    lifecycle_errors.NotEndorsable: ProblemRow(409, "not-endorsable", "Not in force"),
    lifecycle_errors.NoCertificate: ProblemRow(409, "no-certificate", "No certificate"),
    lifecycle_errors.UnknownCertificate: ProblemRow(404, "unknown-certificate", "Unknown certificate"),
    lifecycle_errors.PersonForgotten: ProblemRow(409, "person-forgotten", "The person was forgotten"),
    lifecycle_errors.CoverStillRuns: ProblemRow(409, "cover-still-runs", "Cover still runs"),
    lifecycle_errors.RecordsMustBeKept: ProblemRow(409, "records-must-be-kept", "Records must be kept"),
}
