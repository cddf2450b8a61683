"""Lists in pages: a cursor says where the last page ended. A list's order and its SQL are the store's."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeAlias, TypeVar
from uuid import UUID

from pydantic import Field

from shared.web.errors import InvalidCursor
from shared.web.models import ReplyModel, RequestModel

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_MAX_CURSOR = 512
_BIGINT = 2**63

Item = TypeVar("Item")
Position: TypeAlias = tuple[str | int | datetime, ...]
Kind: TypeAlias = type[str] | type[int] | type[datetime] | type[UUID]

Cursor = Annotated[str | None, Field(max_length=_MAX_CURSOR, description="`next_cursor` of the page before.")]


class PageQuery(RequestModel):
    """Query of every list; a list with filters subclasses it."""

    cursor: Cursor = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Items on a page, at most.")

    def after(self, *kinds: Kind, first: Any = None) -> Any:
        """Where the page before ended: the one part of its last item's sort key, or a tuple of several.

        ``first`` is what it is on the first page. Raises as ``decode``.
        """
        position = decode(self.cursor, *kinds)
        if position is None:
            return first
        return position[0] if len(kinds) == 1 else position


class Page(ReplyModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""

    @classmethod
    def cut(
        cls, found: Sequence[Item], query: PageQuery, show: Callable[[Item], T], position: Callable[[Item], Position]
    ) -> Self:
        """What ``query`` asks for of ``found``, each item as ``show`` makes it; the rest as in ``page``."""
        shown, next_cursor = page(found, query.limit, position)
        return cls(items=[show(each) for each in shown], next_cursor=next_cursor)


def page(found: Sequence[Item], limit: int, position: Callable[[Item], Position]) -> tuple[Sequence[Item], str | None]:
    """What is shown of ``found``, and the cursor of the next page.

    Args:
        found: of which one more than ``limit`` was asked for, so that it tells whether there is a next page.
        limit: items on a page.
        position: an item's sort key, in the order of the list's ORDER BY.
    """
    shown = found[:limit]
    return shown, encode(*position(shown[-1])) if len(found) > limit else None


def encode(*position: str | int | datetime) -> str:
    """A cursor that holds the sort key of a page's last item. Opaque to callers, but no secret: ids, never names."""
    texts = [part.isoformat() if isinstance(part, datetime) else part for part in position]
    return base64.urlsafe_b64encode(json.dumps(texts, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: Kind) -> tuple[Any, ...] | None:
    """The sort key in ``cursor``, each part checked to be of its kind; None for the first page.

    ``UUID`` checks an id and gives its text; ``datetime`` gives an aware one.

    Raises:
        InvalidCursor: it is not one that ``encode`` made for such a list.
    """
    if cursor is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(position, list):
            raise InvalidCursor
        return tuple(_part(part, kind) for part, kind in zip(position, kinds, strict=True))
    except (ValueError, OverflowError, binascii.Error, RecursionError):
        raise InvalidCursor from None


def _part(part: object, kind: Kind) -> object:
    if kind is int:
        if type(part) is not int or abs(part) >= _BIGINT:
            raise InvalidCursor
        return part
    if not isinstance(part, str) or "\0" in part:
        raise InvalidCursor
    part.encode()  # half of a surrogate pair: a ValueError here, and in the database's driver
    if kind is UUID:
        return str(UUID(part))
    if kind is datetime:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise InvalidCursor
        return moment.astimezone(UTC)  # PostgreSQL knows no zone that is 16 hours away
    return part
