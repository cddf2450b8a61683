"""A model of HTTP that is made from a struct says and refuses what one written by hand would."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Meta
from pydantic import ValidationError

from shared.values.clear_text import TextKind
from shared.web.clear_fields import marks
from shared.web.field_faults import faults_in
from shared.web.mirror import Mirror
from shared.web.models import RequestModel


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; ``inches`` is its size."""

    code: str
    inches: int | None
    """``null``: not measured."""


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    price_fen: int = 5
    wheels: list[Wheel] = msgspec.field(default_factory=list)
    """Front first."""
    spare: Wheel | None = None
    loads: dict[str, int]


AMOUNT = Meta(gt=0, le=9, description="An amount.")
CODE = Meta(pattern="^[a-z]+$")
LIMITS = {
    "price_fen": AMOUNT,
    "inches": Meta(ge=8, le=30),
    "wheels": Meta(max_length=2),
    "loads": Meta(min_length=1, max_length=3),
    "loads/*": Meta(ge=0, le=7),
    "code": CODE,
    "*": CODE,
}


@Mirror(LIMITS, {Wheel: "WheelTerms"}).of(Cart, without={"number"})
class CartTerms(RequestModel):
    """A cart."""

    owner: str
    """Whose it is."""


GOOD: dict[str, Any] = {
    "owner": "Li",
    "wheels": [{"code": "front", "inches": 12}],
    "loads": {"hay": 3},
}


def test_it_takes_what_the_struct_takes_with_its_defaults() -> None:
    told = CartTerms.model_validate(GOOD).model_dump()
    assert told == GOOD | {"price_fen": 5, "spare": None}
    cart = msgspec.convert(told | {"number": 1}, Cart)
    assert (cart.wheels[0].inches, cart.price_fen) == (12, 5)


@pytest.mark.parametrize(
    ("changes", "pointer", "fix"),
    [
        ({"number": 1}, "/number", "Remove it."),
        ({"price_fen": 0}, "/price_fen", "Send more than 0."),
        ({"price_fen": "5"}, "/price_fen", "Send a whole number, without quotes."),
        ({"wheels": GOOD["wheels"] * 3}, "/wheels", "Send at most 2 items."),
        ({"wheels": [{"code": "front", "inches": 7}]}, "/wheels/0/inches", "Send at least 8."),
        ({"wheels": [{"code": "front"}]}, "/wheels/0/inches", "Add this field."),
        ({"wheels": [{"code": "front", "inch": 9, "inches": 9}]}, "/wheels/0/inch", "did you mean `inches`?"),
        ({"spare": {"code": "F", "inches": None}}, "/spare/code", "Send a text that matches ^[a-z]+$."),
        ({"loads": {}}, "/loads", "Send at least 1 items."),
        ({"loads": {"hay": 8}}, "/loads/hay", "Send at most 7."),
        ({"loads": {"Hay": 1}}, "/loads/Hay/[key]", "Send a text that matches ^[a-z]+$."),
    ],
)
def test_what_lies_beyond_a_limit_is_named_with_its_fix(changes: dict[str, Any], pointer: str, fix: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CartTerms.model_validate(GOOD | changes)
    (fault,) = faults_in(refused.value, CartTerms, "body")
    assert fault.pointer == pointer
    assert fix in fault.fix


def test_its_schema_has_the_docstrings_of_the_struct() -> None:
    schema = CartTerms.model_json_schema()
    shown = {name: field.get("description") for name, field in schema["properties"].items()}
    assert shown == {
        "owner": "Whose it is.",
        "price_fen": "An amount.",
        "wheels": "Front first.",
        "spare": None,
        "loads": None,
    }
    wheel = schema["$defs"]["WheelTerms"]
    assert wheel["description"] == "One of them; `inches` is its size."
    assert wheel["properties"]["inches"]["description"] == "`null`: not measured."
    assert (schema["description"], schema["title"]) == ("A cart.", "CartTerms")
    assert schema["required"] == ["owner", "loads"]


def test_a_text_with_a_pattern_is_looked_at_as_a_label() -> None:
    assert marks(CartTerms)["loads"] is TextKind.LABEL
    assert marks(CartTerms)["owner"] is TextKind.SENTENCE
