"""Step 3: residents file claims through a mobile backend; some file the same loss again through another channel."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from deploy.demo.users import FRAUD_DETECTION, PAYOUT, Json, Refused, System, User
from deploy.demo.waiting import Progress, TookTooLong
from deploy.simulator.claims import Payee, SimulatedClaim

MOBILE: Final = "mobile-backend"
OTHER_CHANNEL: Final = "bank-app"
CLIENTS: Final = 4
"""Requests under way at once."""
PACE: Final = 20.0
"""Claims a second, so that the waits told are those of deciding and not those of a queue that we made ourselves."""


@dataclass
class Filed:
    """One claim with what the resident was told, at filing and when last asked, and what the machine decided first."""

    simulated: SimulatedClaim
    channel: str
    view: Json
    trace_id: str
    latest: Json = field(default_factory=dict)
    first_decision: Json = field(default_factory=dict)

    @property
    def claim_id(self) -> str:
        return str(self.view["claim_id"])

    @property
    def state(self) -> str:
        return str((self.latest or self.view)["state"])

    @property
    def approved(self) -> bool:
        """Whether the newest decision approves it, wherever its money is."""
        return bool((self.latest.get("decision") or {}).get("outcome") == "approved")


def file_all(system: System, claims: Sequence[SimulatedClaim], told: Progress) -> list[Filed]:
    """File each claim once: those that repeat another after all others, through the other channel."""
    filed: list[Filed] = []
    with (
        User.of(system, MOBILE, FRAUD_DETECTION) as mobile,
        User.of(system, OTHER_CHANNEL, FRAUD_DETECTION) as other,
        User.of(system, MOBILE, PAYOUT) as vault,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        payees = _payees(vault, (claim.payee for claim in claims), pool)

        begun = time.monotonic()

        def file(claim: SimulatedClaim) -> Filed:
            channel = mobile if claim.follows is None else other
            time.sleep(max(0.0, begun + len(filed) / PACE - time.monotonic()))
            trace_id = secrets.token_hex(16)
            body = claim.body | {"payee_token": payees[claim.payee]}
            view = _patiently(channel, body, f"00-{trace_id}-{secrets.token_hex(8)}-01")
            return Filed(claim, channel.name, view, trace_id)

        for wave in ([c for c in claims if c.follows is None], [c for c in claims if c.follows is not None]):
            for each in pool.map(file, wave):
                filed.append(each)
                told(len(filed), len(claims))
    return filed


def _payees(vault: User, wanted: Iterable[Payee], pool: ThreadPoolExecutor) -> dict[Payee, str]:
    """Each account goes to payout's vault; a claim carries its token only."""
    payees = list(dict.fromkeys(wanted))

    def token(payee: Payee) -> str:
        body = {"holder_name": payee.holder_name, "account": payee.account, "bank_code": payee.bank_code}
        return str(vault.post("/v1/payees", body)["payee_token"])

    return dict(zip(payees, pool.map(token, payees), strict=True))


def _patiently(channel: User, body: Json, trace: str) -> Json:
    """File; a policy that fraud detection has not heard of yet is tried again for a while, as a client would."""
    limit = time.monotonic() + 60
    while True:
        try:
            return channel.post("/v1/claims", body, trace=trace)
        except Refused as refused:
            if refused.slug != "unknown-policy":
                raise
            if time.monotonic() > limit:
                raise TookTooLong(f"after 60 s: {refused}") from refused
            time.sleep(0.2)
