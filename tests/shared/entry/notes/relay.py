from __future__ import annotations

from shared.entry import relay
from tests.shared.entry.notes.settings import NotesSettings


def run() -> None:
    relay.run(NotesSettings.load())
