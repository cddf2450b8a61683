"""What enrollment says of policies, on ``enrollment.policies.v1``. Persons and phones are tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal, Self

import msgspec

from shared.events.envelope import Event, Moment

ID_BYTES: Final = 16
"""A UUID's, in its order of writing."""
TOKEN_BYTES: Final = 17
"""A token's: one of the key's number and 16 of the hash."""


class PolicyColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 1,000 policies as columns. Ids and tokens are packed: 16 and 17 bytes each, one after the other, in base64.
    A column of moments holds one for each policy, or a single one that is every policy's.
    """

    policy_id: bytes
    person_token: bytes
    phone_token: bytes
    birth_year: list[int]
    effective_from: list[Moment]
    effective_to: list[Moment]
    waits_from: list[Moment] | None = None
    """From when waiting days count; absent: from effective_from. A renewal keeps that of the first policy."""
    renews: bytes | None = None
    """Which policy each one follows without a gap, packed as policy_id."""
    retroactive_from: list[Moment] | None = None
    """With products that are claims-made: acts before it are not covered."""
    items: list[list[str]] | None = None
    """With products that list things one by one: the references of what each policy lists from its beginning."""
    name_token: bytes | None = None
    """Of each insured's name, packed as person_token; absent where the policies were enrolled before it was made."""

    @classmethod
    def of(
        cls,
        *,
        policy_id: Sequence[str],
        person_token: Sequence[str],
        phone_token: Sequence[str],
        birth_year: Sequence[int],
        effective_from: Sequence[datetime],
        effective_to: Sequence[datetime],
        waits_from: Sequence[datetime] | None = None,
        renews: Sequence[str] | None = None,
        retroactive_from: Sequence[datetime] | None = None,
        items: Sequence[Sequence[str]] | None = None,
        name_token: Sequence[str] | None = None,
    ) -> Self:
        """From columns of one length, ids and tokens as text; moments may be one for all."""
        return cls(
            policy_id=packed(policy_id),
            person_token=packed(person_token),
            phone_token=packed(phone_token),
            birth_year=list(birth_year),
            effective_from=_once(effective_from),
            effective_to=_once(effective_to),
            waits_from=None if waits_from is None else _once(waits_from),
            renews=None if renews is None else packed(renews),
            retroactive_from=None if retroactive_from is None else _once(retroactive_from),
            items=None if items is None else [list(each) for each in items],
            name_token=None if name_token is None else packed(name_token),
        )

    @property
    def count(self) -> int:
        """How many policies these are."""
        return len(self.policy_id) // ID_BYTES

    @property
    def policy_ids(self) -> list[str]:
        """The column of ids as text."""
        return ids(self.policy_id)

    @property
    def person_tokens(self) -> list[str]:
        return tokens(self.person_token)

    @property
    def are_of_one_length(self) -> bool:
        """Whether each column has a value for each policy; a reader takes no others."""
        count = self.count
        packs = ((self.policy_id, ID_BYTES), (self.person_token, TOKEN_BYTES), (self.phone_token, TOKEN_BYTES))
        moments = (self.effective_from, self.effective_to, self.waits_from, self.retroactive_from)
        return (
            all(len(pack) == count * size for pack, size in packs)
            and (self.renews is None or len(self.renews) == count * ID_BYTES)
            and (self.name_token is None or len(self.name_token) == count * TOKEN_BYTES)
            and len(self.birth_year) == count
            and (self.items is None or len(self.items) == count)
            and all(column is None or len(column) in {1, count} for column in moments)
        )


def packed(texts: Sequence[str]) -> bytes:
    """Ids or tokens as a column of an event holds them."""
    return bytes.fromhex("".join(texts).replace("-", ""))


def ids(pack: bytes) -> list[str]:
    """Packed ids as text."""
    digits = (pack[start : start + ID_BYTES].hex() for start in range(0, len(pack), ID_BYTES))
    return [f"{each[:8]}-{each[8:12]}-{each[12:16]}-{each[16:20]}-{each[20:]}" for each in digits]


def tokens(pack: bytes) -> list[str]:
    """Packed tokens as text: 34 hex digits each."""
    return [pack[start : start + TOKEN_BYTES].hex() for start in range(0, len(pack), TOKEN_BYTES)]


def _once(moments: Sequence[datetime]) -> list[datetime]:
    """One for all where they are the same: most policies of a chunk begin and end together."""
    column = list(moments)
    return column[:1] if column and column.count(column[0]) == len(column) else column


class PoliciesEnrolled(Event, frozen=True, kw_only=True):
    """New policies of one partner under one product version, each at version 1; one enrollment is a chunk of one."""

    TYPE: ClassVar[str] = "policies.enrolled"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    chunk_id: str
    batch_id: str | None = None
    partner_id: str
    product_code: str
    product_version: int
    premium_fen: int
    currency: str
    enrolled_at: Moment
    policies: PolicyColumns
    stacks: bool = False
    """Whether the person may hold the product several times, each policy paying its share."""


class PolicyCanceled(Event, frozen=True, kw_only=True):
    """One policy ends early. ``version`` is the policy's; a consumer keeps the newest."""

    TYPE: ClassVar[str] = "policies.canceled"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    policy_id: str
    version: int
    partner_id: str
    canceled_at: Moment
    effective_to: Moment
    refund_fen: int
    currency: str
    reason: str


class CanceledColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 1,000 early ends as columns of one length; ids are packed as in PolicyColumns."""

    policy_id: bytes
    version: list[int]
    effective_to: list[Moment]
    refund_fen: list[int]
    reason: list[str]

    @property
    def policy_ids(self) -> list[str]:
        """The column of ids as text."""
        return ids(self.policy_id)

    @property
    def are_of_one_length(self) -> bool:
        """Whether each column has a value for each policy; a reader takes no others."""
        columns = (self.version, self.effective_to, self.refund_fen, self.reason)
        return all(len(column) * ID_BYTES == len(self.policy_id) for column in columns)


class PoliciesCanceled(Event, frozen=True, kw_only=True):
    """Policies of one partner end early, a chunk at a time. Each ``version`` is its policy's, as in PolicyCanceled."""

    TYPE: ClassVar[str] = "policies.canceled_together"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    chunk_id: str
    partner_id: str
    canceled_at: Moment
    currency: str
    policies: CanceledColumns


class PolicyEndorsed(Event, frozen=True, kw_only=True):
    """One policy was changed while it runs. ``premium_delta_fen`` is charged, or given back where below zero."""

    TYPE: ClassVar[str] = "policies.endorsed"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    endorsement_id: str
    policy_id: str
    version: int
    partner_id: str
    kind: Literal["item_added", "item_removed", "phone_changed", "name_corrected"]
    endorsed_at: Moment
    effective_at: Moment
    premium_delta_fen: int
    currency: str
    phone_token: str | None = None
    """With phone_changed: the new one."""
    item_reference: str | None = None
    """With item_added and item_removed: which one."""
    name_token: str | None = None
    """With name_corrected: that of the name as it is now."""


class PoliciesErased(Event, frozen=True, kw_only=True):
    """The persons behind these policies are to be forgotten: consumers overwrite their tokens and what they sealed."""

    TYPE: ClassVar[str] = "policies.erased"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    policy_ids: list[str]
    erased_at: Moment
    ground: str | None = None
    """Why it was allowed: a code."""


class PoliciesTransferred(Event, frozen=True, kw_only=True):
    """Up to 1,000 running policies move to another partner. ``versions`` are the policies' own, in one order."""

    TYPE: ClassVar[str] = "policies.transferred"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    from_partner_id: str
    to_partner_id: str
    transferred_at: Moment
    policy_ids: list[str]
    versions: list[int]


class PolicyNamed(Event, frozen=True, kw_only=True):
    """What the insured of a policy is called, masked: a person who looks at a claim has to see it. Told of few policies
    alone; ``version`` is the policy's.
    """

    TYPE: ClassVar[str] = "policies.named"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    policy_id: str
    version: int
    name_token: str
    name_masked: str
    told_at: Moment
