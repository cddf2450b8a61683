"""A message as it is signed and sent, and what each service tells of endpoints themselves."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

import msgspec

from shared.courier.standard_webhooks import DisabledReason

DISABLED: Final = "endpoint.disabled"


class EndpointDisabled(msgspec.Struct, frozen=True, kw_only=True):
    """Another of the partner's endpoints is sent nothing any more, and why."""

    TYPE: ClassVar[str] = DISABLED

    endpoint_id: str
    reason: DisabledReason


class _Message(msgspec.Struct, frozen=True):
    type: str
    timestamp: datetime
    data: object


def body(type_: str, timestamp: datetime, data: object) -> str:
    """The message as it is signed and sent, each time the same bytes."""
    return msgspec.json.encode(_Message(type_, timestamp, data)).decode()
