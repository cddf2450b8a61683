"""Which columns a file of each kind has. What partners may call them is the intake's, what they may hold the rules'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from services.enrollment.policies.domain.rows import COLUMNS

BatchKind = Literal["enrollment", "removal", "renewal"]


@dataclass(frozen=True, slots=True)
class FileColumns:
    """``names`` in the order in which we show them; those in ``optional`` may be missing from a file."""

    names: tuple[str, ...]
    optional: frozenset[str] = frozenset()

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name not in self.optional)


ENROLLMENT: Final = FileColumns(COLUMNS, frozenset({"birth_date", "effective_date"}))

_CONSENT: Final = tuple(name for name in COLUMNS if name.startswith("consent_"))

FILE_COLUMNS: Final[Mapping[BatchKind, FileColumns]] = {
    "enrollment": ENROLLMENT,
    "removal": FileColumns(("partner_reference", "reason"), frozenset({"reason"})),
    "renewal": FileColumns(
        ("partner_reference", *_CONSENT),
        frozenset(_CONSENT),
    ),
}
"""The kinds that are taken in. A kind stands here once the worker knows what to do with its rows."""
