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
    """This person already holds this product's cover, and one person has it once: there is nothing to do."""


@dataclass(frozen=True)
class AlreadyCoveredByYou(AlreadyCovered):
    """This person already holds this product's cover by your policy {policy_id}; cancel that to begin anew."""

    policy_id: str
    """Named only to the partner whose policy it is."""


@dataclass(frozen=True)
class NotInForce(FangzhaError):
    """Policy {policy_id} is {state} and cannot be canceled. Who wants no cover any more opts out: POST /v1/opt-outs."""

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


@dataclass(frozen=True)
class NoRoom(FangzhaError):
    """There is no room on our disk for a file of this kind just now; send it again in {retry_after} seconds."""

    retry_after: int = 60


@dataclass(frozen=True)
class BatchNotDone(FangzhaError):
    """Batch {batch_id} is still worked on, so its results are not whole; ask again in {retry_after} seconds."""

    batch_id: str
    retry_after: int


@dataclass(frozen=True)
class SignatureNotAllowed(FangzhaError):
    """The file's signature is by none of the keys that the contract allows; sign its SHA-256 with one of them."""


@dataclass(frozen=True)
class StaffOnly(FangzhaError):
    """Only the insurer's staff may do this, or name another partner; this token belongs to {tenant}."""

    tenant: str


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
class OptedOut(FangzhaError):
    """This person opted out, and the consent is no younger; a new one lifts it, by POST /v1/opt-outs/lift."""


@dataclass(frozen=True)
class NotOptedOut(FangzhaError):
    """This person has not opted out, so there is nothing to lift."""


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


@dataclass(frozen=True)
class ConsentTextExists(FangzhaError):
    """Consent text {text_version} is published with other words, and people agreed to them; use another version."""

    text_version: str


@dataclass(frozen=True)
class NotInsurable(FangzhaError):
    """The answers give the grade {grade}, which this product does not insure; mend the risk and ask anew."""

    grade: str


@dataclass(frozen=True)
class UnknownProductVersion(FangzhaError):
    """There is no version {version} of product {product_code!r}; GET /v1/products lists all versions."""

    product_code: str
    version: int


@dataclass(frozen=True)
class UnknownDraft(FangzhaError):
    """There is no product draft {draft_id}; GET /v1/product-drafts lists them."""

    draft_id: str


@dataclass(frozen=True)
class DraftDecided(FangzhaError):
    """Draft {draft_id} is {state} already; propose anew by POST /v1/product-drafts."""

    draft_id: str
    state: str


@dataclass(frozen=True)
class SecondPersonNeeded(FangzhaError):
    """You proposed draft {draft_id} yourself, and publishing takes two persons; ask a colleague to approve it."""

    draft_id: str


@dataclass(frozen=True)
class DraftOutdated(FangzhaError):
    """Draft {draft_id} follows version {based_on}, and version {newest} was published since; propose it anew."""

    draft_id: str
    based_on: int
    newest: int


@dataclass(frozen=True)
class DraftTooLate(FangzhaError):
    """Draft {draft_id} would begin in the past, at {effective_from}; reject it and propose a later beginning."""

    draft_id: str
    effective_from: str


@dataclass(frozen=True)
class NotSoldByFile(FangzhaError):
    """Product {product_code!r} needs more than a row of a file tells; enroll one by one by POST /v1/policies."""

    product_code: str


@dataclass(frozen=True)
class UnknownEndpoint(FangzhaError):
    """There is no webhook endpoint {endpoint_id}; GET /v1/webhook-endpoints lists yours."""

    endpoint_id: str


@dataclass(frozen=True)
class UnknownDelivery(FangzhaError):
    """There is no webhook delivery {delivery_id}; GET /v1/webhook-endpoints/…/deliveries lists those of a month."""

    delivery_id: str


@dataclass(frozen=True)
class TooManyEndpoints(FangzhaError):
    """A partner has {most} webhook endpoints at most; remove one that is no longer needed."""

    most: int


@dataclass(frozen=True)
class TooManySecrets(FangzhaError):
    """{most} secrets sign this endpoint's messages already; wait for an overlap to end, or rotate without one."""

    most: int


@dataclass(frozen=True)
class EndpointDisabled(FangzhaError):
    """Webhook endpoint {endpoint_id} is disabled; POST /v1/webhook-endpoints/{endpoint_id}/enabling first."""

    endpoint_id: str


@dataclass(frozen=True)
class TestsBusy(FangzhaError):
    """Other test messages are under way; try again in {retry_after} seconds."""

    __test__ = False  # its name is not that of a test class

    retry_after: int
