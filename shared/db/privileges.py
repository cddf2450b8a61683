"""What the role of a service's processes may do in its database: write rows, but change no table and no trigger.

Migrations run as the owner of the database, who grants anew after each run. What rows are only added to, or only read,
stands in a ``grants.sql`` beside the migrations, with ``{processes}`` for the role.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names its class in lower case

from shared.db.errors import UnfitRole

FILE: Final = "grants.sql"

_LOOK: Final = """
SELECT base.datname, role.rolsuper OR role.rolcreaterole OR pg_has_role(role.oid, base.datdba, 'MEMBER')
FROM pg_roles AS role, pg_database AS base
WHERE role.rolname = %s AND base.datname = current_database()
"""
# Without TEMPORARY: a temporary table is found before the one that a trigger means, e.g. one of legal steps.
_ROWS: Final = """
REVOKE ALL ON DATABASE {database} FROM PUBLIC, {processes};
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM {processes};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {processes};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {processes};
GRANT CONNECT ON DATABASE {database} TO {processes};
GRANT USAGE ON SCHEMA public TO {processes};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {processes};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {processes};
"""


def grant(cursor: Cursor, processes: str, folders: Iterable[Path]) -> None:
    """Let the role ``processes`` do what it needs in this database, and no more. The caller commits, all at once.

    Raises:
        UnfitRole: there is no such role, or it can give itself whatever is withheld here.
    """
    cursor.execute(_LOOK, (processes,))
    found = cursor.fetchone()
    if found is None:
        raise UnfitRole(processes, "there is none of that name; make it, with LOGIN and a password")
    database, beyond = found
    if beyond:
        raise UnfitRole(processes, "it owns the database, belongs to its owner, or may make roles")
    names = {"database": sql.Identifier(database), "processes": sql.Identifier(processes)}
    own = (folder / FILE for folder in folders)
    for text in (_ROWS, *(path.read_text(encoding="utf-8") for path in own if path.exists())):
        cursor.execute(sql.SQL(text).format(**names))
