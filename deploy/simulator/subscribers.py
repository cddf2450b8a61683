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
from deploy.simulator.people import make as people_of

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
CONSENT_SECONDS: Final = 30 * 86_400
"""Over how long a partner's people agreed."""


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
    frame = _frame(people, effective_date, consent_given_at, partner)
    bad = np.random.default_rng((people.seed, 3, people.first)).random(len(people)) < bad_share
    if bad.any():
        frame = _spoil(frame, pl.Series(bad), pl.Series(np.cumsum(bad) % 4))
    frame.write_csv(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(path, len(people), int(bad.sum()), digest)


def _frame(people: People, effective_date: date, consent_given_at: datetime, partner: str) -> pl.DataFrame:
    index = pl.Series(np.arange(people.first, people.first + len(people), dtype=np.int64))
    return people.frame.select(
        (pl.lit(f"{partner}-") + index.cast(pl.String).str.zfill(9)).alias("partner_reference"),
        pl.lit("resident_id").alias("document_type"),
        "document_number",
        "name",
        "phone",
        pl.lit(effective_date.isoformat()).alias("effective_date"),
        pl.lit(CONSENT_VERSION).alias("consent_text_version"),
        _moments(consent_given_at, index).alias("consent_given_at"),
        pl.Series(CHANNELS).gather(index % len(CHANNELS)).alias("consent_channel"),
        _consent_hashes(people).alias("consent_sha256"),
    )


BLOCK: Final = 1 << 18
"""People written at a time: some hundred megabytes of memory, whatever the size of the file."""


def write_large_csv(
    path: Path,
    seed: int,
    rows: int,
    *,
    first: int = 0,
    effective_date: date,
    consent_given_at: datetime,
    bad_every: int,
) -> WrittenFile:
    """``rows`` people of ``seed`` from ``first`` on, millions if need be; each ``bad_every``-th has a wrong field."""
    bad_rows = 0
    with path.open("wb") as file:
        for start in range(first, first + rows, BLOCK):
            block = people_of(seed, min(BLOCK, first + rows - start), first=start)
            frame = _frame(block, effective_date, consent_given_at, "east")
            index = np.arange(start - first, start - first + len(block))
            bad = index % bad_every == bad_every - 1
            bad_rows += int(bad.sum())
            _spoil(frame, pl.Series(bad), pl.Series(index // bad_every % 4)).write_csv(
                file, include_header=start == first
            )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(path, rows, bad_rows, digest)


def _moments(last: datetime, index: pl.Series) -> pl.Series:
    """The first person's consent is of ``last``, the others' of the month before it."""
    seconds = int(last.timestamp()) - index * 37 % CONSENT_SECONDS
    return (seconds * 1_000_000).cast(pl.Datetime("us")).dt.to_string("%Y-%m-%dT%H:%M:%S+00:00")


def _consent_hashes(people: People) -> pl.Series:
    """As many hashes of records that nobody will ask for: drawn, for hashing takes longer than all the rest."""
    drawn = np.random.default_rng((people.seed, 4, people.first)).bytes(32 * len(people))
    hashes = [drawn[start : start + 32] for start in range(0, len(drawn), 32)]
    return pl.Series(hashes, dtype=pl.Binary).bin.encode("hex")


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
