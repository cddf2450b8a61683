"""Fraud detection's settings from the environment: beside the shared ones, the key of models and the place of files."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from shared.process.settings import HexKey
from shared.webhooks import settings


class Settings(settings.Settings):
    SERVICE: ClassVar[str] = "fraud_detection"

    web_threads: int = Field(default=32, ge=1, le=256)
    """As many as enrollment has: claims that are filed at the same time share one transaction."""
    undo_seconds: int = Field(
        default=60, ge=0, le=600, description="for which a person may take a decision back before anybody is told of it"
    )
    lowest_authority_pays_fen: int = Field(
        default=2_000_000, ge=0, description="what a reviewer approves alone for whom nothing else is set"
    )
    lowest_authority_claims_fen: int = Field(
        default=10_000_000, ge=0, description="and the largest claim that such an approval may be of"
    )
    model_signing_key: HexKey | None = Field(
        default=None,
        description="64 hex digits, e.g. from: openssl rand -hex 32; models of another key are not opened",
        examples=[SecretStr("0" * 64)],
    )
    training_memory_mib: int = Field(
        default=2048, ge=512, le=262_144, description="MiB of memory that the making of one model may take"
    )
    training_threads: int = Field(
        default=1, ge=1, le=64, description="cores that the making of one model may use, from 1 to 64"
    )
    training_minutes: int = Field(
        default=240, ge=1, le=10_080, description="minutes that the making of one model may take"
    )
    evidence_url: str | None = Field(
        default=None,
        description="where files of evidence lie: file:///a/folder or s3://bucket/prefix, the same for web and worker",
        examples=["file:///nowhere"],
    )
    evidence_store_endpoint: str | None = Field(
        default=None, description="the https address of a store that speaks S3 and is not Amazon's"
    )
    evidence_store_key: SecretStr | None = None
    evidence_store_secret: SecretStr | None = None
    evidence_clamd: str | None = Field(
        default=None, description="clamd, which scans files: tcp://host:3310 or unix:///a/socket; none unless told"
    )

    @field_validator("evidence_url")
    @classmethod
    def _is_a_place_for_files(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if not (
                (parts.scheme == "file" and not parts.netloc and len(parts.path) > 1)
                or (parts.scheme == "s3" and parts.netloc and "@" not in parts.netloc)
            ):
                raise ValueError("it is neither file:///a/folder nor s3://bucket/prefix")
        return url

    @field_validator("evidence_clamd")
    @classmethod
    def _is_a_scanner(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            over_net = parts.scheme == "tcp" and parts.hostname and parts.port
            if not (over_net or (parts.scheme == "unix" and parts.path)):
                raise ValueError("it is neither tcp://host:port nor unix:///path")
        return url
