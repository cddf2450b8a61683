"""Partners' files over HTTP: uploads, how far they are, and their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.files.api.batches import batches
from services.enrollment.files.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (batches,)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownBatch: ProblemRow(404, "unknown-batch", "Unknown batch"),
    errors.NotTheDeclaredFile: ProblemRow(422, "not-the-declared-file", "Not the declared file"),
    errors.UnreadableFile: ProblemRow(422, "unreadable-file", "Unreadable file"),
    errors.NoRoom: ProblemRow(503, "no-room", "No room now"),
    errors.BatchNotDone: ProblemRow(409, "batch-not-done", "Not done yet"),
    errors.ResultsExpired: ProblemRow(410, "results-expired", "Results no longer kept"),
    errors.NotSoldByFile: ProblemRow(422, "not-sold-by-file", "Not sold by file"),
}
