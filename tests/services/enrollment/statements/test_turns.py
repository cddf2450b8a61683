"""Which statement is drawn by whom, and that one which is still drawn is not settled."""

from __future__ import annotations

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.statements.store import statements
from services.enrollment.statements.usecases import draw_statements
from shared.db.pool import Database
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
