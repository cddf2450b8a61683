"""Publishes the words that people agree to; what a person agreed to is the policy's to say."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.people.domain.consents import ConsentText, ConsentTextsInUse
from services.enrollment.people.domain.errors import ConsentTextExists
from services.enrollment.people.store import consent_texts
from shared.db import audit
from shared.db.transaction import Tx


def publish_consent_text(tx: Tx, text: ConsentText) -> ConsentText:
    """The text as published; one that is published word for word already stays as it was.

    Raises:
        ConsentTextExists: the version is published with other words, channels or another beginning.
    """
    if not consent_texts.add(tx, text):
        before = consent_texts.text(tx, text.text_version)
        assert before is not None  # noqa: S101  # it was in the way, and texts are never removed
        if (before.zh, before.en, before.channels, before.valid_from) != (
            text.zh,
            text.en,
            text.channels,
            text.valid_from,
        ):
            raise ConsentTextExists(text.text_version)
        return before
    audit.record(
        tx,
        actor=text.published_by,
        action="consent_text.published",
        subject=text.text_version,
        details={"zh_sha256": text.zh_sha256, "en_sha256": text.en_sha256, "channels": ",".join(text.channels)},
        now=text.published_at,
    )
    return text


def texts_in_use(tx: Tx, contract: Contract, *, published_by: datetime | None = None) -> ConsentTextsInUse | None:
    """What consents are held against by this contract, of texts published until then; None where it accepts any."""
    if contract.consent_texts != "registered":
        return None
    texts = consent_texts.all_texts(tx)
    return ConsentTextsInUse(each for each in texts if published_by is None or each.published_at <= published_by)
