"""What a training reads, and the phases it goes through."""

from __future__ import annotations

from typing import Literal, TypeAlias

Phase = Literal["reading", "fitting", "evaluating", "storing"]
LabelledLine: TypeAlias = tuple[bool, str]
"""Whether a past claim was dishonest, and its snapshot as JSON."""
