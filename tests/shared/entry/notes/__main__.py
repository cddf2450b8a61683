from __future__ import annotations

from shared.entry.command_line import main

if __name__ == "__main__":
    main("tests.shared.entry.notes")
