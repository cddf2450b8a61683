"""How one connection to PostgreSQL is opened, and what its columns come back as. How many there are is the pool's."""

from __future__ import annotations

from typing import Any, Final

import psycopg2
from psycopg2 import extensions
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names its class in lower case

_AS_READ: Final = {
    "TimeZone": "UTC",
    "client_encoding": "UTF8",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
}
"""How values are written for us, whatever the server, the database or the role is set to: psycopg2 2.9.13 reads other
styles of an interval as another one, without a word, and a score needs all its digits."""
_UUID_ARRAY_OID = 2951
_BYTEA_OID = 17

_UUID_ARRAY = extensions.new_array_type((_UUID_ARRAY_OID,), "UUID[]", extensions.UNICODE)


def _bytes(value: Any, cursor: Any) -> bytes | None:
    return None if value is None else bytes(psycopg2.BINARY(value, cursor))


_BYTES = extensions.new_type((_BYTEA_OID,), "BYTES", _bytes)


def connect(url: str, application_name: str) -> Connection:
    """A new connection: UTC sessions, uuid as str, timestamptz as aware datetime, bytea as bytes.

    ``connect_timeout`` is 5 seconds: a healthy server answers in milliseconds, and a caller waits meanwhile.
    Keep-alives find a peer that vanished without a word (a pulled cable, a lost node) within about a minute.
    """
    connection: Connection = psycopg2.connect(
        url,
        application_name=application_name,
        connect_timeout=5,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        options=" ".join(f"-c {name}={value}" for name, value in _AS_READ.items()),
    )
    extensions.register_type(_BYTES, connection)
    extensions.register_type(_UUID_ARRAY, connection)
    return connection
