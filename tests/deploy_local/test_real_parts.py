"""The real parts that all other tests stand on."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from deploy.local.faults import UnknownClient
from deploy.local.issuer import Issuer, clients
from tests.real_parts import Kafka, Postgres


def test_one_service_cannot_even_connect_to_anothers_database(postgres: Postgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(postgres.url_of("payout", "enrollment"))
    with (
        postgres.fresh("payout") as url,
        closing(psycopg2.connect(url)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("payout",)


def test_the_broker_speaks_its_protocol(kafka_broker: Kafka) -> None:
    assert kafka_broker.broker.answers()


def test_every_client_gets_a_token_for_its_own_services(issuer: Issuer) -> None:
    for name in clients():
        assert issuer.token(name).count(".") == 2


def test_an_unknown_client_is_told_who_is_known(issuer: Issuer) -> None:
    with pytest.raises(UnknownClient, match="telecom-east"):
        issuer.token("nobody")


def test_a_database_of_an_older_stack_goes_over_to_its_owner(postgres: Postgres) -> None:
    """Its one role owned everything; now that is the role of the processes, and another one owns."""
    postgres.run("CREATE ROLE older LOGIN PASSWORD 'a-password'")
    postgres.run("CREATE DATABASE older OWNER older")
    server = postgres.server
    theirs = server.url("older", user="older", password="a-password")
    with closing(psycopg2.connect(theirs)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE marks (mark text)")

    for _ in range(2):
        server.add_service("older", owner_password="another", password="a-password")

    owners = server.url("older", user="older_owner", password="another")
    with closing(psycopg2.connect(owners)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE marks ADD COLUMN more text")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(theirs)
