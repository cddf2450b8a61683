"""``python -m services.enrollment web|worker|relay|migrate|...``; what each does stands in shared.entry."""

from __future__ import annotations

from services.enrollment.app import PARTS
from shared.entry.command_line import build_cli

if __name__ == "__main__":
    build_cli(PARTS)()
