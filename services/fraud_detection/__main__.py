"""``python -m services.fraud_detection web|worker|relay|migrate|topics|verify|dlq|rotate-keys|openapi``."""

from __future__ import annotations

from services.fraud_detection.app import PARTS
from shared.entry.command_line import build_cli

if __name__ == "__main__":
    build_cli(PARTS)()
