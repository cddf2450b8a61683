from __future__ import annotations

import sys

from flask import Flask

from shared.entry import web, wiring
from tests.shared.entry.notes.settings import NotesSettings
from tests.shared.web.builders import notes_app


def application(settings: NotesSettings) -> Flask:
    pool = wiring.database(settings, "web")
    return notes_app(pool, web.verifier(settings), clock=wiring.business_clock(settings, pool))


def run() -> None:
    if any(name.partition(".")[0] == "kafka" for name in sys.modules):
        raise AssertionError("a web process loaded a Kafka client")
    web.run(NotesSettings.load(), application)
