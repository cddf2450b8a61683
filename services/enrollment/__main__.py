"""``python -m services.enrollment web|worker|relay|migrate|...``; what each does stands in shared.entry."""

from __future__ import annotations

from shared.entry.command_line import main

if __name__ == "__main__":
    main("services.enrollment")
