"""A real PostgreSQL and a real Kafka for one test session: at free ports, in a folder of their own, gone at the end
however it ends.

What a test does with them is left to the fixtures of conftest.py.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from deploy.local import postgresql
from deploy.local.kafka import Broker
from deploy.local.places import free_port
from deploy.local.watchdog import MARK, Watchdog

SERVICES = ("enrollment", "fraud_detection", "payout")
STOP_SECONDS = 60.0

_RIGHTS = """
SELECT one.privilege_type FROM pg_database, aclexplode(datacl) AS one
WHERE datname = %s AND one.grantee = %s::regrole
"""


class Room:
    """The session's folder, watched: what runs with its mark ends with the session, and the folder goes too."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fangzha-tests-"))
        self._watchdog = Watchdog(str(self.folder), wipe=self.folder)

    @property
    def mark(self) -> dict[str, str]:
        """To add to a child's environment."""
        return {MARK: str(self.folder)}

    def close(self) -> None:
        self._watchdog.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(
        self, command: Sequence[str], log: Path, *, account: postgresql.Account | None = None
    ) -> subprocess.Popen[bytes]:
        """A child in a session of its own, so that Ctrl-C reaches the tests first."""
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=os.environ | self.mark,
                start_new_session=True,
                user=account.user if account else None,
                group=account.group if account else None,
                extra_groups=() if account else None,
            )


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)


class Postgres:
    """The session's server. ``fresh(service)`` gives a database of its own, cloned from a migrated template."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.server = postgresql.Server(room.folder / "postgresql", free_port(), postgresql.new_password())
        roles = [*SERVICES, *map(postgresql.owner_of, SERVICES)]
        self._passwords = {role: postgresql.new_password() for role in roles}
        self._rights: dict[str, str] = {}
        self._numbers = itertools.count(1)
        # A vacuum that begins by itself is one transaction more where a test counts them, and holds locks for a moment.
        self.server.prepare({**postgresql.THROWAWAY, "max_connections": "200", "autovacuum": "off"})
        self._process = self._start()
        self.server.wait()
        for service in SERVICES:
            owner = self._passwords[postgresql.owner_of(service)]
            self.server.add_service(service, owner_password=owner, password=self._passwords[service])

    def _start(self) -> subprocess.Popen[bytes]:
        return self._room.start(self.server.command(), self.server.log, account=postgresql.account())

    @property
    def url(self) -> str:
        """The administrator's, for what no service may do."""
        return self.server.url()

    @property
    def port(self) -> int:
        return self.server.port

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server by a signal (SIGKILL is a crash) and start it at the same port."""
        stop(self._process, how)
        self._process = self._start()
        self.server.wait()

    def stop(self) -> None:
        stop(self._process, signal.SIGINT)

    def run(self, statement: str) -> None:
        """One statement as the administrator, outside a transaction."""
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def end_sessions(self, database: str) -> None:
        """End whatever is connected to ``database``, as a fail-over does."""
        self.run(f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{database}'")

    def url_of(self, role: str, database: str) -> str:
        return self.server.url(database, user=role, password=self._passwords[role])

    def owner_url(self, url: str) -> str:
        """A database that ``fresh`` gave, as its owner: for what no process of the service may do."""
        address = urlsplit(url)
        return self.url_of(postgresql.owner_of(str(address.username)), address.path.removeprefix("/"))

    def _template(self, service: str) -> str:
        """The migrated database that others are cloned from; made once a session, by the service's own migrations."""
        name = f"template_{service}"
        if service not in self._rights:
            self.run(f"CREATE DATABASE {name} OWNER {postgresql.owner_of(service)}")
            migrate_service(self.url_of(postgresql.owner_of(service), name), service)
            with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
                cursor.execute(_RIGHTS, (name, service))
                self._rights[service] = ", ".join(right for (right,) in cursor.fetchall())
        return name

    @contextmanager
    def fresh(self, service: str) -> Iterator[str]:
        """The URL of a new migrated database for the role of the service's processes, dropped at the end."""
        template = self._template(service)
        name = f"{service}_{next(self._numbers)}"
        # Copying files beats writing the copy to the log when nothing is synced.
        owner = postgresql.owner_of(service)
        self.run(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE {template} STRATEGY FILE_COPY")
        # What migrate said of the tables is copied; what it said of the database is not.
        self.run(
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT {self._rights[service]} ON DATABASE {name} TO {service}"
        )
        try:
            yield self.url_of(service, name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


def migrate_service(url: str, service: str) -> None:
    """Bring a database to the newest schema in this process, as ``python -m services.<service> migrate`` does.

    ``url`` is the owner's; the service's own role may then work with the tables.
    """
    from shared.db.migrate import migrate  # noqa: PLC0415 - a test that needs no database need not load it

    migrate(url, [Path("services") / service / "migrations"], processes=service)


class Kafka:
    """The session's broker."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.broker = Broker(room.folder / "kafka", free_port(), free_port())
        self.broker.prepare()
        self._process = self._start()
        self.broker.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return self._room.start(self.broker.command(), self.broker.log)

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the broker by a signal (SIGKILL is a crash) and start it at the same port."""
        stop(self._process, how)
        self._process = self._start()
        self.broker.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and says nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        stop(self._process, signal.SIGTERM)


def new_prefix() -> str:
    """Keeps one test's topics and groups apart from another's."""
    return f"t{secrets.token_hex(4)}."
