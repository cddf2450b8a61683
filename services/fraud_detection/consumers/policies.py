"""``enrollment.policies.v1``: what is covered, kept as it is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from services.fraud_detection.store import coverage, coverage_items, coverage_rows
from services.fraud_detection.usecases.erase_policies import erase
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import (
    PoliciesCanceled,
    PoliciesEnrolled,
    PoliciesErased,
    PoliciesTransferred,
    PolicyCanceled,
    PolicyEndorsed,
)
from shared.messaging.failures import Poison, malformed_is_poison
from shared.messaging.subscription import Subscription, Together

_TOKEN: Final = re.compile("[0-9a-f]{34}")
_REFERENCE: Final = re.compile(r"[^\x00]{1,200}")
"""Some text that PostgreSQL takes; how it is spelled is enrollment's to say."""


def _enrolled(tx: Tx, envelopes: Sequence[Envelope]) -> None:
    chunks = [_chunk(envelope) for envelope in envelopes]
    with malformed_is_poison():
        coverage_rows.keep(tx, chunks)
        coverage_items.keep_listed(tx, chunks)


def _chunk(envelope: Envelope) -> PoliciesEnrolled:
    match envelope.data:
        case PoliciesEnrolled() as chunk if chunk.policies.are_of_one_length:
            _require_references(reference for listed in chunk.policies.items or () for reference in listed)
            return chunk
        case PoliciesEnrolled():
            raise Poison("its columns are of different lengths")
        case other:
            raise Poison(f"it holds {type(other).__name__}")


def _canceled(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case PolicyCanceled() as canceled:
            with malformed_is_poison():
                coverage.keep_end(tx, canceled)
        case other:
            raise Poison(f"it holds {type(other).__name__}")


def _canceled_together(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case PoliciesCanceled() as canceled if canceled.policies.are_of_one_length:
            _require_versions(canceled.policies.version)
            with malformed_is_poison():
                coverage.keep_ends(tx, canceled)
        case PoliciesCanceled():
            raise Poison("its columns are of different lengths")
        case other:
            raise Poison(f"it holds {type(other).__name__}")


def _endorsed(tx: Tx, envelope: Envelope) -> None:
    """Of what an endorsement may change, the view holds the phone and what is listed: no names."""
    match envelope.data:
        case PolicyEndorsed(phone_token=str(phone_token)) as endorsed:
            _require_versions([endorsed.version])
            if _TOKEN.fullmatch(phone_token) is None:
                raise Poison("its phone token is none")
            with malformed_is_poison():
                coverage.keep_phone(tx, endorsed.policy_id, endorsed.version, phone_token)
        case PolicyEndorsed(kind="item_added" | "item_removed", item_reference=str(reference)) as endorsed:
            _require_versions([endorsed.version])
            _require_references([reference])
            with malformed_is_poison():
                coverage_items.keep_change(tx, endorsed)
        case PolicyEndorsed():
            pass
        case other:
            raise Poison(f"it holds {type(other).__name__}")


def _transferred(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case PoliciesTransferred() as transferred if len(transferred.policy_ids) == len(transferred.versions):
            _require_versions(transferred.versions)
            with malformed_is_poison():
                coverage.keep_partner(tx, transferred)
        case PoliciesTransferred():
            raise Poison("it has not one version for each policy")
        case other:
            raise Poison(f"it holds {type(other).__name__}")


def _erased(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case PoliciesErased() as erased:
            with malformed_is_poison():
                erase(tx, erased.policy_ids, erased_at=erased.erased_at)
        case other:
            raise Poison(f"it holds {type(other).__name__}")


def _require_versions(versions: Sequence[int]) -> None:
    if any(version <= 1 for version in versions):
        raise Poison("a change of a policy has a version above that of its enrollment")


def _require_references(references: Iterable[str]) -> None:
    if not all(_REFERENCE.fullmatch(reference) for reference in references):
        raise Poison("a reference of an item is none")


POLICIES: Final = Subscription(
    name="coverage",
    topics=(PoliciesEnrolled.TOPIC,),
    handlers={
        PoliciesEnrolled: Together(_enrolled),
        PolicyCanceled: _canceled,
        PoliciesCanceled: _canceled_together,
        PolicyEndorsed: _endorsed,
        PoliciesTransferred: _transferred,
        PoliciesErased: _erased,
    },
    gather_seconds=0.1,
)
