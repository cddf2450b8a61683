"""Reviews on the command line: a claim's trace as a timeline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Annotated
from uuid import UUID

import typer

from services.fraud_detection.claims.store import claims
from services.fraud_detection.reviews.usecases.trace_claim import Happened, trace_claim
from shared.db.pool import Database
from shared.values.ids import ClaimId

_SHOWN = 6
"""Details on one line; the API has them all."""


def add_commands(cli: typer.Typer, database: Callable[[], Database]) -> None:
    """Add the commands; ``database`` is opened by those that need it."""

    @cli.command(name="trace")
    def trace(claim_id: Annotated[str, typer.Argument(help="A claim's id.")]) -> None:
        """Show everything that happened to a claim, oldest first."""
        try:
            UUID(claim_id)
        except ValueError:
            sys.stderr.write(f"{claim_id!r} is no claim's id; an id looks like 0190163d-0000-7000-8000-000000000001.\n")
            raise typer.Exit(1) from None
        with database().transaction() as tx:
            claim = claims.find(tx, ClaimId(claim_id))
            if claim is None:
                sys.stderr.write(f"There is no claim {claim_id}.\n")
                raise typer.Exit(1)
            happened = trace_claim(tx, claim)
        sys.stdout.write("\n".join([f"claim {claim_id} is {claim.state}", *timeline(happened)]) + "\n")


def timeline(happened: tuple[Happened, ...]) -> Iterator[str]:
    """A line for each thing that happened."""
    for each in happened:
        told = [f"{name}={value}" for name, value in each.details.items() if value not in (None, "")]
        more = f" (+{len(told) - _SHOWN})" if len(told) > _SHOWN else ""
        by = f" by {each.by}" if each.by else ""
        yield f"{each.at:%Y-%m-%d %H:%M:%S} {each.source:22} {each.what}{by}  {' '.join(told[:_SHOWN])}{more}".rstrip()
