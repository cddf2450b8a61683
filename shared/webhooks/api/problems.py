"""The status of each error about webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow
from shared.webhooks.domain import errors

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownEndpoint: ProblemRow(404, "unknown-webhook-endpoint", "Unknown webhook endpoint"),
    errors.UnknownDelivery: ProblemRow(404, "unknown-webhook-delivery", "Unknown webhook delivery"),
    errors.TooManyEndpoints: ProblemRow(409, "too-many-webhook-endpoints", "Too many webhook endpoints"),
    errors.TooManySecrets: ProblemRow(409, "too-many-webhook-secrets", "Too many webhook secrets"),
    errors.EndpointIsDisabled: ProblemRow(409, "webhook-endpoint-disabled", "The webhook endpoint is disabled"),
    errors.TestsBusy: ProblemRow(429, "too-many-requests", "Other tests are under way"),
}
