"""What the server itself answers, where no application is asked: problem+json like all the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.web import errors, problems
from shared.web.problems import ProblemRow


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not passed on, and how that is said. The connection ends with it."""

    row: ProblemRow
    detail: str
    retry_after: int | None = None

    def body(self, path: str, trace_id: str) -> bytes:
        return problems.body(self.row, self.detail, instance=path, trace_id=trace_id)


MALFORMED: Final = Refusal(problems.MALFORMED_REQUEST, "The request cannot be read as HTTP says.")
INCOMPLETE: Final = Refusal(problems.ROWS[errors.UploadIncomplete], errors.UploadIncomplete().sentence())
NO_HOST: Final = Refusal(problems.MALFORMED_REQUEST, "A request of HTTP/1.1 has one Host header.")
AMBIGUOUS: Final = Refusal(problems.MALFORMED_REQUEST, "A header that may be sent once came twice.")
TOO_SLOW: Final = Refusal(
    ProblemRow(408, "request-too-slow", "Too slow"), "The request did not come whole in time; send it again."
)
TARGET_TOO_LONG: Final = Refusal(ProblemRow(414, "uri-too-long", "Address too long"), "The address is too long.")
UNKNOWN_EXPECTATION: Final = Refusal(
    ProblemRow(417, "expectation-failed", "Unknown expectation"), "Of Expect, 100-continue alone is understood."
)
HEAD_TOO_LARGE: Final = Refusal(
    ProblemRow(431, "headers-too-large", "Headers too large"), "The headers are too many, or too long."
)
FAILED: Final = Refusal(problems.UNKNOWN, problems.UNKNOWN_DETAIL)
UNKNOWN_METHOD: Final = Refusal(ProblemRow(501, "not-implemented", "Unknown method"), "There is no such method here.")
UNKNOWN_CODING: Final = Refusal(
    ProblemRow(501, "not-implemented", "Unknown coding"), "Of Transfer-Encoding, chunked alone is understood."
)
NO_UPGRADE: Final = Refusal(
    ProblemRow(501, "not-implemented", "No upgrade"),
    "Nothing but HTTP/1.1 is spoken here; send the body without Upgrade.",
)
NO_ROOM: Final = Refusal(
    ProblemRow(503, "busy", "Busy"), "Too many unfinished requests are under way; send yours again shortly.", 2
)
UNKNOWN_VERSION: Final = Refusal(
    ProblemRow(505, "http-version-not-supported", "Unknown version of HTTP"), "This server speaks HTTP/1.1."
)
