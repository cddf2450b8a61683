"""The command line of every service: its processes, the tools that all have, and those that one adds. What they do is
the other modules'.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer

from shared.entry import dead_letters, tools
from shared.entry.command_line import processes_of, run_process
from shared.entry.tools import Tools
from shared.entry.unreachable import Commands
from shared.entry.verify import lines


def build_cli(package: str) -> typer.Typer:
    """The command line of the service in this package, by the ``TOOLS`` of its module ``tools``."""
    service: Tools[Any] = import_module(f"{package}.tools").TOOLS
    name = service.settings.SERVICE
    cli = typer.Typer(
        name=name,
        cls=Commands,
        help=f"Processes and tools of the {name.replace('_', ' ')} service.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for process, sentence in processes_of(package).items():
        cli.command(name=process, help=sentence)(_runner(package, process))
    _add_tools(cli, service)
    cli.add_typer(_dead_letters(service), name="dlq")
    if service.add_commands is not None:
        service.add_commands(cli)
    return cli


def _runner(package: str, process: str) -> Callable[[], None]:
    """A function, as typer wants one."""

    def run() -> None:
        run_process(package, process)

    return run


def _add_tools(cli: typer.Typer, service: Tools[Any]) -> None:
    @cli.command()
    def migrate() -> None:
        """Bring the database up to date; safe to run twice and from several places at once."""
        for name in tools.migrate(service, service.settings.load()):
            typer.echo(f"applied {name}")
        typer.echo("the database is up to date")

    @cli.command()
    def topics() -> None:
        """Create the topics that this service publishes to and consumes from, with their dead letter topics.

        Of those that exist, raise min.insync.replicas to all copies but one.
        """
        for line in tools.create_topics(service, service.settings.load()):
            typer.echo(line)
        typer.echo("all topics are there")

    @cli.command()
    def verify(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
        """Check the invariants on the running service; exit code 1 if one is broken, 69 if it cannot be known."""
        findings = tools.verify(service, service.settings.load())
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
        typer.echo(f"{tools.rotate_keys(service.settings.load())} data keys wrapped anew")

    @cli.command()
    def openapi() -> None:
        """Print the OpenAPI document; needs no settings and connects to nothing."""
        typer.echo(tools.openapi(service))


def _dead_letters(service: Tools[Any]) -> typer.Typer:
    group = typer.Typer(help="Events that a consumer could not take.", no_args_is_help=True)

    @group.command(name="list")
    def list_letters(
        subscription: Annotated[str | None, typer.Argument(help="One subscription; all if absent.")] = None,
        *,
        everything: Annotated[bool, typer.Option("--all", help="Also those that were taken since.")] = False,
    ) -> None:
        """One line for each dead letter: when, whose, its event and its error."""
        found = dead_letters.Letters(service, service.settings.load()).read(subscription)
        shown = [letter for letter in found if everything or not letter.taken]
        for letter in shown:
            typer.echo(dead_letters.line(letter))
        typer.echo(f"{len(shown)} dead letters")

    @group.command()
    def show(event_id: str) -> None:
        """One event's dead letters with their headers and bodies."""
        found = dead_letters.Letters(service, service.settings.load()).read(None)
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
        sent = dead_letters.Letters(service, service.settings.load()).replay(subscription, topic, event_id)
        typer.echo(f"{sent} sent again")

    return group
