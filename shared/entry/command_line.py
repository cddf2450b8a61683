"""``python -m services.<service> <command>``: the same commands for each service, and those that a service adds. What
they run is the other modules'.

Each command imports what it needs when it runs, so that none pays for, or depends on, what only another one needs.
"""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

import typer

from shared.entry.service_parts import ServiceParts
from shared.entry.unreachable import Commands
from shared.process.settings import Settings

S = TypeVar("S", bound=Settings)


def build_cli(parts: ServiceParts[S]) -> typer.Typer:
    """The command line of one service."""
    cli = typer.Typer(
        name=parts.name,
        cls=Commands,
        help=f"Processes and tools of the {parts.name.replace('_', ' ')} service.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    _add_processes(cli, parts)
    _add_tools(cli, parts)
    cli.add_typer(_dead_letters(parts), name="dlq")
    if parts.add_commands is not None:
        parts.add_commands(cli)
    return cli


def _add_processes(cli: typer.Typer, parts: ServiceParts[S]) -> None:
    @cli.command()
    def web() -> None:
        """Serve HTTP on WEB_HOST:WEB_PORT."""
        from shared.entry import processes  # noqa: PLC0415  # see the module's docstring

        processes.web(parts, parts.settings.load())

    @cli.command()
    def worker() -> None:
        """Consume events and run the scheduled jobs."""
        from shared.entry import processes  # noqa: PLC0415

        processes.worker(parts, parts.settings.load())

    @cli.command()
    def relay() -> None:
        """Publish what the outbox holds."""
        from shared.entry import processes  # noqa: PLC0415

        processes.relay(parts, parts.settings.load())


def _add_tools(cli: typer.Typer, parts: ServiceParts[S]) -> None:
    @cli.command()
    def migrate() -> None:
        """Bring the database up to date; safe to run twice and from several places at once."""
        from shared.entry import tools  # noqa: PLC0415

        for name in tools.migrate(parts, parts.settings.load()):
            typer.echo(f"applied {name}")
        typer.echo("the database is up to date")

    @cli.command()
    def topics() -> None:
        """Create the topics that this service publishes to and consumes from, with their dead letter topics."""
        from shared.entry import tools  # noqa: PLC0415

        for name in tools.create_topics(parts, parts.settings.load()):
            typer.echo(f"created {name}")
        typer.echo("all topics are there")

    @cli.command()
    def verify(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
        """Check the invariants on the running service; exit code 1 if one is broken, 69 if it cannot be known."""
        from shared.entry import tools  # noqa: PLC0415
        from shared.entry.verify import lines  # noqa: PLC0415

        findings = tools.verify(parts, parts.settings.load())
        if as_json:
            rows = [{"number": f.number, "name": f.name, "holds": f.holds, "faults": f.faults} for f in findings]
            typer.echo(json.dumps(rows, ensure_ascii=False))
        else:
            for line in lines(findings):
                typer.echo(line)
        raise typer.Exit(0 if all(finding.holds for finding in findings) else 1)

    @cli.command(name="rotate-keys")
    def rotate_keys() -> None:
        """Wrap all data keys by the first of SEAL_KEYS; after it the others may be dropped."""
        from shared.entry import tools  # noqa: PLC0415

        typer.echo(f"{tools.rotate_keys(parts.settings.load())} data keys wrapped anew")

    @cli.command()
    def openapi() -> None:
        """Print the OpenAPI document; needs no settings and connects to nothing."""
        from shared.entry import tools  # noqa: PLC0415

        typer.echo(tools.openapi(parts))


def _dead_letters(parts: ServiceParts[S]) -> typer.Typer:
    group = typer.Typer(help="Events that a consumer could not take.", no_args_is_help=True)

    @group.command(name="list")
    def list_letters(
        subscription: Annotated[str | None, typer.Argument(help="One subscription; all if absent.")] = None,
        *,
        everything: Annotated[bool, typer.Option("--all", help="Also those that were taken since.")] = False,
    ) -> None:
        """One line for each dead letter: when, whose, its event and its error."""
        from shared.entry import dead_letters  # noqa: PLC0415

        found = dead_letters.Letters(parts, parts.settings.load()).read(subscription)
        shown = [letter for letter in found if everything or not letter.taken]
        for letter in shown:
            typer.echo(dead_letters.line(letter))
        typer.echo(f"{len(shown)} dead letters")

    @group.command()
    def show(event_id: str) -> None:
        """One event's dead letters with their headers and bodies."""
        from shared.entry import dead_letters  # noqa: PLC0415

        found = dead_letters.Letters(parts, parts.settings.load()).read(None)
        chosen = [letter for letter in found if letter.event_id == event_id]
        for letter in chosen:
            for text in dead_letters.page(letter):
                typer.echo(text)
        if not chosen:
            typer.echo(f"no dead letter of event {event_id}", err=True)
            raise typer.Exit(1)

    @group.command()
    def replay(
        subscription: str,
        topic: Annotated[str | None, typer.Option(help="Only those of this topic.")] = None,
        event_id: Annotated[str | None, typer.Option(help="Only this event.")] = None,
    ) -> None:
        """Send what a subscription could not take again, after the fault was mended."""
        from shared.entry import dead_letters  # noqa: PLC0415

        sent = dead_letters.Letters(parts, parts.settings.load()).replay(subscription, topic, event_id)
        typer.echo(f"{sent} sent again")

    return group
