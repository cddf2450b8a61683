"""The routes by which a sandbox's users move its time. Where the offset is kept is shared.db.sandbox_clock's."""

from __future__ import annotations

from typing import Any

from shared.db import sandbox_clock as stored
from shared.db.errors import ClockCannotGoBack
from shared.process.clock import FURTHEST, Clock, SandboxClock, wall_now
from shared.values.errors import InvalidField
from shared.web.models import Moment, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

SCOPE = "sandbox:clock"


class ClockView(ReplyModel):
    """What time it is in this sandbox."""

    now: Moment


class ClockAdvance(RequestModel):
    """A wish to move the time of this sandbox."""

    advance_to: Moment
    """The new time. Never before the present one: a sandbox's time does not go back."""


def sandbox_clock(clock: Clock) -> Resource:
    """The resource, for an application of a sandbox only."""
    resource = Resource("sandbox", "What only a sandbox has: its time can be moved forward, for all of its processes")

    @resource.get("/v1/sandbox/clock", scope=SCOPE, callers=Callers.STAFF, reply=ClockView)
    def read_sandbox_clock(call: Call[Any]) -> Reply[ClockView]:
        """What time it is in this sandbox."""
        return Reply(ClockView(now=call.now))

    @resource.post(
        "/v1/sandbox/clock",
        scope=SCOPE,
        callers=Callers.STAFF,
        reply=ClockView,
        creates=False,
        status=200,
        problems=(ClockCannotGoBack,),
    )
    def advance_sandbox_clock(call: Call[Any], body: ClockAdvance) -> Reply[ClockView]:
        """Move the time forward: waiting periods, recovery waits and deadlines then pass for all processes."""
        if body.advance_to > wall_now() + FURTHEST:
            raise InvalidField(
                "/advance_to", "That is too far ahead.", f"Send at most {FURTHEST.days} days from today."
            )
        stored.advance(call.tx, body.advance_to)
        if isinstance(clock, SandboxClock):
            call.after_commit(clock.refresh)
        return Reply(ClockView(now=body.advance_to))

    return resource
