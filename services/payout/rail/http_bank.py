"""A bank over HTTP: orders, queries, statement and book. What an answer means for a payout is domain.answers'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

import httpx
import msgspec

from services.payout.domain.answers import Accepted, Answer, Done, NoAnswer, Rejected, Returned, Unknown
from services.payout.domain.errors import BankAway
from services.payout.domain.reconciliation import BankStatus, BankTransfer
from services.payout.rail.bank import Order, StatementLine
from shared.process import metrics
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.values.json_keys import repeated_key
from shared.values.money import Currency, Fen

log = get_logger()

_Ask: TypeAlias = Callable[[], Answer]
_R = TypeVar("_R")
_P = TypeVar("_P", "_Statement", "_Book")

_PAGE: Final = 1000
_UNREADABLE: Final = (ValueError, RecursionError)
"""What reading an answer ends with that is not as agreed; msgspec's own errors are ValueErrors."""
_NOT_FOUND: Final = 404
_BAD_ORDER: Final = frozenset({400, 422})
"""The bank read the order and will not have it: nothing was done, and the same order fares no better again.
409 is not among them: a reference that the bank knows with other contents may have moved money."""


class _Transfer(msgspec.Struct):
    reference: str
    status: BankStatus
    amount_fen: int
    currency: str
    reason: str | None = None


class _Line(_Transfer, kw_only=True):
    number: int
    at: datetime


class _Statement(msgspec.Struct):
    items: list[msgspec.Raw] = msgspec.field(name="entries")


class _Book(msgspec.Struct):
    items: list[msgspec.Raw] = msgspec.field(name="transfers")
    next_after: str | None = None


class _Refusal(msgspec.Struct):
    reason: str


class HttpBank:
    """Speaks to one bank. Safe among threads; connects when first used.

    ``timeout_seconds`` bounds each of connecting, writing and reading; a call that is not over by then may have been
    carried out.
    """

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_seconds,
            follow_redirects=False,
            # A kept connection that the bank dropped meanwhile would put a payout in doubt for nothing.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def send(self, order: Order) -> Answer:
        body = {
            "reference": order.reference,
            "account": order.account,
            "holder_name": order.holder_name,
            "bank_code": order.bank_code,
            "amount_fen": order.amount_fen,
            "currency": order.currency,
        }
        return self._observed("send", lambda: self._answer(self._client.post("/transfers", json=body), of_send=True))

    def query(self, reference: str) -> Answer:
        return self._observed("query", lambda: self._answer(self._client.get(f"/transfers/{reference}"), of_send=False))

    def statement(self, after: int) -> Sequence[StatementLine]:
        found = self._read(f"/statement?after={after}&limit={_PAGE}", _Statement)
        lines = _each(found.items, _Line, "statement")
        if found.items and not lines:
            raise BankAway("UnreadableStatement")
        return [
            StatementLine(
                line.number, line.reference, line.status, line.reason, line.amount_fen, line.currency, line.at
            )
            for line in lines
        ]

    def book(self) -> dict[str, BankTransfer]:
        transfers: dict[str, BankTransfer] = {}
        after: str | None = ""
        while after is not None:
            page = self._read(f"/book?after={after}&limit={_PAGE}", _Book)
            for each in _each(page.items, _Transfer, "book"):
                transfers[each.reference] = BankTransfer(
                    each.reference, each.status, Fen(each.amount_fen), Currency(each.currency)
                )
            after = page.next_after
        return transfers

    def _observed(self, call: str, ask: _Ask) -> Answer:
        started = monotonic()
        try:
            answer = ask()
        except httpx.HTTPError as error:
            # The type alone: a message may quote what was sent.
            answer = NoAnswer(type(error).__name__)
        metrics.RAIL_SECONDS.labels(call).observe(monotonic() - started)
        metrics.RAIL_CALLS.labels(call, type(answer).__name__.lower()).inc()
        return answer

    def _answer(self, response: httpx.Response, *, of_send: bool) -> Answer:
        if response.is_success:
            try:
                return _of_transfer(_decoded(response.content, _Transfer))
            except _UNREADABLE:
                return NoAnswer("UnreadableReply")
        if response.status_code == _NOT_FOUND and not of_send and _refusal(response) == "unknown_reference":
            return Unknown()
        if response.status_code in _BAD_ORDER and of_send and (reason := _refusal(response)) is not None:
            return Rejected(reason)
        return NoAnswer(f"Status{response.status_code}")

    def _read(self, path: str, kind: type[_P]) -> _P:
        try:
            response = self._client.get(path)
            response.raise_for_status()
            return _page(response.content, kind)
        except (httpx.HTTPError, *_UNREADABLE) as error:
            raise BankAway(type(error).__name__) from None


def _page(content: bytes, kind: type[_P]) -> _P:
    page = msgspec.json.decode(content, type=kind)
    if repeated_key(content) is not None and all(repeated_key(bytes(each)) is None for each in page.items):
        raise msgspec.DecodeError("a key of the page stands twice")
    return page


def _each(entries: Sequence[msgspec.Raw], kind: type[_R], call: str) -> list[_R]:
    """Those that can be read. One that cannot hides no other; the books say that a transfer is missing or open."""
    found = []
    for place, entry in enumerate(entries):
        try:
            found.append(_decoded(bytes(entry), kind))
        except _UNREADABLE as error:
            metrics.RAIL_UNREADABLE.labels(call).inc()
            # Neither words nor number: they may quote an account.
            log.error("bank_entry_unreadable", call=call, place=place, error=type(error).__name__)  # noqa: TRY400
    return found


def _decoded(content: bytes, kind: type[_R]) -> _R:
    if repeated_key(content) is not None:
        # Which of two statuses holds, only the bank knows.
        raise msgspec.DecodeError("a key stands twice")
    return msgspec.json.decode(content, type=kind)


def _of_transfer(transfer: _Transfer) -> Answer:
    match transfer.status:
        case "done":
            return Done()
        case "accepted":
            return Accepted()
        case "rejected":
            return Rejected(transfer.reason or "rejected")
        case "returned":
            return Returned(transfer.reason or "returned")


def _refusal(response: httpx.Response) -> str | None:
    """The bank's own code. Without one it was not the bank that answered: a proxy's 404 says nothing of a transfer."""
    try:
        return _decoded(response.content, _Refusal).reason
    except _UNREADABLE:
        return None
