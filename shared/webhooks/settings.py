"""The settings of services that send webhooks, and the courier that processes make of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, FilePath

from shared.courier.addresses import parse_networks
from shared.courier.post import Courier
from shared.process import settings


def _networks(text: str) -> str:
    parse_networks(text)
    return text


class Settings(settings.Settings):
    webhook_private_networks: Annotated[str, AfterValidator(_networks)] = Field(
        default="",
        description="networks like 10.20.0.0/16,127.0.0.0/8 that webhooks may enter although they are not public",
    )
    webhook_plain_http: bool = Field(
        default=False, description="true where webhooks into those private networks need no encryption"
    )
    webhook_ca_file: FilePath | None = Field(
        default=None, description="the path of a PEM file of authorities to trust for webhooks beside the public ones"
    )


def courier_of(settings: Settings) -> Courier:
    """Who may call the servers that the settings allow."""
    return Courier(
        parse_networks(settings.webhook_private_networks),
        plain_http=settings.webhook_plain_http,
        ca_file=None if settings.webhook_ca_file is None else str(settings.webhook_ca_file),
    )
