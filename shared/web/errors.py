"""What can go wrong before or around a use case, at the HTTP edge. Their statuses stand in shared.web.problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class NotAuthenticated(FangzhaError):
    """The bearer token is not accepted: {reason}."""

    reason: str


@dataclass(frozen=True)
class TokenMissing(FangzhaError):
    """Send an OAuth 2.0 access token: `Authorization: Bearer <token>`."""


@dataclass(frozen=True)
class ScopeMissing(FangzhaError):
    """The token lacks the scope `{scope}`."""

    scope: str


@dataclass(frozen=True)
class StaffOnly(FangzhaError):
    """Only the insurer's staff may do this, or name another partner; this token belongs to {tenant}."""

    tenant: str


@dataclass(frozen=True)
class PartnersOnly(FangzhaError):
    """A partner or a channel does this with its own token. The insurer's staff cannot do it in its place."""


@dataclass(frozen=True)
class IssuerKeysAway(FangzhaError):
    """The issuer's keys cannot be fetched now, so no token can be checked. Try again shortly."""

    retry_after: int = 5


@dataclass(frozen=True)
class MalformedJson(FangzhaError):
    """The body is not JSON: {detail}."""

    detail: str


@dataclass(frozen=True)
class RepeatedKey(FangzhaError):
    """The key `{key}` stands twice in one object of the body; send it once."""

    key: str


@dataclass(frozen=True)
class UnsupportedMediaType(FangzhaError):
    """This route reads `{expected}`; send it with that Content-Type."""

    expected: str


@dataclass(frozen=True)
class UnsupportedEncoding(FangzhaError):
    """This route reads a body as it is; send it without Content-Encoding."""


@dataclass(frozen=True)
class BodyTooLarge(FangzhaError):
    """The body is larger than the {limit} bytes that this route takes."""

    limit: int


@dataclass(frozen=True)
class FieldFault:
    """One field that is not acceptable, and what to do about it. Never holds the value."""

    pointer: str
    detail: str
    fix: str
    where: Literal["body", "query", "path", "header"] = "body"


@dataclass(frozen=True)
class InvalidRequest(FangzhaError):
    """The request has fields that are not acceptable; see errors."""

    faults: tuple[FieldFault, ...]

    def sentence(self) -> str:
        match self.faults:
            case (FieldFault(detail=detail, fix=fix),):
                return f"{detail} {fix}"
            case _:
                return super().sentence()


@dataclass(frozen=True)
class IdempotencyKeyMissing(FangzhaError):
    """This route creates something: send an `Idempotency-Key` header, a new UUID for each new request."""


@dataclass(frozen=True)
class IdempotencyKeyMalformed(FangzhaError):
    """An Idempotency-Key is 8 to 128 letters, digits, dots, colons, hyphens or underscores, e.g. a UUID."""


@dataclass(frozen=True)
class IdempotencyKeyReused(FangzhaError):
    """This Idempotency-Key came before with another request; use a new key for a new request."""


@dataclass(frozen=True)
class ReplyNotKept(FangzhaError):
    """This request was done before. Its reply is no longer kept: whom it was about was forgotten since."""


@dataclass(frozen=True)
class RequestInProgress(FangzhaError):
    """A request with this Idempotency-Key is being worked on; ask again with the same key."""

    retry_after: int = 1


@dataclass(frozen=True)
class MatchMissing(FangzhaError):
    """Send `If-Match` with the ETag that you read, so that nobody's change is overwritten."""


@dataclass(frozen=True)
class VersionMismatch(FangzhaError):
    """It was changed since you read it, or the ETag lacks its quotes (`"2"`); read it again and decide anew."""


@dataclass(frozen=True)
class InvalidCursor(FangzhaError):
    """This cursor is not one that a page of this list gave."""


@dataclass(frozen=True)
class TooManyRequests(FangzhaError):
    """Too many requests; wait {retry_after} seconds."""

    retry_after: int


@dataclass(frozen=True)
class UploadIncomplete(FangzhaError):
    """The body ended before the announced length; send it again."""


@dataclass(frozen=True)
class UploadTooSlow(FangzhaError):
    """The body came too slowly and was given up; send it again over a faster line, compressed."""


@dataclass(frozen=True)
class TooManyUploads(FangzhaError):
    """As many files as we take at once are coming in; send yours again in {retry_after} seconds."""

    retry_after: int = 5


@dataclass(frozen=True)
class NoRoomForUpload(FangzhaError):
    """There is no room on our disk for the body just now; send it again in {retry_after} seconds."""

    retry_after: int = 60
