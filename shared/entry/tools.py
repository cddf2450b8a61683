"""What the commands that end by themselves do: migrate, create topics, verify, rotate keys, print the document."""

from __future__ import annotations

import json
from typing import TypeVar

from shared.entry import wiring
from shared.entry.service_parts import ServiceParts
from shared.entry.verify import Check, Finding
from shared.entry.verify import verify as run_checks
from shared.process import logs
from shared.process.settings import Settings

S = TypeVar("S", bound=Settings)


def migrate(parts: ServiceParts[S], settings: S) -> list[str]:
    """Apply what is missing; the names of the migrations applied."""
    from shared.db import migrate as runner  # noqa: PLC0415  # each tool loads its own part only

    logs.configure(parts.name, "migrate", settings.log_level)
    applied = runner.migrate(settings.database_url.get_secret_value(), [parts.migrations])
    if parts.after_migrate is not None:
        pool = wiring.database(settings, "migrate")
        try:
            parts.after_migrate(settings, pool)
        finally:
            pool.close()
    return applied


def verify(parts: ServiceParts[S], settings: S) -> list[Finding]:
    """Run the service's checks and those that all services share."""
    from shared.db import audit  # noqa: PLC0415

    logs.configure(parts.name, "verify", settings.log_level)
    pool = wiring.database(settings, "verify")

    def audit_chain() -> list[str]:
        with pool.transaction() as tx:
            return audit.broken_links(tx)

    shared = (Check(11, "the audit trail's chain is whole", audit_chain),)
    try:
        return run_checks([*shared, *parts.checks(settings, pool)])
    finally:
        pool.close()


def rotate_keys(settings: Settings) -> int:
    """Wrap all data keys by the current key; how many were wrapped."""
    from shared.privacy.keys import KeyRing  # noqa: PLC0415
    from shared.privacy.sealed import Sealer  # noqa: PLC0415

    if settings.seal_keys is None:
        settings.needs("seal_keys")
        raise AssertionError("unreachable")
    pool = wiring.database(settings, "rotate-keys")
    try:
        return Sealer(KeyRing.parse(settings.seal_keys.get_secret_value())).rotate(pool)
    finally:
        pool.close()


def openapi(parts: ServiceParts[S]) -> str:
    """The service's API document as committed under docs/api."""
    from shared.web.app import api_document  # noqa: PLC0415

    app = parts.web(parts.settings.example())
    return json.dumps(api_document(app), ensure_ascii=False, indent=2, sort_keys=False)
