"""What can be published can be shown: a reply's limits are those that every product is held to, file or draft."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from services.enrollment.products.api.product_models import ProductView, product_view
from services.enrollment.products.domain.product_limits import LIMITS
from services.enrollment.products.domain.products import check_terms
from services.enrollment.products.usecases import shipped
from shared.events.products import ProductPublished
from shared.values.errors import InvalidFields
from tests.rules.enrollment.builders import SIXTH, terms

Json = Any
SCHEMA: Json = ProductView.model_json_schema()
EVERYTHING: Json = msgspec.to_builtins(msgspec.convert(SIXTH, ProductPublished)) | {
    "effective_to": "2027-01-01T00:00:00+08:00",
    "refund_table": [{"from_day": 0, "refund_percent": 50}],
}
EVERYTHING["scam_types"]["other"] = {"cover": "sub_limit", "limit_fen": 1}
EVERYTHING["rating"]["questions"][0]["answers"] = {
    code: {"text_zh": "是", "text_en": "Yes"} for code in EVERYTHING["rating"]["questions"][0]["points"]
}
EVERYTHING["clauses"]["scam_type_excluded"] = "3.3"
EVERYTHING["liabilities"][0] |= {
    "exclusions": [{"code": "war", "text_zh": "战争。", "text_en": "War."}],
    "scam_types": copy.deepcopy(EVERYTHING["scam_types"]),
    "required_evidence": ["invoice"],
}


BEYOND: dict[str, Callable[[Any, Json], Json]] = {
    "maxLength": lambda limit, _: "x" * (limit + 1),
    "minLength": lambda limit, _: "x" * (limit - 1),
    "pattern": lambda _, __: "!",
    "maximum": lambda limit, _: limit + 1,
    "minimum": lambda limit, _: limit - 1,
    "exclusiveMinimum": lambda limit, _: limit,
    "maxItems": lambda limit, value: value[:1] * (limit + 1),
    "minItems": lambda limit, value: value[: limit - 1],
    "maxProperties": lambda limit, value: {f"key_{n}": next(iter(value.values())) for n in range(limit + 1)},
    "minProperties": lambda limit, value: dict(list(value.items())[: limit - 1]),
    "patternProperties": lambda _, value: value | {"!": next(iter(value.values()))},
}
"""A value that lies one beyond a limit, by the limit's word in JSON Schema."""


def beyond(schema: Json, value: Json) -> Iterator[tuple[str, Json]]:
    """Every value of a product that lies beyond a limit of the reply, by its pointer."""
    schema = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    yield from (("", wrong(schema[word], value)) for word, wrong in BEYOND.items() if word in schema)
    inside = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        inside = list(enumerate(value[:1]))
    for name, each in inside:
        yield from ((f"/{name}{pointer}", wrong) for pointer, wrong in beyond(schema_of(schema, name), each))


def schema_of(schema: Json, name: str | int) -> Json:
    if isinstance(name, int):
        return schema["items"]
    return schema.get("properties", {}).get(name) or next(iter(schema["patternProperties"].values()))


def with_value(pointer: str, value: Json) -> ProductPublished:
    product = copy.deepcopy(EVERYTHING)
    *way, last = pointer.removeprefix("/").split("/")
    place = product
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return msgspec.convert(product, ProductPublished)


def test_the_product_that_is_pushed_beyond_its_limits_is_acceptable_itself() -> None:
    check_terms(msgspec.convert(EVERYTHING, ProductPublished))


GIVEN_BY_US = {"/product_version"}
CASES = [(pointer, wrong) for pointer, wrong in beyond(SCHEMA, EVERYTHING) if pointer not in GIVEN_BY_US]


@pytest.mark.parametrize(("pointer", "wrong"), CASES, ids=[f"{pointer}={str(wrong)[:12]}" for pointer, wrong in CASES])
def test_what_a_reply_could_not_show_is_refused_before_it_is_published(pointer: str, wrong: Json) -> None:
    product = with_value(pointer, wrong)
    with pytest.raises(InvalidFields) as refused:
        check_terms(product)
    named = [fault.pointer for fault in refused.value.faults]
    assert any(each.startswith(pointer) or pointer.startswith(each) for each in named), named


def test_the_limits_of_texts_names_clauses_and_lists_are_among_those_tried() -> None:
    tried = {pointer for pointer, _ in CASES}
    assert {"/name_zh", "/exclusions/0/text_en", "/clauses/not_in_force", "/liabilities", "/required_evidence"} <= tried
    assert {"/liabilities/0/required_evidence", "/rating/grades/0/grade", "/refund_table", "/rating/questions"} <= tried


def names(term: object, name: str) -> Iterator[str]:
    """What a limit of each part of the terms would be called."""
    if isinstance(term, msgspec.Struct):
        for each in term.__struct_fields__:
            yield from names(getattr(term, each), each)
        return
    yield name
    if isinstance(term, list | dict):
        yield from ("*" for _ in term if isinstance(term, dict))
        for entry in term.values() if isinstance(term, dict) else term:
            yield from names(entry, f"{name}/*")


def test_each_term_has_a_limit_or_a_closed_list_of_values_and_each_limit_is_that_of_a_term() -> None:
    closed = {"insured_kind", "currency", "stacking", "other_insurance", "trigger", "cover"}
    judged_elsewhere = {"product_code", "product_version", "effective_from", "effective_to"}
    terms_of_all = set(names(msgspec.convert(EVERYTHING, ProductPublished), ""))
    assert terms_of_all - closed - judged_elsewhere == set(LIMITS)


@pytest.mark.parametrize("moment", ["1899-12-31T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("name", ["effective_from", "effective_to"])
def test_a_time_of_sale_at_the_ends_of_the_calendar_is_refused(name: str, moment: str) -> None:
    with pytest.raises(InvalidFields):
        check_terms(with_value(f"/{name}", moment))


@pytest.mark.parametrize("product", shipped.products(), ids=lambda product: product.product_code)
def test_every_shipped_product_can_be_shown(product: ProductPublished) -> None:
    assert product_view(product).model_dump()["name_zh"] == product.name_zh


def test_texts_at_their_limits_are_acceptable_and_shown() -> None:
    product = terms(name_zh="险" * 120, name_en="x" * 120, clauses=dict.fromkeys(terms().clauses, "9" * 40))
    check_terms(product)
    assert product_view(product).model_dump()["name_en"] == product.name_en
