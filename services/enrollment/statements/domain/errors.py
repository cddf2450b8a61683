"""What settling with partners refuses to do. The status of each stands in the wing's web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class MonthNotOver(FangzhaError):
    """Month {month} can still change; its statement is drawn from {earliest} on."""

    month: str
    earliest: str


@dataclass(frozen=True)
class StatementExists(FangzhaError):
    """Statement {statement_id} covers this month already; what is wrong with it is disputed, not drawn anew."""

    statement_id: str


@dataclass(frozen=True)
class UnknownStatement(FangzhaError):
    """There is no statement {statement_id}; GET /v1/statements lists them."""

    statement_id: str


@dataclass(frozen=True)
class NotDrawnYet(FangzhaError):
    """Statement {statement_id} is still being drawn; ask again in a minute."""

    statement_id: str


@dataclass(frozen=True)
class AlreadySettled(FangzhaError):
    """Statement {statement_id} is settled or its settlement waits for approval; GET it to see by whom."""

    statement_id: str


@dataclass(frozen=True)
class DisputeTooLate(FangzhaError):
    """Statement {statement_id} is settled and could be disputed until {last_day}; write to the insurer."""

    statement_id: str
    last_day: str


@dataclass(frozen=True)
class DisputedAlready(FangzhaError):
    """Dispute {dispute_id} about the same, for the same reason, waits for its answer."""

    dispute_id: str


@dataclass(frozen=True)
class DisputesOpen(FangzhaError):
    """Statement {statement_id} still has open disputes ({open}); answer them before its settlement is approved."""

    statement_id: str
    open: int


@dataclass(frozen=True)
class NotTheNetAmount(FangzhaError):
    """The statement's net amount is {net_fen} fen, not {given_fen}; record what the bank shows for this statement."""

    net_fen: int
    given_fen: int


@dataclass(frozen=True)
class BankReferenceUsed(FangzhaError):
    """Another statement was settled by this bank reference; record the one of this statement's own transfer."""


@dataclass(frozen=True)
class NoSettlement(FangzhaError):
    """Statement {statement_id} has no settlement that waits for approval; record it first."""

    statement_id: str


@dataclass(frozen=True)
class ApproverRecordedIt(FangzhaError):
    """You recorded this settlement yourself, and it takes two persons; ask a colleague to approve it."""


@dataclass(frozen=True)
class UnknownDispute(FangzhaError):
    """There is no dispute {dispute_id}; GET /v1/statements/<statement_id>/disputes lists a statement's."""

    dispute_id: str


@dataclass(frozen=True)
class AlreadyAnswered(FangzhaError):
    """Dispute {dispute_id} was answered before: {state}; an answer stands."""

    dispute_id: str
    state: str


@dataclass(frozen=True)
class NotOnTheStatement(FangzhaError):
    """Policy {policy_id} has no line on this statement; name one of its certificate references, or none."""

    policy_id: str
