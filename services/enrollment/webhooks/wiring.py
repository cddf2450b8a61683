"""The courier that enrollment's processes make of the settings."""

from __future__ import annotations

from services.enrollment.settings import Settings
from shared.courier.addresses import parse_networks
from shared.courier.post import Courier


def courier_of(settings: Settings) -> Courier:
    """Who may call the servers that the settings allow."""
    return Courier(
        parse_networks(settings.webhook_private_networks),
        plain_http=settings.webhook_plain_http,
        ca_file=None if settings.webhook_ca_file is None else str(settings.webhook_ca_file),
    )
