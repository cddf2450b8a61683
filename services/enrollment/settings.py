"""Enrollment's settings from the environment: those that all services share, and its partners' contracts."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.enrollment.intake.shipped import CONTRACTS
from shared.process import settings


class Settings(settings.Settings):
    SERVICE: ClassVar[str] = "enrollment"

    contracts_file: Path = Field(default=CONTRACTS, description="the path of a JSON file of partners' contracts")
