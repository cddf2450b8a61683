"""Simulated people, millions at a time. Files of them are ``subscribers``'s, what happens to them ``claims``'s."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from deploy.simulator.identity_numbers import (
    CHECK_DIGITS,
    DAY_BLOCKS,
    ID_SPACE,
    Ints,
    check_digits,
    phone_numbers,
    walk,
)
from deploy.simulator.names import GIVEN_NAMES, SURNAME_WEIGHTS, SURNAMES

BLOCK: Final = 1 << 16
"""People are drawn in blocks of this size, so that person i of a seed is the same in every call."""
YOUNGEST: Final = 18
OLDEST: Final = 68
AGE_ALPHA: Final = 2.0
AGE_BETA: Final = 3.44
"""Beta shape between YOUNGEST and OLDEST with mean 37, the mean age of victims in police reports."""


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person, in clear: simulated ids only (region prefix 00)."""

    document_type: str
    document_number: str
    name: str
    phone: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class People:
    """Rows of a frame: document_number, name, phone (text) and birth_date."""

    seed: int
    first: int
    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, index: int) -> Person:
        number, name, phone, birth_date = self.frame.row(index)
        return Person("resident_id", number, name, phone, birth_date)

    def __iter__(self) -> Iterator[Person]:
        for number, name, phone, birth_date in self.frame.iter_rows():
            yield Person("resident_id", number, name, phone, birth_date)


def make(seed: int, n: int, *, first: int = 0, on: date = date(2026, 1, 1)) -> People:
    """People ``first`` to ``first + n`` of ``seed``, aged 18 to 68 on the day ``on``; ids and phones never repeat."""
    if first + n > ID_SPACE * DAY_BLOCKS:
        raise ValueError(f"a seed holds {ID_SPACE * DAY_BLOCKS} people: take another seed for more")
    blocks = range(first // BLOCK, (first + n + BLOCK - 1) // BLOCK)
    parts = [_block(seed, block, on) for block in blocks]
    frame = pl.concat(parts) if parts else _block(seed, 0, on).clear()
    return People(seed, first, frame.slice(first - blocks.start * BLOCK if parts else 0, n))


def _block(seed: int, block: int, on: date) -> pl.DataFrame:
    rng = np.random.default_rng((seed, 1, block))
    index = np.arange(block * BLOCK, (block + 1) * BLOCK, dtype=np.int64)
    year, month, day = _birth_dates(rng, index, on)
    spot = walk(index, space=ID_SPACE, seed=seed, salt=1)
    first_17 = (spot // 1_000) * 10**11 + (year * 10_000 + month * 100 + day) * 1_000 + spot % 1_000
    surname = rng.choice(len(SURNAMES), size=BLOCK, p=SURNAME_WEIGHTS)
    given = rng.integers(len(GIVEN_NAMES), size=BLOCK)
    checks = pl.Series(list(CHECK_DIGITS)).gather(check_digits(first_17))
    return pl.DataFrame(
        {
            "document_number": pl.Series(first_17).cast(pl.String).str.zfill(17) + checks,
            "name": pl.Series(SURNAMES).gather(surname) + pl.Series(GIVEN_NAMES).gather(given),
            "phone": pl.Series(phone_numbers(index, seed=seed)).cast(pl.String),
            "year": year,
            "month": month,
            "day": day,
        }
    ).select("document_number", "name", "phone", pl.date("year", "month", "day").alias("birth_date"))


def _birth_dates(rng: np.random.Generator, index: Ints, on: date) -> tuple[Ints, Ints, Ints]:
    """Year, month and day (1 to 28) of birth; the day's remainder by four tells the ids of far-off people apart."""
    age = YOUNGEST + 1 + (OLDEST - YOUNGEST - 1) * rng.beta(AGE_ALPHA, AGE_BETA, size=index.size)
    months_ago = np.floor(age * 12).astype(np.int64)
    month_number = on.year * 12 + on.month - 1 - months_ago
    day = 1 + 4 * rng.integers(7, size=index.size) + (index // ID_SPACE) % DAY_BLOCKS
    return month_number // 12, month_number % 12 + 1, day
