"""``enrollment.policies.v1``: what is covered, kept as it is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from services.fraud_detection.coverage.store import coverage, coverage_items, coverage_rows
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import (
    PoliciesCanceled,
    PoliciesEnrolled,
    PoliciesTransferred,
    PolicyCanceled,
    PolicyEndorsed,
    PolicyNamed,
)
from shared.messaging.failures import Poison
from shared.messaging.subscription import Together, on
from shared.values.ids import is_token

_REFERENCE: Final = re.compile(r"[^\x00]{1,200}")
"""Some text that PostgreSQL takes; how it is spelled is enrollment's to say."""


def _enrolled(tx: Tx, envelopes: Sequence[Envelope[PoliciesEnrolled]]) -> None:
    chunks = [envelope.data for envelope in envelopes]
    for chunk in chunks:
        _require_whole(chunk)
    coverage_rows.keep(tx, chunks)
    coverage_items.keep_listed(tx, chunks)


def _require_whole(chunk: PoliciesEnrolled) -> None:
    if not chunk.policies.are_of_one_length:
        raise Poison("its columns are of different lengths")
    _require_references(reference for listed in chunk.policies.items or () for reference in listed)


def _canceled(tx: Tx, envelope: Envelope[PolicyCanceled]) -> None:
    coverage.keep_end(tx, envelope.data)


def _canceled_together(tx: Tx, envelope: Envelope[PoliciesCanceled]) -> None:
    canceled = envelope.data
    if not canceled.policies.are_of_one_length:
        raise Poison("its columns are of different lengths")
    _require_versions(canceled.policies.version)
    coverage.keep_ends(tx, canceled)


def _endorsed(tx: Tx, envelope: Envelope[PolicyEndorsed]) -> None:
    """Of what an endorsement may change, the view holds the phone, what is listed, and the name as a token."""
    match envelope.data:
        case PolicyEndorsed(phone_token=str(phone_token)) as endorsed:
            _require_versions([endorsed.version])
            if not is_token(phone_token):
                raise Poison("its phone token is none")
            coverage.keep_phone(tx, endorsed.policy_id, endorsed.version, phone_token)
        case PolicyEndorsed(name_token=str(name_token)) as endorsed:
            _require_versions([endorsed.version])
            _require_name(name_token)
            coverage.keep_name(tx, endorsed.policy_id, endorsed.version, name_token)
        case PolicyEndorsed(kind="item_added" | "item_removed", item_reference=str(reference)) as endorsed:
            _require_versions([endorsed.version])
            _require_references([reference])
            coverage_items.keep_change(tx, endorsed)
        case PolicyEndorsed():
            pass


def _named(tx: Tx, envelope: Envelope[PolicyNamed]) -> None:
    named = envelope.data
    if named.version < 1:
        raise Poison("a policy's versions begin with 1")
    _require_name(named.name_token)
    coverage.keep_name(tx, named.policy_id, named.version, named.name_token, named.name_masked)


def _require_name(token: str) -> None:
    if not is_token(token):
        raise Poison("its name token is none")


def _transferred(tx: Tx, envelope: Envelope[PoliciesTransferred]) -> None:
    transferred = envelope.data
    if len(transferred.policy_ids) != len(transferred.versions):
        raise Poison("it has not one version for each policy")
    _require_versions(transferred.versions)
    coverage.keep_partner(tx, transferred)


def _require_versions(versions: Sequence[int]) -> None:
    if any(version <= 1 for version in versions):
        raise Poison("a change of a policy has a version above that of its enrollment")


def _require_references(references: Iterable[str]) -> None:
    if not all(_REFERENCE.fullmatch(reference) for reference in references):
        raise Poison("a reference of an item is none")


COVERED: Final = (
    on(PoliciesEnrolled, Together(_enrolled))
    | on(PolicyCanceled, _canceled)
    | on(PoliciesCanceled, _canceled_together)
    | on(PolicyEndorsed, _endorsed)
    | on(PolicyNamed, _named)
    | on(PoliciesTransferred, _transferred)
)
"""What of the topic changes the view; who is to be forgotten is erasure's."""
