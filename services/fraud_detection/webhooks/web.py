"""Backends' webhook endpoints over HTTP."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.webhooks.api.webhooks import webhooks
from shared.webhooks.api.problems import PROBLEMS

__all__ = ["PROBLEMS", "RESOURCES"]

RESOURCES: Final = (webhooks,)
