"""A command that cannot reach PostgreSQL or Kafka, or write to it, ends with one line and a code of its own."""

from __future__ import annotations

import sys
from typing import Any

import psycopg2.errors
from typer.core import TyperGroup

from shared.messaging.kafka_link import KafkaFault

EXIT_UNREACHABLE = 69
"""EX_UNAVAILABLE of sysexits.h: nothing is known to be wrong with the data; the same command may do well soon."""


class Commands(TyperGroup):
    """A service's commands: as typer has them, but for what they say where a server is away."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            sentence = _sentence(error, service=str(self.name))
            if sentence is None:
                raise
            sys.stderr.write(f"{sentence}\n")
            raise SystemExit(EXIT_UNREACHABLE) from None


def _sentence(error: Exception, *, service: str) -> str | None:
    """What is away and what to look at; None where neither is."""
    said = " ".join(str(error).split())
    if isinstance(error, psycopg2.OperationalError) and error.pgcode is None:  # no code: no server spoke
        names = f"{service.upper()}_DATABASE_URL right, and for migrate {service.upper()}_MIGRATION_DATABASE_URL"
        return f"{said}. Is PostgreSQL up, and is {names}?"
    if isinstance(error, psycopg2.errors.ReadOnlySqlTransaction):
        return f"PostgreSQL takes no writes. Is it a standby, and does {service.upper()}_DATABASE_URL name the primary?"
    if isinstance(error, KafkaFault):
        return f"{said}. Is Kafka up, and are KAFKA_BOOTSTRAP_SERVERS and its security settings right?"
    return None
