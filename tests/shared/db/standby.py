"""Two PostgreSQL servers of which one follows the other, made and promoted as operators do it, by pg_basebackup."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from typing import Final

import psycopg2

from deploy.local import postgresql
from deploy.local.places import LOOPBACK, free_port
from tests.real_parts import Room, stop

NAME: Final = "payout"


class Pair:
    """A primary and its standby, reached by one URL that names both, the primary first."""

    def __init__(self, room: Room, name: str) -> None:
        self._room = room
        self._password = postgresql.new_password()
        self.primary = postgresql.Server(room.folder / f"{name}-primary", free_port(), postgresql.new_password())
        self.primary.prepare(postgresql.THROWAWAY)
        self.start_primary()
        self.primary.add_service(NAME, owner_password=self._password, password=self._password)
        self.standby = self._copied(name)
        self._standby = self._run(self.standby)
        self.standby.wait()

    @property
    def url(self) -> str:
        hosts = ",".join(f"{LOOPBACK}:{server.port}" for server in (self.primary, self.standby))
        return f"postgresql://{postgresql.owner_of(NAME)}:{self._password}@{hosts}/{NAME}"

    def start_primary(self) -> None:
        self._primary = self._run(self.primary)
        self.primary.wait()

    def stop_primary(self) -> None:
        stop(self._primary, signal.SIGINT)

    def promote(self) -> None:
        """Make the standby a server of its own; returns when it takes writes."""
        with closing(psycopg2.connect(self.standby.url())) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_promote(wait_seconds => 60)")

    def close(self) -> None:
        for process in (self._primary, self._standby):
            if process.poll() is None:
                stop(process, signal.SIGINT)

    def _run(self, server: postgresql.Server) -> subprocess.Popen[bytes]:
        return self._room.start(server.command(), server.log, account=postgresql.account())

    def _copied(self, name: str) -> postgresql.Server:
        server = postgresql.Server(self._room.folder / f"{name}-standby", free_port(), self.primary.password)
        server.folder.mkdir(mode=0o755)
        postgresql.give_away(server.folder)
        command = [str(postgresql.BINARIES / "pg_basebackup"), "--dbname", self.primary.url(), "--checkpoint=fast"]
        command += ["--write-recovery-conf", "--no-sync", "--pgdata", str(server.data)]
        done = self._room.start(command, server.log, account=postgresql.account()).wait(60)
        assert done == 0, server.log.read_text()
        return server
