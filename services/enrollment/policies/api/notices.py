"""Who is to be told that a partner ends, over HTTP: policies and the partner's own references, no identity."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.enrollment.partners.api.partner_access import PartnerPath, require_visible
from services.enrollment.partners.domain.errors import NotWindingDown, UnknownPartner
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.store import transfers as store
from services.enrollment.policies.store.transfers import Notice
from services.enrollment.policies.usecases.give_notice import ending_partner, mark_notified
from shared.values.clear_text import TextKind
from shared.values.ids import PartnerId, PolicyId
from shared.web import paging
from shared.web.models import Identifier, Moment, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, RawReply, Reply, Resource

notices = Resource("notices", "Who is to be told that a partner ends")

MOST_AT_ONCE = 1000
CSV_COLUMNS = ("policy_id", "partner_reference", "channel", "now_with", "notified_at", "notified_channel")


class NoticeQuery(paging.PageQuery):
    waiting: bool = False
    """Only those who are still covered and whom nobody has told yet."""


class CsvQuery(NoticeQuery):
    limit: Annotated[int, Field(ge=1, le=10_000)] = 10_000


class NoticeView(ReplyModel):
    """One insured who is to be told."""

    policy_id: str
    partner_reference: str
    """By which the partner that ends knows the person."""
    channel: str
    """Through which the person agreed to be covered."""
    now_with: str
    """The partner whose the policy is now."""
    notified_at: datetime | None
    notified_channel: str | None


class Notified(RequestModel):
    """That these insured were told."""

    policy_ids: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_AT_ONCE)]
    channel: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"), TextKind.LABEL]
    """By which way, e.g. `sms`."""
    notified_at: Moment


class NotifiedCount(ReplyModel):
    """What came of it."""

    marked: int
    """Those that were waiting until now; the others were told before, or are not on this list."""


@notices.get(
    "/v1/partners/<partner_id>/notices",
    scope="partners:read",
    callers=Callers.BOTH,
    reply=paging.Page[NoticeView],
    problems=(UnknownPartner, NotWindingDown),
)
def list_notices(call: Call[PolicyDeps], path: PartnerPath, query: NoticeQuery) -> Reply[paging.Page[NoticeView]]:
    """The insured of a partner that winds down, by policy. The list grows while `wind_down` is not done."""
    found = _found(call, path, query)
    return Reply(paging.Page[NoticeView].cut(found, query, NoticeView.of, _position))


@notices.get(
    "/v1/partners/<partner_id>/notices.csv",
    scope="partners:read",
    callers=Callers.BOTH,
    reply="text/csv",
    problems=(UnknownPartner, NotWindingDown),
)
def list_notices_as_csv(call: Call[PolicyDeps], path: PartnerPath, query: CsvQuery) -> RawReply:
    """The same as CSV; where there is more, the header `Next-Cursor` is what to send as `cursor`."""
    shown, cursor = paging.page(_found(call, path, query), query.limit, _position)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(CSV_COLUMNS)
    for each in shown:
        told = each.notified_at.isoformat() if each.notified_at else ""
        # References and channels begin with a letter or digit, so that no spreadsheet takes one for a formula.
        lines.writerow(
            (each.policy_id, each.partner_reference, each.channel, each.now_with, told, each.notified_channel or "")
        )
    headers = {} if cursor is None else {"Next-Cursor": cursor}
    return RawReply(text.getvalue().encode(), "text/csv; charset=utf-8", headers)


@notices.post(
    "/v1/partners/<partner_id>/notices/notified",
    scope="notices:write",
    callers=Callers.BOTH,
    status=200,
    reply=NotifiedCount,
    problems=(UnknownPartner, NotWindingDown),
)
def mark(call: Call[PolicyDeps], path: PartnerPath, body: Notified) -> Reply[NotifiedCount]:
    """Note that insured were told. Who was noted before stays as noted then."""
    require_visible(call.caller, path.partner_id)
    marked = mark_notified(
        call.tx,
        PartnerId(path.partner_id),
        [PolicyId(each) for each in body.policy_ids],
        channel=body.channel,
        at=body.notified_at,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(NotifiedCount(marked=marked))


def _found(call: Call[PolicyDeps], path: PartnerPath, query: NoticeQuery) -> Sequence[Notice]:
    require_visible(call.caller, path.partner_id)
    number = ending_partner(call.tx, PartnerId(path.partner_id))
    return store.notices(call.tx, number, after=query.after(UUID), waiting=query.waiting, limit=query.limit + 1)


def _position(last: Notice) -> paging.Position:
    return (last.policy_id,)
