"""Of two persons who decide on one draft at the same moment the second one is told, and one decision stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.enrollment.products.domain.errors import DraftDecided
from services.enrollment.products.store import product_drafts, products
from services.enrollment.products.usecases.decide_draft import approve_draft, reject_draft
from services.enrollment.products.usecases.propose_product import propose_product
from shared.db.pool import Database
from shared.db.transaction import Tx
from tests.services.enrollment.builders import NOW, PRODUCT
from tests.services.enrollment.policies.at_once import beside

Decides = Callable[[Tx, str], object]


def approves(tx: Tx, draft_id: str) -> None:
    approve_draft(tx, draft_id, actor="actuary-chen", now=NOW)


def rejects(tx: Tx, draft_id: str) -> None:
    reject_draft(tx, draft_id, "Too dear.", actor="actuary-chen", now=NOW)


@pytest.fixture
def draft_id(database: Database) -> str:
    with database.transaction() as tx:
        terms = products.version(tx, PRODUCT, 1).terms
        return propose_product(tx, terms, begins_when_approved=True, actor="product-manager", now=NOW).draft_id


@pytest.mark.parametrize(("first", "second"), [(approves, rejects), (rejects, approves), (rejects, rejects)])
def test_who_decides_on_a_draft_beside_another_is_told_of_that_decision(
    database: Database, draft_id: str, first: Decides, second: Decides
) -> None:
    told = beside(database, lambda tx: first(tx, draft_id), lambda tx: second(tx, draft_id))
    assert isinstance(told, DraftDecided)


def test_a_draft_that_was_approved_is_not_rejected_any_more(database: Database, draft_id: str) -> None:
    with database.transaction() as tx:
        approves(tx, draft_id)
    with database.transaction() as tx:
        assert not product_drafts.decide(tx, draft_id, "rejected", by="actuary-chen", at=NOW, reason="Too late.")
