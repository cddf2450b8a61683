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
    with closing(psycopg2.connect(postgres.url_of("payout", "payout"))) as connection, connection.cursor() as cursor:
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
