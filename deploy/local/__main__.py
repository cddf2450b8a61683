"""The local stack's command line: up, down, status, doctor, logs, token, verify, run, clock; see ``make help``.

Only words and exit codes here; the work is done in stack.py, doctor.py and sandbox_clock.py.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from types import FrameType
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from deploy.local import sandbox_clock
from deploy.local.doctor import examine
from deploy.local.durations import parse_duration, parse_moment
from deploy.local.faults import StackFailed
from deploy.local.places import STACKS
from deploy.local.stack import Stack
from deploy.local.state import SERVICES, kinds_of

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False, help=__doc__)
console = Console()
Name = Annotated[str, typer.Option("--name", help="Which stack: the name of its folder under .local.")]
MAIN = "main"
FAULTS = (StackFailed, ValueError, httpx.HTTPError)


def _stack(name: str, *, starts_at: datetime | None = None) -> Stack:
    return Stack(STACKS / name, say=lambda line: console.print(f"  {line} …", style="dim"), starts_at=starts_at)


@app.command()
def up(
    name: Name = MAIN,
    start: Annotated[str | None, typer.Option(help="What time it shall be, e.g. 2028-02-29T00:02+08:00.")] = None,
) -> None:
    """Start everything and leave it running."""
    stack = _stack(name, starts_at=parse_moment(start) if start else None).start(leashed=False)
    _print_addresses(stack)


def _print_addresses(stack: Stack) -> None:
    table = Table("service", "HTTP API", "interactive page")
    for service in SERVICES:
        table.add_row(service, f"{stack.url(service)}/v1", f"{stack.url(service)}/docs")
    table.add_row("sandbox bank", stack.bank_url, "")
    console.print(table)
    console.print(
        f"PostgreSQL: databases {', '.join(SERVICES)}; Kafka: {stack.bootstrap}; logs: {stack.folder}/logs",
        soft_wrap=True,
    )
    for service in SERVICES:
        told = ", ".join(f"{kind} {stack.metrics_url(f'{service}-{kind}')}" for kind in kinds_of(service))
        console.print(f"metrics of {service}: {told}", soft_wrap=True)
    console.print(what_next(stack.folder.name), soft_wrap=True)


def what_next(name: str) -> str:
    """What to type for a token, for health and for the end, of the stack of this name."""
    more = named(name)
    return f"A token: make token CLIENT=telecom-east{more} · health: make doctor{more} · the end: make down{more}"


def named(name: str) -> str:
    """What a target of the Makefile needs beside its own words to mean the stack of this name."""
    return "" if name == MAIN else f" NAME={name}"


@app.command()
def down(name: Name = MAIN, *, wipe: Annotated[bool, typer.Option(help="Remove the data too.")] = False) -> None:
    """Stop everything; the data stays unless --wipe."""
    stack = _stack(name)
    if wipe:
        stack.wipe()
    else:
        stack.stop()
    console.print("stopped, and its data removed" if wipe else "stopped")


@app.command()
def status(name: Name = MAIN) -> None:
    """Whether the stack runs, and at which addresses."""
    stack = _stack(name)
    if not stack.running():
        console.print(f"not running; `make up{named(name)}` starts it")
        raise typer.Exit(1)
    _print_addresses(stack)


@app.command()
def doctor(name: Name = MAIN) -> None:
    """Say what is missing or unhealthy, and what to do about it."""
    faults = 0
    for finding in examine(_stack(name)):
        faults += not finding.fine
        console.print(
            f"{'ok  ' if finding.fine else 'BAD '} {finding.what}: {finding.seen}", markup=False, soft_wrap=True
        )
        if finding.remedy:
            console.print(f"     do: {finding.remedy}", markup=False, soft_wrap=True)
    if faults:
        console.print(f"{faults} to mend")
        raise typer.Exit(1)
    console.print("nothing to mend")


@app.command()
def logs(
    process: Annotated[str | None, typer.Argument(help="One process, e.g. payout-worker; all without it.")] = None,
    name: Name = MAIN,
    *,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", "-f", help="Wait for more.")] = False,
    lines: Annotated[int, typer.Option(help="How many of the last lines.")] = 20,
) -> None:
    """Show the last lines of the processes' logs."""
    stack = _stack(name)
    known = [*stack.processes(), "supervisor"]
    if process and process not in known:
        raise StackFailed(f"no process {process!r}; there are: {', '.join(known)}")
    paths = [str(path) for each in known if (path := stack.log(each)).exists() and process in (None, each)]
    # tail is on each Linux and macOS, names the files, and knows how to follow them.
    raise typer.Exit(
        subprocess.run(["tail", "-n", str(lines), *(["-F"] if follow else []), *paths], check=False).returncode
    )


@app.command()
def token(client: str, audience: Annotated[str | None, typer.Option()] = None, name: Name = MAIN) -> None:
    """Print an access token, good for an hour, for a client of deploy/local/clients.json."""
    print(_stack(name).token(client, audience=audience))


@app.command()
def verify(name: Name = MAIN) -> None:
    """Check the invariants on the running stack, each service its own."""
    stack = _stack(name)
    if not stack.running():
        raise StackFailed("the stack does not run; start it with `make up`")
    broken = 0
    for service in SERVICES:
        done = stack.run(service, "verify")
        console.print(f"[bold]{service}[/bold]")
        console.print((done.stdout + done.stderr).rstrip(), markup=False, highlight=False, soft_wrap=True)
        broken += done.returncode != 0
    raise typer.Exit(1 if broken else 0)


@app.command()
def run(service: str, arguments: Annotated[list[str], typer.Argument()], name: Name = MAIN) -> None:
    """Run a command of a service with the stack's settings, e.g. `run enrollment -- explain-product account-theft`."""
    if service not in SERVICES:
        raise StackFailed(f"no service {service!r}; there are: {', '.join(SERVICES)}")
    raise typer.Exit(_stack(name).attend(service, *arguments))


@app.command()
def clock(
    advance: Annotated[str | None, typer.Option(help="How far, e.g. 3d or 1d12h.")] = None, name: Name = MAIN
) -> None:
    """Show the sandbox's time, or move it forward for all processes and the bank."""
    stack = _stack(name)
    moment = sandbox_clock.advance(stack, parse_duration(advance)) if advance else sandbox_clock.read_clock(stack)
    console.print(f"it is {moment.isoformat()} in the sandbox")


def _end(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Faults that a person can understand are one line and exit code 1, without a stack trace."""
    signal.signal(signal.SIGTERM, _end)  # so that what was being started is stopped again
    try:
        app(standalone_mode=True)
    except FAULTS as fault:
        print(f"error: {fault}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
