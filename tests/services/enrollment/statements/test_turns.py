"""Who draws which statement, and that two persons who decide at the same moment decide one after the other."""

from __future__ import annotations

import pytest

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.statements.domain.errors import AlreadyAnswered, AlreadySettled, NoSettlement
from services.enrollment.statements.domain.statements import Sum
from services.enrollment.statements.store import statements
from services.enrollment.statements.usecases import draw_statements
from services.enrollment.statements.usecases.dispute_statement import answer_dispute, raise_dispute
from services.enrollment.statements.usecases.settle_statement import decide_settlement, record_settlement
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.values.money import Fen
from tests.services.enrollment.policies.at_once import beside
from tests.services.enrollment.statements.books import APRIL, Books, a_march, taxed_books


def begun(database: Database, vault: Vault) -> Books:
    """The statements of two partners are to be drawn."""
    books = a_march(taxed_books(database, vault))
    with database.transaction() as tx:
        draw_statements.start_due_statements(tx, now=APRIL)
    return books


def test_a_worker_passes_over_the_statement_that_another_draws(database: Database, vault: Vault) -> None:
    begun(database, vault)
    with database.transaction() as tx, database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '5s'")
        first, second = statements.take_next(tx), statements.take_next(other)
    assert first is not None
    assert second is not None
    assert first.statement.statement_id < second.statement.statement_id


def test_a_statement_that_is_still_drawn_is_not_settled(database: Database, vault: Vault) -> None:
    books = begun(database, vault)
    with database.transaction() as tx:
        statements.settle(tx, books.statement().statement_id)
    assert books.statement().state == "drawing"


@pytest.fixture
def march(database: Database, vault: Vault) -> Books:
    """Its statements are drawn."""
    books = a_march(taxed_books(database, vault))
    books.draw()
    return books


@pytest.mark.parametrize("upheld", [True, False])
def test_who_answers_a_dispute_beside_another_is_told_of_that_answer(march: Books, *, upheld: bool) -> None:
    stated = march.statement()
    with march.database.transaction() as tx:
        dispute_id = raise_dispute(
            tx, stated.statement_id, None, "other", None, partner_no=stated.partner_no, actor="east", now=APRIL
        ).dispute_id

    def answers(tx: Tx, *, upheld: bool) -> None:
        adjustment = Sum(1, Fen(-1) if upheld else Fen(0))
        answer_dispute(tx, dispute_id, upheld=upheld, adjustment=adjustment, actor="one", now=APRIL)

    told = beside(march.database, lambda tx: answers(tx, upheld=True), lambda tx: answers(tx, upheld=upheld))
    assert isinstance(told, AlreadyAnswered)


def test_who_records_a_settlement_beside_another_is_told_that_there_is_one(march: Books) -> None:
    stated = march.statement()

    def records(tx: Tx, reference: str) -> None:
        record_settlement(tx, stated.statement_id, stated.total.net, reference, APRIL.date(), actor="one", now=APRIL)

    told = beside(march.database, lambda tx: records(tx, "FT-1"), lambda tx: records(tx, "FT-2"))
    assert isinstance(told, AlreadySettled)


def test_who_decides_on_a_settlement_beside_another_is_told_that_none_waits(march: Books) -> None:
    stated = march.statement()
    with march.database.transaction() as tx:
        record_settlement(tx, stated.statement_id, stated.total.net, "FT-1", APRIL.date(), actor="one", now=APRIL)

    def decides(tx: Tx, *, approved: bool) -> None:
        decide_settlement(tx, stated.statement_id, approved=approved, actor="two", now=APRIL)

    told = beside(march.database, lambda tx: decides(tx, approved=True), lambda tx: decides(tx, approved=False))
    assert isinstance(told, NoSettlement)
    assert march.statement().state == "settled"
