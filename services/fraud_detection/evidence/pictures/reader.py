"""Pictures of a file: what its reader says, a process of its own with little memory and time, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, assert_never

from services.fraud_detection.evidence.domain.content import MediaType
from services.fraud_detection.evidence.domain.files import Picture, Unreadable
from services.fraud_detection.evidence.pictures.frames import BrokeOff, LastFrame, NoFrame, PictureFrame, frames
from services.fraud_detection.evidence.pictures.limits import AT_ONCE, LARGEST_FILE, SILENT_SECONDS
from shared.process.confined import ConfinedChild, End, Silent
from shared.process.logs import get_logger
from shared.values.shapes import reshape

_READER: Final = ("-m", "services.fraud_detection.evidence.decoding.child")
"""By its name: whoever imported it would load the libraries that it keeps away from us."""

log = get_logger()
_places: Final = threading.BoundedSemaphore(AT_ONCE)


class ReaderStopped(Exception):
    """The reader was ended from outside; nothing is known of the file."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file as far as it could be read."""

    pages: int
    why: Unreadable | None
    metadata: dict[str, Any]
    """What was taken out of it: place, device, texts. Personal."""


def read(media_type: MediaType, data: Iterator[bytes], keep: Callable[[Picture, bytes], None]) -> Read:
    """Have ``keep`` called with each picture of the file, as a JPEG.

    Raises:
        ReaderStopped: try again.
    """
    with _places, ConfinedChild(_READER) as child:
        child.tell(_announced(media_type, data))
        last: LastFrame | None = None
        try:
            for frame, picture in frames(child.pieces(SILENT_SECONDS), most=LARGEST_FILE):
                match frame:
                    case PictureFrame():
                        keep(reshape(frame, Picture), picture)
                    case LastFrame():
                        last = frame
        except Silent:
            return _unread("takes_too_much")
        except NoFrame:
            # It fell into the hands of what it read, and may speak for ever.
            return _unread("damaged")
        except BrokeOff:
            last = None
        return _by_its_end(*child.ended(), last)


def _by_its_end(end: End, said: bytes, last: LastFrame | None) -> Read:
    match end:
        case End.STOPPED:
            raise ReaderStopped
        case End.FAILED:
            # The last line may quote the file after the exception's name.
            log.error("reader_failed", error=said.strip().rpartition(b"\n")[2].partition(b":")[0][:80].decode())
            return _unread("damaged")
        case End.WELL:
            return _unread("damaged") if last is None else reshape(last, Read)
        case End.BROKEN | End.REFUSED:
            return _unread("takes_too_much")
        case _:
            assert_never(end)


def _announced(media_type: MediaType, data: Iterator[bytes]) -> Iterator[bytes]:
    yield media_type.encode() + b"\n"
    yield from data


def _unread(why: Unreadable) -> Read:
    return Read(0, why, {})
