"""Enrollment's settings from the environment: those that all services share, and its partners' contracts."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, FilePath

from shared.courier.addresses import parse_networks
from shared.process import settings


def _networks(text: str) -> str:
    parse_networks(text)
    return text


class Settings(settings.Settings):
    SERVICE: ClassVar[str] = "enrollment"

    web_threads: int = Field(default=32, ge=1, le=256)
    """More than elsewhere: single enrollments that wait at the same time share one transaction."""
    contracts_file: FilePath | None = Field(
        default=None, description="the path of a JSON file of partners' contracts; a sandbox has its own"
    )
    pickups_file: FilePath | None = Field(
        default=None, description="the path of a JSON file of the places where partners leave files"
    )
    results_kept_days: int = Field(
        default=400,
        ge=1,
        le=3660,
        description="days from 1 to 3660 for which the results of a file are kept after it was worked off",
    )
    dry_run_results_kept_days: int = Field(
        default=30,
        ge=1,
        le=3660,
        description="days from 1 to 3660 for which the results of a dry run are kept after it ended",
    )
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
