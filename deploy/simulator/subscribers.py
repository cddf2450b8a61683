"""A telecom partner's file of subscribers, as it would upload it. What the intake says of each row is enrollment's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from deploy.simulator.people import People

COLUMNS: Final = (
    "partner_reference",
    "document_type",
    "document_number",
    "name",
    "phone",
    "effective_date",
    "consent_text_version",
    "consent_given_at",
    "consent_channel",
    "consent_sha256",
)
CHANNELS: Final = ("app", "hall", "hotline")
CONSENT_VERSION: Final = "2026-01"


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What was written: rows without the header, how many of them are wrong on purpose, and the file's SHA-256."""

    path: Path
    rows: int
    bad_rows: int
    sha256: str


def reference(partner: str, index: int) -> str:
    """The partner's own number of person ``index``."""
    return f"{partner}-{index:09d}"


def consent_sha256(reference: str) -> str:
    """The hash of a simulated record of a consent, which is no more than the subscriber's reference."""
    return hashlib.sha256(reference.encode()).hexdigest()


def write_csv(
    path: Path,
    people: People,
    *,
    effective_date: date,
    consent_given_at: datetime,
    partner: str = "east",
    bad_share: float = 0.0,
) -> WrittenFile:
    """One row for each person; in a share ``bad_share`` of rows, chosen by the seed, one field is wrong."""
    index = pl.Series(np.arange(people.first, people.first + len(people), dtype=np.int64))
    frame = people.frame.select(
        (pl.lit(f"{partner}-") + index.cast(pl.String).str.zfill(9)).alias("partner_reference"),
        pl.lit("resident_id").alias("document_type"),
        "document_number",
        "name",
        "phone",
        pl.lit(effective_date.isoformat()).alias("effective_date"),
        pl.lit(CONSENT_VERSION).alias("consent_text_version"),
        pl.lit(consent_given_at.isoformat()).alias("consent_given_at"),
        pl.Series(CHANNELS).gather(index % len(CHANNELS)).alias("consent_channel"),
        _consent_hashes(people).alias("consent_sha256"),
    )
    bad = np.random.default_rng((people.seed, 3, people.first)).random(len(people)) < bad_share
    if bad.any():
        frame = _spoil(frame, pl.Series(bad), pl.Series(np.cumsum(bad) % 4))
    frame.write_csv(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(path, len(people), int(bad.sum()), digest)


def _consent_hashes(people: People) -> pl.Series:
    """As many hashes of records that nobody will ask for: drawn, for hashing takes longer than all the rest."""
    drawn = np.random.default_rng((people.seed, 4, people.first)).bytes(32 * len(people))
    return pl.Series([drawn[start : start + 32] for start in range(0, len(drawn), 32)], dtype=pl.Binary).bin.encode(
        "hex"
    )


def _spoil(frame: pl.DataFrame, bad: pl.Series, kind: pl.Series) -> pl.DataFrame:
    """In bad rows: a wrong check digit, a phone too short, no name, or a date that is none, in turn."""
    wrong_check = pl.when(pl.col("document_number").str.ends_with("1")).then(pl.lit("2")).otherwise(pl.lit("1"))
    return frame.with_columns(
        pl.when(bad & (kind == 0))
        .then(pl.col("document_number").str.head(17) + wrong_check)
        .otherwise("document_number")
        .alias("document_number"),
        pl.when(bad & (kind == 1)).then(pl.col("phone").str.head(7)).otherwise("phone").alias("phone"),
        pl.when(bad & (kind == 2)).then(pl.lit("")).otherwise("name").alias("name"),  # noqa: PLR2004
        pl.when(bad & (kind == 3))  # noqa: PLR2004
        .then(pl.lit("2026-02-30"))
        .otherwise("effective_date")
        .alias("effective_date"),
    )
