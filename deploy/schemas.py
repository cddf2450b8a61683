"""Writes the JSON Schema of each event type: ``python -m deploy.schemas``, or with ``--check`` says which have drifted.

At a release, copy them to tests/shared/events/released/<version>/: later ones are held against these.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from shared.events.catalog import EVENTS
from shared.events.json_schema import schema_of

FOLDER: Final = Path(__file__).parents[1] / "shared" / "events" / "schemas"


def rendered() -> dict[str, str]:
    """The text of each file by its name."""
    return {f"{event.TYPE}.json": json.dumps(schema_of(event), indent=2, ensure_ascii=False) + "\n" for event in EVENTS}


def drifted() -> list[str]:
    """The files that are missing, out of date, or of an event that is no more."""
    wanted = rendered()
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main() -> int:
    if "--check" in sys.argv[1:]:
        for name in drifted():
            print(f"{name} has drifted; run: python -m deploy.schemas")
        return 1 if drifted() else 0
    FOLDER.mkdir(exist_ok=True)
    for name in drifted():
        (FOLDER / name).unlink(missing_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
