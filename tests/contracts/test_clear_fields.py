"""No operation of any service takes a phone or identity number into a field that is stored in clear.

All models that a writing route reads are found by themselves: a field that is added is looked at like the others.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import services
from shared.values.clear_text import PERSONAL, PERSONAL_TO_READ, TextKind
from shared.web.clear_fields import NOT_IN_CLEAR, faults, marks
from shared.web.models import RequestModel, SealedText, ShortText, StaffText
from shared.web.resource import Resource, Route

MAY_HOLD_A_NUMBER = {
    "InsuredHolder": {"document_number", "name", "phone"},
    "EndorsementRequest": {"phone", "name"},
    "PersonsDocument": {"document_number"},
    "ClaimantPerson": {"document_number", "phone"},
    "LossReport": {"description"},
    "PolicePaper": {"number", "unit", "officer"},
    "TransferReport": {"reference", "payee_account", "payee_name"},
    "RepresentativePerson": {"name", "document_number", "phone"},
    "ClaimRequest": {"device_id", "handler_id"},
    "ClaimantPersonDraft": {"document_number", "phone"},
    "LossReportDraft": {"description"},
    "PolicePaperDraft": {"number", "unit", "officer"},
    "TransferReportDraft": {"reference", "payee_account", "payee_name"},
    "RepresentativePersonDraft": {"name", "document_number", "phone"},
    "ClaimDraft": {"device_id", "handler_id"},
    "ClaimAmendment": {"phone"},
    "Appeal": {"reason"},
    "PayeeRequest": {"holder_name", "account"},
}
"""Fields whose values are sealed, hashed or not stored; a name here is a promise about what becomes of the value."""
NUMBERS = ("13812345678", "+86 138-1234-5678", "110101199001011234", "１３８１２３４５６７８")


def routes() -> Iterator[Route]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Resource):
                    yield from value.routes


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(annotation):
        yield from models_in(part)


def written_models() -> set[type[BaseModel]]:
    parts = (part for route in routes() if route.writes for part in (route.body, route.path_model, route.query))
    return {model for part in parts if part is not None for model in models_in(part)}


MODELS = sorted(written_models(), key=lambda model: (model.__module__, model.__name__))
FIELDS = [(model, name, mark) for model in MODELS for name, mark in marks(model).items()]


def in_its_place(annotation: Any, text: str) -> Any:
    """``text`` as a value of this type: itself, in a list, or as an object's key."""
    shapes = [annotation, *(part for part in get_args(annotation) if get_origin(annotation) is not Literal)]
    for shape in shapes:
        if get_origin(shape) is list:
            return [text]
        if get_origin(shape) is dict:
            return {text: text}
    return text


def test_routes_are_found() -> None:
    assert len(MODELS) > 40


def test_the_fields_that_may_hold_a_number_are_these() -> None:
    marked: dict[str, set[str]] = {}
    for model, name, mark in FIELDS:
        if mark is NOT_IN_CLEAR:
            marked.setdefault(model.__name__, set()).add(name)

    assert marked == MAY_HOLD_A_NUMBER


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("model", "name"),
    [
        (model, name)
        for model, name, mark in FIELDS
        if mark not in {NOT_IN_CLEAR, TextKind.OURS} and not list(models_in(model.model_fields[name].annotation))
    ],
)
def test_a_number_in_any_other_field_is_named_and_not_repeated(model: type[BaseModel], name: str, number: str) -> None:
    value = in_its_place(model.model_fields[name].annotation, number)
    found = faults(model.model_construct(**(dict.fromkeys(model.model_fields) | {name: value})), "body")

    assert found
    for fault in found:
        assert fault.pointer.split("/")[1] == name
        assert number not in fault.pointer + fault.detail + fault.fix


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("model", "name"), [(model, name) for model, name, mark in FIELDS if mark is TextKind.OURS])
def test_an_id_or_a_hash_has_a_form_that_no_number_has(model: type[BaseModel], name: str, number: str) -> None:
    field = model.model_fields[name]
    shape = TypeAdapter(field.rebuild_annotation())

    with pytest.raises(ValidationError):
        shape.validate_python(in_its_place(field.annotation, number))


def test_what_staff_write_is_told_to_be_read_by_others_and_what_is_in_clear_to_be_so() -> None:
    class Note(RequestModel):
        sealed: StaffText
        clear: ShortText
        own: SealedText

    note = Note(sealed="call 13812345678", clear="call 13812345678", own="he called from 13812345678")

    assert [(each.pointer, each.detail) for each in faults(note, "body")] == [
        ("/sealed", PERSONAL_TO_READ),
        ("/clear", PERSONAL),
    ]
