"""Statements on the command line: the tie-out, which finance runs before it settles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from services.enrollment.partners.store import partners
from services.enrollment.statements.domain.statements import month_of
from services.enrollment.statements.store import statements
from services.enrollment.statements.usecases import tie_out as work
from shared.db.pool import Database
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId
from shared.values.money import CNY


def add_commands(cli: typer.Typer, database: Callable[[], Database]) -> None:
    """Add the command; what it needs is opened when it runs."""

    @cli.command(name="tie-out")
    def tie_out(
        partner: Annotated[str, typer.Option(help="The partner's id, e.g. telecom-east.")],
        month: Annotated[str, typer.Option(help="The month, e.g. 2026-11.")],
    ) -> None:
        """Prove that a statement, its file, the policies and the events agree to the fen; exit code 1 if not."""
        try:
            day = month_of(month, "--month")
        except InvalidField as error:
            raise typer.BadParameter(error.sentence(), param_hint="--month") from error
        pool = database()
        with pool.transaction() as tx:
            contract = partners.contract(tx, PartnerId(partner))
            statement = None if contract is None else statements.of_month(tx, contract.partner_no, day, CNY)
        if statement is None or statement.state == "drawing":
            typer.echo(f"there is no drawn statement of {partner} for {month}", err=True)
            raise typer.Exit(1)
        found = work.tie_out(pool, statement)
        typer.echo(work.sentence(statement, day))
        for fault in found.faults:
            typer.echo(fault)
        typer.echo("they differ" if found.faults else "statement = file = policies = events, to the fen")
        pool.close()
        raise typer.Exit(1 if found.faults else 0)
