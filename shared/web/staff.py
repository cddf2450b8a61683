"""Who belongs to the insurer: tokens of its own tenant. What each scope allows is said by the routes."""

from __future__ import annotations

from shared.values.ids import INSURER
from shared.web.auth import Principal
from shared.web.errors import StaffOnly


def require_staff(caller: Principal) -> None:
    """Raise StaffOnly for the token of a partner."""
    if caller.tenant != INSURER:
        raise StaffOnly(caller.tenant)
