"""Identifiers as types. Each is the text of a UUIDv7 unless it says otherwise; shared.process.new_ids makes them."""

from __future__ import annotations

import re
from typing import Final, NewType

PartnerId = NewType("PartnerId", str)
"""A telecom partner's code, chosen at contract time, e.g. ``telecom-east``; also the tenant of its tokens."""

INSURER: Final = PartnerId("fangzha")
"""The tenant of the insurer's own people; no partner has it."""

ProductCode = NewType("ProductCode", str)
"""A product's code, e.g. ``resident-anti-fraud``. A version number stands beside it."""

PolicyId = NewType("PolicyId", str)
BatchId = NewType("BatchId", str)
ClaimId = NewType("ClaimId", str)
DecisionId = NewType("DecisionId", str)
ModelId = NewType("ModelId", str)
PayoutId = NewType("PayoutId", str)
EventId = NewType("EventId", str)

TokenHex = NewType("TokenHex", str)
"""A person, phone, device or payee as a keyed hash: 34 hex digits, one byte of key id and 16 of hash."""
_TOKEN: Final = re.compile("[0-9a-f]{34}")


def is_token(text: str) -> bool:
    """Whether ``text`` has the form of a token."""
    return _TOKEN.fullmatch(text) is not None
