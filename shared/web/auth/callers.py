"""Whose tokens a route takes, beside their scope: the one rule of who is staff. What one may see is the use case's.

Staff is who has a token of the insurer's own tenant (shared.values.ids.INSURER). A scope says what a token may do and
never whose it is: an issuer that gives a partner a scope of the staff's has opened nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from shared.web.auth.tokens import Principal
from shared.web.errors import PartnersOnly, StaffOnly


class Callers(StrEnum):
    """Each route says one of these; the API document shows it as ``x-callers``."""

    STAFF = "staff"
    """The insurer's people, for whichever partner or channel it concerns."""
    PARTNERS = "partners"
    """A partner or a channel, for what is its own. The staff has no data of its own to do it with."""
    BOTH = "both"
    """A partner or a channel sees and does what is its own, the staff everything."""


def require(callers: Callers, caller: Principal) -> None:
    """Let ``caller`` pass if it is one of ``callers``.

    Raises:
        StaffOnly: the token is a partner's or a channel's.
        PartnersOnly: it is the insurer's.
    """
    match callers:
        case Callers.STAFF:
            if not caller.is_staff:
                raise StaffOnly(caller.tenant)
        case Callers.PARTNERS:
            if caller.is_staff:
                raise PartnersOnly
        case Callers.BOTH:
            pass
        case _:
            assert_never(callers)
