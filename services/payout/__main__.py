"""``python -m services.payout web|worker|relay|migrate|...``; what each does stands in shared.entry."""

from __future__ import annotations

from services.payout.app import PARTS
from shared.entry.command_line import build_cli

if __name__ == "__main__":
    build_cli(PARTS)()
