"""What a claim must say of who acts for the insured. Whether the mandate holds is a person's question, asked later.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Evidence
from services.fraud_detection.claims.domain.representatives import MANDATE, ToldRepresentative, is_past
from shared.values.documents import Document, holder_kind, normalize_document
from shared.values.errors import InvalidField
from shared.values.names import normal_name


def faults(
    told: ToldRepresentative | None, *, claimant_type: str | None, evidence: Sequence[Evidence], now: datetime
) -> Iterator[InvalidField]:
    """All in which it contradicts itself or the claim; nothing where the insured claims alone.

    ``claimant_type`` is the type of the insured's document, None where it is not told yet.
    """
    if told is None:
        return
    if not normal_name(told.name):
        yield InvalidField("/representative/name", "This is no name.", "Send the name as the document shows it.")
    if told.role == "guardian" and claimant_type is not None and holder_kind(claimant_type) == "organization":
        yield InvalidField("/representative/role", "An organization has no guardian.", "Send agent.")
    yield from _mandate(told, evidence, now)


def _mandate(told: ToldRepresentative, evidence: Sequence[Evidence], now: datetime) -> Iterator[InvalidField]:
    if told.role == "agent" and told.valid_until is None:
        yield InvalidField(
            "/representative/mandate/valid_until",
            "An agent acts for as long as the mandate says.",
            "Send the last day on which it holds.",
        )
    if is_past(told.valid_until, now):
        yield InvalidField(
            "/representative/mandate/valid_until",
            "The mandate ended before the claim is filed.",
            "Send one that holds; or leave representative out, and let the insured claim.",
        )
    shown = {each.sha256 for each in evidence if each.kind == MANDATE}
    if told.mandate_sha256 is not None and told.mandate_sha256 not in shown:
        yield InvalidField(
            "/representative/mandate/document_sha256",
            "None of the claim's documents of kind mandate has this hash.",
            "List it in evidence with kind mandate; or leave the hash out, and send the document later.",
        )


def document_of(told: ToldRepresentative, *, sandbox: bool) -> Document:
    """The representative's document in its one form.

    Raises:
        InvalidField: there is no such number.
    """
    return normalize_document(
        told.document_type, told.document_number, sandbox=sandbox, pointer="/representative/document_number"
    )


def is_the_insured() -> InvalidField:
    """Nobody represents themselves."""
    return InvalidField(
        "/representative/document_number",
        "The representative is the insured.",
        "Leave representative out: who claims for themselves needs no mandate.",
    )
