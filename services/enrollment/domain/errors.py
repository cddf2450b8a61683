"""What enrollment refuses to do. The status of each stands in api/problems.py."""

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
class ProductNotSold(FangzhaError):
    """No product {product_code!r} is sold under this contract now; GET /v1/products lists what is."""

    product_code: str


@dataclass(frozen=True)
class UnknownPolicy(FangzhaError):
    """There is no policy {policy_id}; look it up by GET /v1/policies?partner_reference=…."""

    policy_id: str


@dataclass(frozen=True)
class UnknownBatch(FangzhaError):
    """There is no enrollment batch {batch_id}; its id is in the Location of the reply to its upload."""

    batch_id: str


@dataclass(frozen=True)
class AlreadyCovered(FangzhaError):
    """This person already holds this product's cover, and one person has it once; nothing was stored."""


@dataclass(frozen=True)
class AlreadyCoveredByYou(AlreadyCovered):
    """This person already holds this product's cover by your policy {policy_id}; nothing was stored."""

    policy_id: str
    """Named only to the partner whose policy it is."""


@dataclass(frozen=True)
class NotInForce(FangzhaError):
    """Policy {policy_id} is {state}, so it cannot be canceled; GET /v1/policies/{policy_id} shows since when."""

    policy_id: str
    state: str


@dataclass(frozen=True)
class NotTheDeclaredFile(FangzhaError):
    """The upload has {found} {what}, not the declared {declared}; it changed on its way, so send it again."""

    what: str
    declared: str
    found: str


@dataclass(frozen=True)
class UnreadableFile(FangzhaError):
    """The upload is not a file of subscribers: {detail} {fix}"""

    detail: str
    fix: str
