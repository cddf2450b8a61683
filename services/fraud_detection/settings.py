"""Fraud detection's settings from the environment: those that all services share, and the key that signs models."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from shared.process import settings
from shared.process.settings import HexKey


class Settings(settings.Settings):
    SERVICE: ClassVar[str] = "fraud_detection"

    model_signing_key: HexKey | None = Field(
        default=None,
        description="64 hex digits, e.g. from: openssl rand -hex 32; models of another key are not opened",
        examples=[SecretStr("0" * 64)],
    )
