"""How long, how many and how large the terms of a product may be: what a file, a draft and a reply are all held to.

A version that is stored is shown for ever: what one of them would accept and another one refuse could never be shown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

LONGEST_TEXT: Final = 1000
"""Characters of an exclusion's or a question's text: half a page."""
LONGEST_NAME: Final = 120
LONGEST_CLAUSE: Final = 40
LONGEST_GRADE: Final = 20
MOST_EVIDENCE_KINDS: Final = 20
MOST_EXCLUSIONS: Final = 100
MOST_LIABILITIES: Final = 50
MOST_QUESTIONS: Final = 100
MOST_ANSWERS: Final = 50
MOST_GRADES: Final = 50
MOST_REFUND_STEPS: Final = 50
MOST_CLAUSES: Final = 100
MOST_ITEMS: Final = 1000

MOST_FEN: Final = 1_000_000_000_000
"""Ten billion yuan: above any cover, far below what a bigint holds."""
LONGEST_TERM: Final = 366
"""Days: what a year allows (annual limit, annual deductible) is counted for each policy, so a term is no longer."""
LONGEST_DAYS: Final = 3660
LONGEST_HOURS: Final = 87_600
"""Ten years each: longer terms are another kind of insurance."""
MOST_POINTS: Final = 1000
MOST_POINTS_TOGETHER: Final = MOST_QUESTIONS * MOST_POINTS
HIGHEST_RATE: Final = 1000
"""Percent: a risk that costs more than ten times the usual one is one that nobody should insure."""

FIRST_MOMENT: Final = datetime(1900, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""What insurance speaks of; at the ends of the calendar a mere change of zone overflows."""
