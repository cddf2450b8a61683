"""``python -m services.<service> <command>``: a process, or one of the commands that end by themselves.

A process loads its own module of the service and nothing else of it: web holds no Kafka client, a relay no web
framework. Every other command may load all of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final

PROCESSES: Final = {
    "web": "Serve HTTP on WEB_HOST:WEB_PORT.",
    "worker": "Consume events and run the scheduled jobs.",
    "relay": "Publish what the outbox holds.",
    "trainer": "Train the models that were asked for.",
}
"""Each is a module of the service, with a function ``run``; not every service has every one."""


def main(package: str) -> None:
    """Do what the command line asks of the service in this package, e.g. ``services.payout``."""
    match sys.argv[1:]:
        case [process] if process in processes_of(package):
            run_process(package, process)
        case _:
            import_module("shared.entry.commands").build_cli(package)()


def processes_of(package: str) -> dict[str, str]:
    """Those that this service has, with their sentences."""
    return {name: sentence for name, sentence in PROCESSES.items() if find_spec(f"{package}.{name}")}


def run_process(package: str, process: str) -> None:
    """Until it is told to stop."""
    import_module(f"{package}.{process}").run()
