"""A file of a claim's document, what became of it, and the pictures that a reviewer sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType, TypeAlias

from services.fraud_detection.evidence.domain.content import MediaType

EvidenceId = NewType("EvidenceId", str)
ObjectId = NewType("ObjectId", str)
"""The name of an object in the store."""

FileState: TypeAlias = Literal["received", "ready", "unreadable", "infected"]
"""``received``: its pictures are not made yet. ``infected``: the scanner knows it; nobody gets it."""

Unreadable: TypeAlias = Literal[
    "unknown_type", "damaged", "locked", "too_many_pixels", "too_many_pages", "takes_too_much", "not_scanned"
]
"""Why there are no pictures. ``locked``: it asks for a password. ``takes_too_much``: memory or time of the child.
``not_scanned``: the scanner takes no file of this size."""

ViewKind: TypeAlias = Literal["thumbnail", "page"]
Shown: TypeAlias = Literal["thumbnail", "page", "original", "metadata"]
"""What a link may lead to. The last two are sealed for the fraud team."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file as a tenant sent it. ``pages`` and the sizes are known once it is ready."""

    evidence_id: EvidenceId
    tenant: str
    sha256: str
    media_type: MediaType
    size_bytes: int
    state: FileState
    why: Unreadable | None
    pages: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was made of a file: a JPEG. Pages count from 1; the thumbnail is of page 1."""

    view: ViewKind
    page_no: int
    width: int
    height: int
