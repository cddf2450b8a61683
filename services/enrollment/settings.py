"""Enrollment's settings from the environment: those that all services share, and its partners' contracts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, FilePath

from shared.webhooks import settings


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
