"""What whoever takes over a process of a service can still not do in its database: each thing is tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names its class in lower case

from shared.db.errors import UnfitRole
from shared.db.migrate import migrate
from tests.real_parts import SERVICES, Postgres, migrate_service

ONLY_ADDED_TO = {
    "enrollment": ("audit_log", "consent_texts", "product_versions", "statement_parts", "event_tallies"),
    "fraud_detection": (
        "audit_log",
        "claim_steps",
        "model_promotions",
        "past_claim_datasets",
        "past_claims",
        "promotion_policies",
        "promotion_gates",
        "promotion_history",
    ),
    "payout": ("audit_log", "ledger_transfers", "ledger_entries", "bank_entries", "payout_history"),
}
ONLY_READ = {
    "enrollment": ("schema_migrations", "retention_rules"),
    "fraud_detection": (
        "schema_migrations",
        "claim_states",
        "claim_legal_steps",
        "model_states",
        "model_legal_steps",
    ),
    "payout": ("schema_migrations", "ledger_accounts", "payout_states", "payout_steps"),
}
FIRST_COLUMN = """
SELECT quote_ident(attname) FROM pg_attribute
WHERE attrelid = '{}'::regclass AND attnum > 0 AND attidentity = '' ORDER BY attnum
"""
ON_EACH_TABLE = (
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE TRIGGER USER",
    "ALTER TABLE {} ADD COLUMN more text",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
    "CREATE INDEX ON {} ((true))",
    "CREATE RULE nothing AS ON DELETE TO {} DO INSTEAD NOTHING",
    "CREATE TRIGGER late BEFORE DELETE ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "TRUNCATE {}",
    "DROP TABLE {} CASCADE",
)
ON_THE_DATABASE = (
    "CREATE TABLE more (n integer)",
    "CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA more",
    "DROP SCHEMA public CASCADE",
    "ALTER DATABASE {database} SET session_replication_role = replica",
    "SET session_replication_role = replica",
    "SET ROLE {service}_owner",
    "SET ROLE postgres",
    "GRANT {service}_owner TO {service}",
    "CREATE ROLE more",
    "COPY (SELECT 1) TO PROGRAM 'true'",
)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def process(postgres: Postgres, service: str) -> Iterator[Connection]:
    """The database as a process of the service sees it."""
    with postgres.fresh(service) as url, closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        yield connection


def column(connection: Connection, statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [str(row[0]) for row in cursor.fetchall()]


def allowed(connection: Connection, statements: list[str]) -> list[str]:
    """Which of them are not refused for want of a privilege; none is done."""
    found = []
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                cursor.execute(statement)
                found.append(statement)
            except InsufficientPrivilege:
                pass
            except psycopg2.Error as error:
                found.append(f"{statement}: {error}")
            cursor.execute("ROLLBACK")
    return found


def test_no_table_and_no_trigger_can_be_changed(process: Connection) -> None:
    tables = column(process, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    assert "outbox" in tables
    assert allowed(process, [statement.format(table) for table in tables for statement in ON_EACH_TABLE]) == []


def test_no_function_of_a_trigger_can_be_replaced_or_dropped(process: Connection) -> None:
    functions = column(process, "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    assert "audit_log_is_only_added_to()" in functions
    dropped = [f"DROP FUNCTION {function} CASCADE" for function in functions]
    assert allowed(process, [*dropped, *(f"ALTER FUNCTION {function} SET x.y TO z" for function in functions)]) == []


def test_nothing_is_made_and_no_other_role_is_taken(process: Connection, service: str) -> None:
    (database,) = column(process, "SELECT current_database()")
    assert allowed(process, [each.format(database=database, service=service) for each in ON_THE_DATABASE]) == []


def test_books_are_only_added_to_and_rules_are_only_read(process: Connection, service: str) -> None:
    for table in (*ONLY_ADDED_TO[service], *ONLY_READ[service]):
        name = column(process, FIRST_COLUMN.format(table))[0]
        assert allowed(process, [f"DELETE FROM {table}", f"UPDATE {table} SET {name} = {name}"]) == []
        column(process, f"SELECT 1 FROM {table}")
    assert allowed(process, [f"INSERT INTO {table} DEFAULT VALUES" for table in ONLY_READ[service]]) == []


def test_no_number_is_given_out_twice(process: Connection) -> None:
    sequences = column(process, "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
    assert "outbox_id_seq" in sequences
    assert allowed(process, [f"SELECT setval('{sequence}', 1)" for sequence in sequences]) == []


def test_no_table_hides_another_where_triggers_read_tables(postgres: Postgres) -> None:
    """A temporary table of legal steps would be found before the real one. What migrate itself took away counts."""
    name = "payout_as_migrated"
    owner = postgres.url_of("payout_owner", name)
    postgres.run(f"CREATE DATABASE {name} OWNER payout_owner")
    try:
        migrate_service(owner, "payout")
        with closing(psycopg2.connect(postgres.url_of("payout", name))) as connection:
            connection.autocommit = True
            assert allowed(connection, ["CREATE TEMPORARY TABLE payout_steps (from_state text, to_state text)"]) == []
    finally:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_role_that_could_help_itself_is_refused(postgres: Postgres) -> None:
    with postgres.fresh("payout") as url:
        owner = postgres.owner_url(url)
        for role, why in (
            ("payout_owner", "owns the database"),
            ("postgres", "may make roles"),
            ("nobody_here", "none"),
        ):
            with pytest.raises(UnfitRole, match=f"The role {role} .* {why}"):
                migrate(owner, [], processes=role)
