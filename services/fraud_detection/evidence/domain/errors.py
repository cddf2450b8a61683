"""What can be wrong with a file or a link to it. Statuses stand in web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownEvidence(FangzhaError):
    """There is no file {evidence_id} of yours."""

    evidence_id: str


@dataclass(frozen=True)
class EmptyFile(FangzhaError):
    """The body is empty; send the file's bytes."""


@dataclass(frozen=True)
class NothingToShow(FangzhaError):
    """There is no such picture of this file; it is {state}."""

    state: str


@dataclass(frozen=True)
class InfectedFile(FangzhaError):
    """The scanner knows this file as harmful; it is handed to nobody."""


@dataclass(frozen=True)
class UnknownLink(FangzhaError):
    """This link leads nowhere; ask for a new one."""


@dataclass(frozen=True)
class LinkExpired(FangzhaError):
    """This link was for some minutes and is over; ask for a new one."""


@dataclass(frozen=True)
class ObjectStoreAway(FangzhaError):
    """Files cannot be read or written now; try again in {retry_after} seconds."""

    retry_after: int = 10


@dataclass(frozen=True)
class ObjectBroken(FangzhaError):
    """A file in the store is not what was written there: it was cut, changed or put in another's place."""


@dataclass(frozen=True)
class ScannerAway(FangzhaError):
    """The scanner cannot be reached ({reason}); files wait until it can."""

    reason: str
