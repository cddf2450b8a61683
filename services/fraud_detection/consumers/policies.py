"""``enrollment.policies.v1``: what is covered, kept as it is told."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.consumers.malformed import malformed_is_poison
from services.fraud_detection.store import coverage
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import PoliciesEnrolled, PolicyCanceled
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription


def _enrolled(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case PoliciesEnrolled() as chunk:
            columns = chunk.policies
            lengths = {
                len(column)
                for column in (
                    columns.policy_id,
                    columns.person_token,
                    columns.phone_token,
                    columns.birth_year,
                    columns.effective_from,
                    columns.effective_to,
                    columns.waits_from,
                    columns.retroactive_from,
                )
                if column is not None
            }
            if len(lengths) != 1:
                raise Poison("its columns are of different lengths")
            with malformed_is_poison():
                coverage.keep_chunk(tx, chunk)
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
    handlers={PoliciesEnrolled: _enrolled, PolicyCanceled: _canceled},
)
