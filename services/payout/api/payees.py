"""The payee vault over HTTP: an account goes in, a token comes out. Nothing brings the account back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from services.payout.api.deps import Deps
from services.payout.domain.errors import HolderDiffers
from services.payout.domain.payees import normalize
from services.payout.usecases.register_payee import register_payee
from shared.values.clear_text import TextKind
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

payees = Resource("payees", "Accounts that claims are paid to, known by token alone")


class PayeeRequest(RequestModel):
    """An account as on the bank card, and whose it is."""

    holder_name: Annotated[str, StringConstraints(min_length=1, max_length=100), NOT_IN_CLEAR]
    account: Annotated[str, StringConstraints(min_length=12, max_length=60), NOT_IN_CLEAR]
    """12 to 25 digits; spaces and hyphens between them do not matter."""
    bank_code: Annotated[str, StringConstraints(min_length=3, max_length=20), TextKind.LABEL]
    """The branch's CNAPS number, the bank's BIC, or its short code, e.g. `ICBC`."""


class PayeeView(ReplyModel):
    """A payee as others may see it."""

    payee_token: Annotated[str, Field(pattern=r"^[0-9a-f]{34}$")]
    """Put it into the claim. One account has one token, whoever registers it."""
    account: str
    """Masked: the last four digits."""
    holder_name: str
    """Masked: the first character."""
    bank_code: str


@payees.post(
    "/v1/payees",
    scope="payees:write",
    callers=Callers.PARTNERS,
    reply=PayeeView,
    about="payee_token",
    problems=(HolderDiffers,),
)
def register(call: Call[Deps], body: PayeeRequest) -> Reply[PayeeView]:
    """Register an account. The same account again gives the same token."""
    details = normalize(body.holder_name, body.account, body.bank_code)
    payee = register_payee(call.tx, details, vault=call.deps.vault, caller=call.caller.client_id, now=call.now)
    return Reply(
        PayeeView(
            payee_token=payee.payee_token,
            account=payee.account_masked,
            holder_name=payee.holder_masked,
            bank_code=payee.bank_code,
        )
    )
