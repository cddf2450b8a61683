"""Files of evidence over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.fraud_detection.evidence.api.evidence import evidence
from services.fraud_detection.evidence.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (evidence,)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownEvidence: ProblemRow(404, "unknown-evidence", "Unknown file"),
    errors.EmptyFile: ProblemRow(422, "empty-file", "Nothing in it"),
    errors.NothingToShow: ProblemRow(409, "nothing-to-show", "Nothing to show"),
    errors.InfectedFile: ProblemRow(409, "infected-file", "Known as harmful"),
    errors.UnknownLink: ProblemRow(404, "unknown-link", "Unknown link"),
    errors.LinkExpired: ProblemRow(410, "link-expired", "The link is over"),
    errors.ObjectStoreAway: ProblemRow(503, "files-away", "Files cannot be reached now"),
    errors.ObjectBroken: ProblemRow(500, "file-broken", "The file is not what it was"),
}
