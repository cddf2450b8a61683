"""Queues a fact for the partner's servers in the transaction of the fact: both are there, or neither is.

Sending is the worker's, afterwards and again and again; see send.py.
"""

from __future__ import annotations

from datetime import datetime

from services.enrollment.domain.webhook_facts import Fact, body
from services.enrollment.store import webhook_queue
from shared.db.transaction import Tx


def tell(tx: Tx, partner_no: int, fact: Fact, *, now: datetime) -> int:
    """How many of the partner's endpoints will be told; one statement, also where there is none.

    Who holds the contract can spare even that: ``if fact.TYPE in contract.webhook_types``.
    """
    return webhook_queue.enqueue(tx, partner_no, fact.TYPE, body(fact.TYPE, now, fact))
