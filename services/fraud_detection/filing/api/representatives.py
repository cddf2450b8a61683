"""Who acts for the insured, over HTTP: as a claim tells it, and as its resident sees it."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from services.fraud_detection.claims.domain.representatives import Role, ToldRepresentative
from shared.values.documents import DocumentType
from shared.values.shapes import reshape
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import Day, ReplyModel, RequestModel, Sha256Hex

Number = Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR]


class Mandate(RequestModel):
    """What shows that the representative may act: a letter of authority, or that somebody is the guardian."""

    document_sha256: Sha256Hex | None = None
    """Which of the claim's documents of kind `mandate` it is; without one it is asked for with the other papers."""
    valid_until: Day | None = None
    """The last day on which it holds, in Shanghai; needed of an agent."""


class RepresentativePerson(RequestModel):
    """Who acts for the insured, as on the document: a guardian by law, or an agent by a mandate."""

    role: Role
    name: Annotated[str, StringConstraints(min_length=1, max_length=100), NOT_IN_CLEAR]
    """Kept sealed, as a token and as a mask."""
    document_type: DocumentType
    document_number: Number
    phone: Number | None = None
    """A mobile number of mainland China; kept sealed."""
    mandate: Mandate | None = None


class RepresentativeView(ReplyModel):
    """Who acts for the insured."""

    role: Role
    name_masked: str
    """Empty once the person was erased."""


def told_representative(said: RepresentativePerson | None) -> ToldRepresentative | None:
    if said is None:
        return None
    mandate = said.mandate or Mandate()
    return reshape(said, ToldRepresentative, mandate_sha256=mandate.document_sha256, valid_until=mandate.valid_until)
