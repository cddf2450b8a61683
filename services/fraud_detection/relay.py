"""Fraud detection's relay."""

from __future__ import annotations

from services.fraud_detection.settings import Settings
from shared.entry import relay


def run() -> None:
    """Until told to stop."""
    relay.run(Settings.load())
