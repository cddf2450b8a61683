"""Who may see and change which partner: the insurer's staff all, a partner itself. What is not yours is unknown."""

from __future__ import annotations

from services.enrollment.partners.domain.errors import UnknownPartner
from shared.values.ids import PartnerId
from shared.web.auth.tokens import Principal
from shared.web.models import PartnerSlug, RequestModel


class PartnerPath(RequestModel):
    partner_id: PartnerSlug


def require_visible(caller: Principal, partner_id: str) -> None:
    """Raise UnknownPartner for another partner's."""
    if not caller.is_staff and caller.tenant != partner_id:
        raise UnknownPartner(partner_id)


def only_visible(caller: Principal) -> PartnerId | None:
    """The one partner whom the caller may see; None where it may see all."""
    return None if caller.is_staff else PartnerId(caller.tenant)
