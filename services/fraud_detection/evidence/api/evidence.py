"""Files of evidence over HTTP: a channel sends them, staff sees what was made of them, by links that are over soon."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.evidence.api.deps import EvidenceDeps
from services.fraud_detection.evidence.domain import errors
from services.fraud_detection.evidence.domain.files import EvidenceId, FileState, Unreadable
from services.fraud_detection.evidence.pictures.limits import LARGEST_FILE, MOST_PAGES
from services.fraud_detection.evidence.store import files, of_claims
from services.fraud_detection.evidence.usecases.receive_file import receive_file
from services.fraud_detection.evidence.usecases.show_file import follow_link, make_link
from shared.values.clear_text import TextKind
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId
from shared.web.errors import UnsupportedEncoding
from shared.web.models import Identifier, ReplyModel, RequestModel, ShortText
from shared.web.resource import PUBLIC, Call, Callers, Reply, Resource, StreamedReply

evidence = Resource("evidence", "Files of claims' documents")

CONTENT: Final = "/v1/evidence-content/"
_SENT_AS: Final = (
    *("application/octet-stream", "application/pdf", "image/heic", "image/heif", "image/jpeg", "image/png"),
)


class EvidencePath(RequestModel):
    evidence_id: Identifier


class CasePath(RequestModel):
    claim_id: Identifier


class LinkPath(RequestModel):
    link: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,1000}$"), TextKind.OURS]


class FileView(ReplyModel):
    """A file as its channel sees it."""

    evidence_id: str
    sha256: str
    """What a claim names it by."""
    media_type: str
    """By its first bytes; application/octet-stream if it is none of JPEG, PNG, HEIC and PDF."""
    size_bytes: int
    state: FileState
    """`received` until its pictures are made. An `unreadable` one is kept, and stops no claim."""
    why: Unreadable | None
    """Why it is unreadable."""
    pages: int | None
    received_at: datetime


class DocumentView(ReplyModel):
    """One document of a claim."""

    kind: EvidenceKind
    sha256: str
    captured_at: datetime | None
    added_at: datetime
    file: FileView | None
    """Null where the channel sent no file."""
    other_claims: list[str]
    """Other claims that name the same file, by the hash of all its bytes."""


class DocumentsView(ReplyModel):
    """What a claim rests on."""

    claim_id: str
    documents: list[DocumentView]


class LinkRequest(RequestModel):
    """Which picture you want to see."""

    view: Literal["thumbnail", "page"]
    page_no: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 1


class SealedLinkRequest(RequestModel):
    """What you want to see of what reviewers do not, and why; the reason is kept with your name."""

    view: Literal["original", "metadata"]
    reason: ShortText


class LinkView(ReplyModel):
    """A link, for whoever has it, until it is over."""

    url: str
    """From the root of this API; it asks for no token."""
    expires_at: datetime


@evidence.post(
    "/v1/evidence",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=201,
    creates=False,
    reply=FileView,
    streams=_SENT_AS,
    max_body=LARGEST_FILE,
    problems=(errors.EmptyFile, errors.ObjectStoreAway),
)
def send_file(call: Call[EvidenceDeps]) -> Reply[FileView]:
    """Hand over a document of up to 20 MB as it is: JPEG, PNG, HEIC or PDF. A claim then names its `sha256`.

    What it is goes by its content, not by Content-Type. The same file again is the same one: no key is needed.
    One that no claim names within 30 days is dropped.
    """
    if (call.request_stream.content_encoding or "identity").lower() != "identity":
        raise UnsupportedEncoding
    file = receive_file(call.request_stream, tenant=call.caller.tenant, objects_of=call.deps.objects, now=call.now)
    return Reply(FileView.of(file), headers={"Location": f"/v1/evidence/{file.evidence_id}"})


@evidence.get(
    "/v1/evidence/<evidence_id>",
    scope="claims:read",
    callers=Callers.PARTNERS,
    reply=FileView,
    problems=(errors.UnknownEvidence,),
)
def show_file(call: Call[EvidenceDeps], path: EvidencePath) -> Reply[FileView]:
    """One of your files, and whether it can be read."""
    file = files.find(call.tx, EvidenceId(path.evidence_id))
    if file is None or file.tenant != call.caller.tenant:
        raise errors.UnknownEvidence(path.evidence_id)
    return Reply(FileView.of(file))


@evidence.get(
    "/v1/reviews/<claim_id>/evidence",
    scope="reviews:read",
    callers=Callers.STAFF,
    reply=DocumentsView,
    problems=(UnknownClaim,),
)
def show_documents(call: Call[EvidenceDeps], path: CasePath) -> Reply[DocumentsView]:
    """The documents of a claim, what is known of their files, and which other claims name the same ones."""
    claim_id = ClaimId(path.claim_id)
    if claims.find(call.tx, claim_id) is None:
        raise UnknownClaim(path.claim_id)
    found = of_claims.documents(call.tx, claim_id)
    holders = of_claims.other_holders(call.tx, claim_id, [each.sha256 for each in found])
    documents = [DocumentView.of(each, other_claims=holders.get(each.sha256, [])) for each in found]
    return Reply(DocumentsView(claim_id=claim_id, documents=documents))


@evidence.post(
    "/v1/evidence/<evidence_id>/links",
    scope="reviews:read",
    callers=Callers.STAFF,
    status=201,
    creates=False,
    reply=LinkView,
    problems=(errors.UnknownEvidence, errors.NothingToShow, errors.InfectedFile),
)
def make_picture_link(call: Call[EvidenceDeps], path: EvidencePath, body: LinkRequest) -> Reply[LinkView]:
    """A link to a picture of the file, for five minutes. That you asked is kept in the audit trail.

    The picture is a new one: place, device and texts that the file holds beside what it shows are not in it.
    """
    return _linked(call, path, body.view, page_no=body.page_no)


@evidence.post(
    "/v1/evidence/<evidence_id>/sealed-links",
    scope="evidence:open",
    callers=Callers.STAFF,
    status=201,
    creates=False,
    reply=LinkView,
    problems=(errors.UnknownEvidence, errors.NothingToShow, errors.InfectedFile),
)
def make_sealed_link(call: Call[EvidenceDeps], path: EvidencePath, body: SealedLinkRequest) -> Reply[LinkView]:
    """A link to the file's own bytes, or to what was taken out of its pictures, for five minutes.

    That you asked, and why, is kept in the audit trail. Open the bytes with care: they are what a stranger sent.
    """
    return _linked(call, path, body.view, reason=body.reason)


@evidence.get(
    CONTENT + "<link>",
    scope=PUBLIC,
    reply="image/jpeg",
    problems=(errors.UnknownLink, errors.LinkExpired, errors.NothingToShow, errors.InfectedFile),
)
def follow(call: Call[EvidenceDeps], path: LinkPath) -> StreamedReply:
    """What a link leads to. The link is all that is needed, and is over soon; that it was followed is kept."""
    opened = follow_link(call.tx, path.link, seal=call.deps.links, objects=call.deps.objects, now=call.now)
    shown = "inline" if opened.media_type == "image/jpeg" and opened.name.endswith(".jpg") else "attachment"
    return StreamedReply(
        lambda _database: opened.pieces,
        opened.media_type,
        headers={
            "Content-Disposition": f'{shown}; filename="{opened.name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _linked(
    call: Call[EvidenceDeps],
    path: EvidencePath,
    view: Literal["thumbnail", "page", "original", "metadata"],
    *,
    page_no: int = 1,
    reason: str | None = None,
) -> Reply[LinkView]:
    text, expires_at = make_link(
        call.tx,
        EvidenceId(path.evidence_id),
        view,
        page_no=page_no,
        reason=reason,
        asked_by=call.caller.subject,
        seal=call.deps.links,
        now=call.now,
    )
    return Reply(LinkView(url=CONTENT + text, expires_at=expires_at))
