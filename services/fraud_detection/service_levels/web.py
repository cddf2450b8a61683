"""Service levels over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.fraud_detection.service_levels.api.service_levels import service_levels
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (service_levels,)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {}
