"""``enrollment.policies.v1``: what is covered, kept as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.fraud_detection.consumers.malformed import malformed_is_poison
from services.fraud_detection.store import coverage, coverage_rows
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import PoliciesEnrolled, PolicyCanceled
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription, Together


def _enrolled(tx: Tx, envelopes: Sequence[Envelope]) -> None:
    chunks = [_chunk(envelope) for envelope in envelopes]
    with malformed_is_poison():
        coverage_rows.keep(tx, chunks)


def _chunk(envelope: Envelope) -> PoliciesEnrolled:
    match envelope.data:
        case PoliciesEnrolled() as chunk if chunk.policies.are_of_one_length:
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


POLICIES: Final = Subscription(
    name="coverage",
    topics=(PoliciesEnrolled.TOPIC,),
    handlers={PoliciesEnrolled: Together(_enrolled), PolicyCanceled: _canceled},
)
