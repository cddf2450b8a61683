"""Payout's settings from the environment: those that all services share, and how the bank is reached."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from shared.process import settings


class Settings(settings.Settings):
    SERVICE: ClassVar[str] = "payout"

    rail_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+(/[^\s]*)?$",
        description="the bank's address, https://… (http:// in a sandbox alone)",
        examples=["https://rail.bank.example"],
    )
    rail_token: SecretStr | None = Field(
        default=None, description="the bearer token that the bank gave", examples=["example"]
    )
    rail_timeout_seconds: float = Field(default=3.0, gt=0, le=60, description="seconds from 0 to 60")
