"""Sends what is due, in named phases, so that you see where a crash lands. The worker runs it as a job.

1. ``take``: deliveries that are due are leased. 2. ``post``: each is signed and sent by a thread of its own, with no
transaction open. 3. ``settle``: what came of it is one transaction. A crash in 2 or 3 leaves a lease that runs out, and
the message is sent again under the same webhook-id: at least once, and the receiver knows it again.

A slow receiver holds up nobody: it has a few slots at most, its partner's receivers have a few more together, and free
slots go to partners in turn. While it fails it has one, and pauses that grow between attempts.
"""

from __future__ import annotations

import random
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Final

from shared.courier.post import Courier
from shared.courier.standard_webhooks import (
    Answer,
    DisabledReason,
    Secret,
    Standing,
    headers,
    next_wait,
    pause,
    reason_to_disable,
)
from shared.db import audit
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.failures import PASSING
from shared.privacy.sealed import Sealer
from shared.process import metrics
from shared.process.clock import Clock, monotonic, wall_now
from shared.process.logs import get_logger
from shared.webhooks.domain.messages import EndpointDisabled, body
from shared.webhooks.domain.partners import Partners
from shared.webhooks.store import webhook_deliveries as deliveries
from shared.webhooks.store import webhook_endpoints as endpoints
from shared.webhooks.store import webhook_queue
from shared.webhooks.store.webhook_deliveries import Attempt, Slots, Taken, attempt_of
from shared.webhooks.usecases.secrets import signing

SLOTS: Final = Slots(all=32, of_one_partner=8, of_one_endpoint=4)
"""Messages under way at once in one worker: they wait for the network, so they cost memory and not a core. A partner
whose receivers all hang has a quarter of them; one that hangs leaves half of that to the partner's others."""
LEASE: Final = timedelta(seconds=60)
"""Four times what an attempt may take: a slow resolver and the settling are in it."""
MOMENT_SECONDS: Final = 0.25
"""How long it waits for one of its threads before it looks whether something else is due."""
LOOK_AGAIN_SECONDS: Final = 60.0
"""After a secret did not open with our keys: the messages wait, and neither they nor the endpoint count a failure."""
_SETTLING: Final = 2
"""Threads that may hold a connection of the worker's pool at once; each does for milliseconds."""
_KEPT: Final = timedelta(days=30)
_BITE: Final = 5_000

log = get_logger()


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery with the secrets that sign it now."""

    taken: Taken
    secrets: tuple[Secret, ...]


class _Unreadable(Exception):
    """Secrets of these endpoints do not open with our keys."""

    def __init__(self, endpoint_ids: list[str]) -> None:
        super().__init__()
        self.endpoint_ids = endpoint_ids


class Sender:
    """One process's share of the sending."""

    def __init__(self, database: Database, courier: Courier, sealer: Sealer, clock: Clock, partners: Partners) -> None:
        self._database = database
        self._courier = courier
        self._sealer = sealer
        self._clock = clock
        self._partners = partners
        self._threads = ThreadPoolExecutor(SLOTS.all, thread_name_prefix="webhook")
        self._under_way: dict[Future[None], Taken] = {}
        self._unreadable: dict[str, float] = {}
        self._connections = BoundedSemaphore(_SETTLING)

    def send_due(self) -> bool:
        """Begin to send what is due, as far as there are free slots; whether more may be due right now."""
        self._forget_done()
        letters = self._take()
        for letter in letters:
            self._under_way[self._threads.submit(self._deliver, letter)] = letter.taken
        return len(letters) > 0 or self._one_ended()

    def _one_ended(self) -> bool:
        """Whether a slot came free within a moment: a fast receiver gets its next message without a pause."""
        return len(wait(self._under_way, MOMENT_SECONDS, return_when=FIRST_COMPLETED).done) > 0

    def finish(self) -> None:
        """Wait for what is under way; for who runs this without a worker."""
        for future in list(self._under_way):
            future.result()
        self._forget_done()

    def _forget_done(self) -> None:
        """Raises what a thread ended by: a bug, that has to become the end of the process."""
        for future in [each for each in self._under_way if each.done()]:
            del self._under_way[future]
            future.result()

    def _take(self) -> list[Letter]:
        under_way = list(self._under_way.values())
        while len(under_way) < SLOTS.all:
            try:
                with self._database.transaction() as tx:
                    passed_over = self._passed_over()
                    taken = deliveries.take(tx, SLOTS, under_way, passed_over, lease=LEASE, now=wall_now())
                    return self._letters(tx, taken)
            except _Unreadable as error:
                self._unreadable |= dict.fromkeys(error.endpoint_ids, monotonic())
        return []

    def _passed_over(self) -> list[str]:
        """Endpoints whose secrets did not open a moment ago."""
        until = monotonic() - LOOK_AGAIN_SECONDS
        self._unreadable = {each: when for each, when in self._unreadable.items() if when > until}
        return list(self._unreadable)

    def _letters(self, tx: Tx, taken: list[Taken]) -> list[Letter]:
        """What was taken, without what was meant for an endpoint that is gone by now.

        Raises:
            _Unreadable: so that nothing stays taken that cannot be signed.
        """
        secrets = {each: signing(tx, self._sealer, each) for each in {each.endpoint_id for each in taken}}
        unreadable = [each for each, found in secrets.items() if found is None]
        if unreadable:
            raise _Unreadable(unreadable)
        return [Letter(each, found) for each in taken if (found := secrets[each.endpoint_id])]

    def _deliver(self, letter: Letter) -> None:
        taken = letter.taken
        began_at, began = wall_now(), monotonic()
        answer = self._post(letter)
        seconds = monotonic() - began
        metrics.WEBHOOK_ATTEMPTS.labels(answer.failure or "delivered").inc()
        metrics.WEBHOOK_SECONDS.observe(seconds)
        attempt = attempt_of(taken.attempts, answer, began_at, seconds)
        try:
            with self._connections:
                standing = self._settle(taken, attempt, answer)
                reason = reason_to_disable(answer, standing, wall_now())
                if reason is not None:
                    self._disable(taken, reason)
        except PASSING as error:
            # The lease runs out, and the message goes again under its webhook-id.
            log.warning("webhook_not_settled", delivery_id=taken.delivery_id, error=type(error).__name__)

    def _post(self, letter: Letter) -> Answer:
        body = letter.taken.body.encode()
        signed = headers(letter.taken.webhook_id, wall_now(), body, letter.secrets)
        return self._courier.post(letter.taken.url, signed, body)

    def _settle(self, taken: Taken, attempt: Attempt, answer: Answer) -> Standing:
        now = wall_now()
        delay = next_wait(taken.tries, answer.retry_after, random.random())  # noqa: S311  # no secret
        with self._database.transaction() as tx:
            deliveries.settle(tx, taken, attempt, next_due=None if delay is None else now + delay, now=now)
            if answer.delivered:
                endpoints.note_success(tx, taken.endpoint_id)
                return Standing(0, None)
            until = now + pause(taken.failures + 1, answer.retry_after)
            return endpoints.note_failure(tx, taken.endpoint_id, paused_until=until, now=now)

    def _disable(self, taken: Taken, reason: DisabledReason) -> None:
        """Take the endpoint out, and say so: there, to the partner's others, in the audit trail, in metric and log."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            self._partners.hold(tx, taken.partner_no)
            if not endpoints.disable(tx, taken.endpoint_id, reason, wall_now()):
                return
            _tell_disabled(tx, taken.partner_no, taken.endpoint_id, reason, now=now)
            audit.record(
                tx,
                actor="webhooks",
                action="webhook_endpoint.disabled",
                subject=taken.endpoint_id,
                details={"reason": reason},
                now=now,
            )
        metrics.WEBHOOK_ENDPOINTS_DISABLED.labels(reason).inc()
        log.warning("webhook_endpoint_disabled", endpoint_id=taken.endpoint_id, reason=reason)


def _tell_disabled(tx: Tx, partner_no: int, endpoint_id: str, reason: DisabledReason, *, now: datetime) -> None:
    """The partner's other endpoints are told, for only who looks finds its notice."""
    fact = EndpointDisabled(endpoint_id=endpoint_id, reason=reason)
    told = [(partner_no, body(fact.TYPE, now.astimezone(UTC), fact))]
    webhook_queue.enqueue(tx, fact.TYPE, told, but=endpoint_id)


def count_due(database: Database) -> bool:
    """Show how many deliveries could be sent now and are not yet."""
    with database.transaction() as tx:
        number, seconds = webhook_queue.due(tx, wall_now())
    metrics.WEBHOOKS_DUE.set(number)
    metrics.WEBHOOKS_DUE_SECONDS.set(seconds)
    return False


def drop_old(database: Database) -> bool:
    """Drop secrets that sign no more, and deliveries of a month ago, a bite at a time; whether more may be left."""
    now = wall_now()
    before = now - _KEPT
    first_of_later = f"{int(before.timestamp() * 1000):012x}"
    before_id = f"{first_of_later[:8]}-{first_of_later[8:]}-0000-0000-000000000000"
    with database.transaction() as tx:
        endpoints.forget_secrets(tx, now)
        return deliveries.drop_older(tx, before_id, bite=_BITE, now=now) == _BITE
