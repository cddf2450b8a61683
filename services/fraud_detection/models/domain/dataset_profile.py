"""What a dataset looks like, in numbers. Computing them is scoring's, what is doubtful about them data_warnings'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProfile:
    """One input or feature. ``minimum`` to ``mean`` and the quantiles are of the values that were told, if any.

    Args:
        missing: rows that do not tell it.
        constant: all rows tell the same of it, or none tells anything.
        quantiles: at 5, 25, 50, 75 and 95 %.
        auc: how well it alone tells the label: 0.5 not at all, 1.0 always; None of an input or with too few rows.
        psi: how far its values moved from the stretch that fits to those after it; None likewise.
    """

    name: str
    missing: int
    constant: bool
    minimum: float | None
    maximum: float | None
    mean: float | None
    quantiles: tuple[float, ...]
    auc: float | None
    psi: float | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month of submission in Shanghai, e.g. 2026-03."""

    month: str
    rows: int
    dishonest: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, as training parts it."""

    rows: int
    dishonest: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Rows that another dataset has too, whatever their label there."""

    dataset_id: str
    rows: int


@dataclass(frozen=True, slots=True)
class Copies:
    """Rows that are there more than once.

    ``repeated`` is how many could be left out, ``contradicting`` how many contents are labelled both ways,
    ``elsewhere`` how many rows some other dataset has, and ``shared`` the datasets with most of them.
    """

    repeated: int
    contradicting: int
    elsewhere: int
    shared: tuple[SharedRows, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetProfile:
    """``sampled`` rows gave the quantiles, AUC and PSI; all rows gave the rest.

    ``ahead`` are claims later than the dataset's upload, ``long_past`` those more than LONG_PAST before it,
    ``odd_ages`` claimants too young to act or older than nearly everybody.
    """

    rows: int
    sampled: int
    fields: tuple[FieldProfile, ...]
    months: tuple[Month, ...]
    stretches: tuple[Stretch, ...]
    copies: Copies
    ahead: int
    long_past: int
    odd_ages: int
