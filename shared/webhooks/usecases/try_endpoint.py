"""Sends a test message to an endpoint at once and says what came of it, in phases with no transaction open meanwhile.

1. The endpoint and its secrets are read. 2. The message is sent, outside of the queue, so that a disabled endpoint can
be tried as well. 3. The attempt goes into the delivery log; how the endpoint fared before stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from shared.courier.post import ATTEMPT_SECONDS, Courier
from shared.courier.standard_webhooks import Answer, Secret, headers
from shared.db.pool import Database
from shared.privacy.sealed import Sealer
from shared.process.clock import monotonic, wall_now
from shared.process.new_ids import new_id
from shared.webhooks.domain.errors import TestsBusy
from shared.webhooks.domain.messages import body
from shared.webhooks.domain.partners import Partners
from shared.webhooks.store import webhook_deliveries as deliveries
from shared.webhooks.store.webhook_deliveries import Attempt, Tried, attempt_of
from shared.webhooks.usecases.endpoints import endpoint_of
from shared.webhooks.usecases.secrets import signing

TEST_TYPE: Final = "webhook.test"
AT_ONCE: Final = 2
"""In one web process: a thread waits for the outcome as long as a worker would, and receivers that do not answer must
not take all of them."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a test message."""

    delivery_id: str
    webhook_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Trials:
    """Sends test messages, a few at once."""

    database: Database
    courier: Courier
    sealer: Sealer
    partners: Partners
    _slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def try_endpoint(self, endpoint_id: str, *, tenant: str, now: datetime) -> Trial:
        """Raises:
        UnknownEndpoint: see endpoint_of.
        TestsBusy: other tests are under way in this process.
        """
        with self.database.transaction() as tx:
            found = endpoint_of(tx, endpoint_id, partner_no=self.partners.number_of(tx, tenant))
            secrets = signing(tx, self.sealer, endpoint_id)
        if not self._slots.acquire(blocking=False):
            raise TestsBusy(retry_after=round(ATTEMPT_SECONDS))
        try:
            tried = Tried(
                new_id(), new_id(), endpoint_id, TEST_TYPE, body(TEST_TYPE, now, {"endpoint_id": endpoint_id})
            )
            began_at, began = wall_now(), monotonic()
            answer = self._post(found.url, tried, secrets, began_at)
            attempt = attempt_of(1, answer, began_at, monotonic() - began)
        finally:
            self._slots.release()
        with self.database.transaction() as tx:
            deliveries.add_tried(tx, tried, attempt, now=wall_now())
        return Trial(tried.delivery_id, tried.webhook_id, attempt)

    def _post(self, url: str, tried: Tried, secrets: Sequence[Secret] | None, now: datetime) -> Answer:
        if secrets is None:
            return Answer(None, "secret_unreadable")
        text = tried.body.encode()
        signed = headers(tried.webhook_id, now, text, secrets)
        return self.courier.post(url, signed, text, seconds=ATTEMPT_SECONDS)
