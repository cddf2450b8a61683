"""Enrollment's settings from the environment: those that all services share, and its partners' contracts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, FilePath

from shared.process import settings


class Settings(settings.Settings):
    SERVICE: ClassVar[str] = "enrollment"

    contracts_file: FilePath | None = Field(
        default=None, description="the path of a JSON file of partners' contracts; a sandbox has its own"
    )
