"""What is refused to partners, and about them. The status of each stands in the wing's web.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class NoContract(FangzhaError):
    """This client belongs to no partner; ask the insurer to enter the contract of {tenant!r} first."""

    tenant: str


@dataclass(frozen=True)
class ContractNotRunning(FangzhaError):
    """The contract of {partner_id} ({state}, {first_day} to {last_day}) allows no new cover today; ask the insurer."""

    partner_id: str
    state: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class SignatureNotAllowed(FangzhaError):
    """The file's signature is by none of the keys that the contract allows; sign its SHA-256 with one of them."""


@dataclass(frozen=True)
class UnknownPartner(FangzhaError):
    """There is no partner {partner_id}; GET /v1/partners lists those you may see."""

    partner_id: str


@dataclass(frozen=True)
class PartnerEnds(FangzhaError):
    """The contract of {partner_id} is winding down, which is one way; enter a new partner for a new beginning."""

    partner_id: str


@dataclass(frozen=True)
class NotSuspended(FangzhaError):
    """The contract of {partner_id} is {state}, so there is nothing to resume; GET it again."""

    partner_id: str
    state: str


@dataclass(frozen=True)
class CannotTakeOver(FangzhaError):
    """{partner_id} cannot take the policies over: {why}; name another partner, or null to let cover run to its end."""

    partner_id: str
    why: str


@dataclass(frozen=True)
class StillTakesOver(FangzhaError):
    """{partner_id} is taking over policies of {other}; wind it down when GET /v1/partners/{other} says that is done."""

    partner_id: str
    other: str


@dataclass(frozen=True)
class NotWindingDown(FangzhaError):
    """The contract of {partner_id} is not winding down, so nobody is to be told of its end."""

    partner_id: str


@dataclass(frozen=True)
class TooManyEnrollments(FangzhaError):
    """The contract's {most} enrollments a minute are used up; go on in {retry_after} seconds, or send a file."""

    most: int
    retry_after: int


@dataclass(frozen=True)
class TooManyRows(FangzhaError):
    """Of the contract's {most} rows a day {left} are left; send fewer, or go on in {retry_after} seconds."""

    most: int
    left: int
    retry_after: int


@dataclass(frozen=True)
class LargerThanADay(FangzhaError):
    """The file has {rows} rows, and the contract allows {most} a day: split it into files of at most {most} rows."""

    rows: int
    most: int
