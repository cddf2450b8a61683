"""What requests and replies are made of: two roots of models, problems, and field types that a database accepts."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.values import slugs
from shared.values.clear_text import TextKind
from shared.values.days import day_of
from shared.values.shapes import fields_of
from shared.web.clear_fields import NOT_IN_CLEAR, READ_BY_OTHERS

MAX_FEN = 1_000_000_000_000
"""Ten billion yuan: above any cover, far below what a bigint holds."""

AmountFen = Annotated[int, Field(ge=0, le=MAX_FEN, description="An amount in fen, the hundredth of a yuan.")]
PositiveFen = Annotated[int, Field(gt=0, le=MAX_FEN, description="An amount in fen, the hundredth of a yuan.")]
Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
    TextKind.OURS,
    Field(description="An id as this service gave it.", examples=["0190163d-8694-739b-aea5-966c26f8ad91"]),
]
ProductSlug = Annotated[str, StringConstraints(pattern=f"^{slugs.PRODUCT_CODE}$"), TextKind.LABEL]
PartnerSlug = Annotated[str, StringConstraints(pattern=f"^{slugs.PARTNER_ID}$"), TextKind.LABEL]
TermsSlug = Annotated[str, StringConstraints(pattern=f"^{slugs.TERMS_CODE}$"), TextKind.LABEL]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SealedText = Annotated[str, StringConstraints(min_length=1, max_length=4000), NOT_IN_CLEAR]
"""What a resident writes in their own words, numbers and all: who was scammed names the scammer's phone. Sealed."""
StaffText = Annotated[str, StringConstraints(min_length=1, max_length=4000), READ_BY_OTHERS]
"""What staff write about a case, for the resident or for colleagues: sealed, and without anybody's number."""
Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$", to_lower=True), TextKind.OURS]
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+")
_PLUS_LOST: Final = re.compile(r"[0-9] [0-9]{2}:?[0-9]{2}$")
"""A ``+`` of an address arrives as a space."""


def _a_day(value: object) -> object:
    """By itself, pydantic reads numbers, and texts of digits, as seconds since 1970; who sends 0 means none of it."""
    day = day_of(value) if isinstance(value, str) else value
    if type(day) is date:
        return day
    raise PydanticCustomError("date_parsing", "This is no date.")


def _a_moment(value: object) -> object:
    """The same of moments."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value.upper())
        if _PLUS_LOST.search(value):
            raise PydanticCustomError("moment_without_plus", "This is no moment: a space stands before its zone.")
    if isinstance(value, datetime):
        return value
    raise PydanticCustomError("datetime_parsing", "This is no moment.")


def _in_utc(moment: datetime) -> datetime:
    """Python knows zones up to a day away, PostgreSQL up to 16 hours: the moment is kept, the zone is not."""
    return moment.astimezone(UTC)


# What insurance speaks of; at the ends of the calendar a mere change of zone overflows.
Moment = Annotated[
    AwareDatetime,
    Field(
        ge=datetime(1900, 1, 1, tzinfo=UTC),
        lt=datetime(2200, 1, 1, tzinfo=UTC),
        description="RFC 3339 with a zone, e.g. 2026-01-31T08:00:00+08:00.",
    ),
    BeforeValidator(_a_moment),
    AfterValidator(_in_utc),
]
Day = Annotated[
    date,
    Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1), description="A day, e.g. 2026-01-31."),
    BeforeValidator(_a_day),
]


class RequestModel(BaseModel):
    """A body, path, query or header that a caller sends: no unknown fields, no silent conversions."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class ReplyModel(BaseModel):
    """A body that we send."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)

    @classmethod
    def of(cls, source: object, /, **others: Any) -> Self:
        """A view of ``source``: each field is its attribute of that name; ``others`` win, and views inside follow.

        Raises:
            WrongShape: ``source`` lacks a field, or one of ``others`` is none.
            ValidationError: a value is of another type.
        """
        return cls.model_validate(fields_of(source, cls, cls.model_fields, others), from_attributes=True)


class FieldProblem(ReplyModel):
    """One field that is not acceptable."""

    pointer: str
    """JSON pointer (RFC 6901) to the field."""
    where: Literal["body", "query", "path", "header"] = Field(serialization_alias="in")
    detail: str
    fix: str


class Problem(ReplyModel):
    """An error as RFC 9457 has it. `type` is stable: act on it, not on the texts."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str
    """Quote it when you ask for help: it finds our logs."""
    errors: list[FieldProblem] | None = None
    """The fields that are not acceptable, each with its fix."""


class NoPath(RequestModel):
    """A path without variables."""


__all__ = [
    "MAX_FEN",
    "AmountFen",
    "Day",
    "FieldProblem",
    "Identifier",
    "Moment",
    "NoPath",
    "PositiveFen",
    "Problem",
    "ReplyModel",
    "RequestModel",
    "SealedText",
    "Sha256Hex",
    "ShortText",
    "StaffText",
]
