"""The invariant of webhooks."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant, found_by
from shared.webhooks.store.integrity import DELIVERED_WITHOUT_SUCCESS

INVARIANTS: Final = (Invariant(10, "webhooks took no illegal step", found_by(DELIVERED_WITHOUT_SUCCESS)),)
