"""The proof of one policy's consent as stored with it. Which words it names, consent_texts holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.enrollment.people.domain.policies import Consent
from shared.db.columns import Columns, Named
from shared.db.transaction import Tx
from shared.values.ids import PartnerId, PolicyId


@dataclass(frozen=True, slots=True)
class PolicyConsent:
    """A consent, and whose the policy is now."""

    partner_id: PartnerId
    consent: Consent


CONSENT: Final[dict[str, Named]] = {
    "text_version": "consent_text_version",
    "given_at": "consent_given_at",
    "channel": "consent_channel",
    "sha256": "encode(p.consent_sha256, 'hex')",
}
"""Where a consent stands in a policy ``p``."""
_OF_POLICY: Final = f"""
SELECT {Columns(PolicyConsent, partner_id="r.partner_id", consent=CONSENT).of("p")}
FROM policies p JOIN partners r USING (partner_no)
WHERE p.policy_id = %(policy_id)s AND (%(partner_no)s::integer IS NULL OR p.partner_no = %(partner_no)s)
"""


def of_policy(tx: Tx, policy_id: PolicyId, *, partner_no: int | None) -> PolicyConsent | None:
    """None where there is no such policy, or none of the partner asked for."""
    return tx.one(_OF_POLICY, {"policy_id": policy_id, "partner_no": partner_no}, into=PolicyConsent)
