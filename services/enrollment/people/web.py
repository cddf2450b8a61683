"""People over HTTP: the consent texts, and who agreed to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.people.api.consents import consents
from services.enrollment.people.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (consents,)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownPolicy: ProblemRow(404, "unknown-policy", "Unknown policy"),
    errors.OptedOut: ProblemRow(409, "opted-out", "The person opted out"),
    errors.NotOptedOut: ProblemRow(409, "not-opted-out", "Not opted out"),
    errors.ConsentTextExists: ProblemRow(409, "consent-text-exists", "The version is published"),
}
