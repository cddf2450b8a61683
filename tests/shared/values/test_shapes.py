"""The same fields in another shape: what follows by itself, and what is told where shapes do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NewType

import msgspec
import pytest
from pydantic import ValidationError

from shared.values.shapes import WrongShape, reshape
from shared.web.models import ReplyModel, RequestModel

StayId = NewType("StayId", str)
NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Guest:
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    stay_id: StayId
    state: Literal["asked", "booked"] = "booked"
    begins: datetime = NOON
    price: int = 20_000
    guests: tuple[Guest, ...] = (Guest("Mei", "13800000000"),)
    canceled: Guest | None = None

    @property
    def beds(self) -> int:
        return len(self.guests)


class GuestView(ReplyModel):
    name: str


class StayView(ReplyModel):
    stay_id: str
    state: Literal["asked", "booked"]
    begins: datetime
    price_fen: int
    guests: list[GuestView]
    canceled: GuestView | None
    beds: int


class StayBooked(msgspec.Struct, frozen=True, kw_only=True):
    stay_id: str
    state: Literal["booked"]
    guests: list[Guest]
    price_fen: int = 0


class GuestRequest(RequestModel):
    name: str
    phone: str


class StayRequest(RequestModel):
    stay_id: str
    guests: list[GuestRequest]


STAY: Final = Stay(stay_id=StayId("stay-1"))


def test_a_view_takes_its_fields_by_name_and_so_do_the_views_inside() -> None:
    assert StayView.of(STAY, price_fen=STAY.price).model_dump() == {
        "stay_id": "stay-1",
        "state": "booked",
        "begins": NOON,
        "price_fen": 20_000,
        "guests": [{"name": "Mei"}],
        "canceled": None,
        "beds": 1,
    }


def test_an_event_and_a_dataclass_take_theirs_likewise() -> None:
    booked = reshape(STAY, StayBooked, price_fen=STAY.price)
    assert booked == StayBooked(stay_id="stay-1", state="booked", guests=list(STAY.guests), price_fen=20_000)
    asked = StayRequest(stay_id="stay-2", guests=[GuestRequest(name="Lin", phone="13900000000")])
    stay = reshape(asked, Stay, state="asked", begins=NOON, price=0, canceled=None)
    assert stay == Stay(stay_id=StayId("stay-2"), state="asked", price=0, guests=(Guest("Lin", "13900000000"),))


def test_what_is_said_beside_wins() -> None:
    other = Guest("Lin", "13900000000")
    view = StayView.of(STAY, price_fen=1, state="asked", canceled=other)
    assert (view.state, view.canceled) == ("asked", GuestView(name="Lin"))
    assert reshape(STAY, StayBooked, stay_id="stay-9", price_fen=0).stay_id == "stay-9"


def test_a_missing_field_is_told_by_its_name_even_where_it_has_a_default() -> None:
    with pytest.raises(WrongShape, match=r"StayView\.price_fen is no field of Stay"):
        StayView.of(STAY)
    with pytest.raises(WrongShape, match=r"StayBooked\.price_fen is no field of Stay"):
        reshape(STAY, StayBooked)


def test_a_field_missing_inside_is_told_too() -> None:
    with pytest.raises(ValidationError, match=r"for StayView\ncanceled\.name\n  Field required"):
        StayView.of(STAY, price_fen=1, canceled=STAY)


@pytest.mark.parametrize("shaped", [StayView.of, lambda source, **others: reshape(source, StayBooked, **others)])
def test_one_field_too_many_is_refused(shaped: Any) -> None:
    with pytest.raises(WrongShape, match="has no field prize_fen"):
        shaped(STAY, price_fen=1, prize_fen=2)


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(ValidationError, match="state"):
        StayView.of(STAY, price_fen=1, state="gone")
    with pytest.raises(ValidationError, match="guests"):
        StayView.of(STAY, price_fen=1, guests=None)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.state"):
        reshape(Stay(stay_id=StayId("stay-3"), state="asked"), StayBooked, price_fen=1)
