"""Shows what was made of a file, or for the fraud team the file itself: by a link that is over soon, with its trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.fraud_detection.evidence.domain.content import MediaType
from services.fraud_detection.evidence.domain.errors import (
    InfectedFile,
    LinkExpired,
    NothingToShow,
    UnknownEvidence,
    UnknownLink,
)
from services.fraud_detection.evidence.domain.files import EvidenceFile, EvidenceId, ObjectId, Shown
from services.fraud_detection.evidence.domain.links import LASTS, Link
from services.fraud_detection.evidence.store import files
from services.fraud_detection.evidence.usecases.link_seal import LinkSeal
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects, metadata_context
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.clock import wall_now


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to. ``pieces`` may be asked for once the transaction is over."""

    media_type: MediaType | str
    name: str
    """For whoever saves it."""
    pieces: Iterator[bytes]


def make_link(
    tx: Tx,
    evidence_id: EvidenceId,
    shown: Shown,
    *,
    page_no: int = 1,
    reason: str | None = None,
    asked_by: str,
    seal: LinkSeal,
    now: datetime,
) -> tuple[str, datetime]:
    """The link's text and when it is over, in real time. Who asked for what, and why, goes into the audit trail.

    Raises:
        UnknownEvidence: there is no such file.
        InfectedFile: it is handed to nobody.
        NothingToShow: it has no such picture, or nothing was taken out of it.
    """
    file = files.find(tx, evidence_id)
    if file is None:
        raise UnknownEvidence(evidence_id)
    _place(tx, file, shown, page_no)
    link = Link(evidence_id, shown, page_no, asked_by, wall_now() + LASTS)
    _tell(tx, link, "evidence.link_made", reason=reason, now=now)
    return seal.seal(link), link.expires_at


def follow_link(tx: Tx, text: str, *, seal: LinkSeal, objects: SealedObjects, now: datetime) -> Opened:
    """What the link leads to; that it was followed goes into the audit trail.

    Raises:
        UnknownLink: it was not made here, or what it led to was forgotten.
        LinkExpired: it is over.
        InfectedFile, NothingToShow: as make_link.
    """
    link = seal.open(text)
    if wall_now() >= link.expires_at:
        raise LinkExpired
    file = files.find(tx, link.evidence_id)
    if file is None:
        raise UnknownLink
    place = _place(tx, file, link.shown, link.page_no)
    _tell(tx, link, "evidence.opened", reason=None, now=now)
    if isinstance(place, bytes):
        text_of = objects.sealer.open_bytes(tx, place, metadata_context(file.evidence_id))
        return Opened("application/json", f"{file.evidence_id}.metadata.json", iter((text_of,)))
    pieces = objects.read(place, objects.key(tx, place))
    if link.shown == "original":
        return Opened(file.media_type, f"{file.evidence_id}.original", pieces)
    return Opened("image/jpeg", f"{file.evidence_id}.{link.shown}-{link.page_no}.jpg", pieces)


def _place(tx: Tx, file: EvidenceFile, shown: Shown, page_no: int) -> ObjectId | bytes:
    """Where it lies; of metadata, what was sealed."""
    if file.state == "infected":
        raise InfectedFile
    place: ObjectId | bytes | None
    match shown:
        case "thumbnail" | "page":
            place = files.picture_object(tx, file.evidence_id, shown, page_no)
        case "original":
            place = files.original(tx, file.evidence_id).object_id
        case "metadata":
            place = files.original(tx, file.evidence_id).metadata
    if place is None:
        raise NothingToShow(file.state)
    return place


def _tell(tx: Tx, link: Link, action: str, *, reason: str | None, now: datetime) -> None:
    details: dict[str, str | int | None] = {"shown": link.shown, "page_no": link.page_no}
    if reason is not None:
        details["reason"] = reason
    audit.record(tx, actor=link.asked_by, action=action, subject=link.evidence_id, details=details, now=now)
