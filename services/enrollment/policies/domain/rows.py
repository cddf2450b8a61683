"""Whether one subscriber, as a partner hands it over, can be covered. The same rules for one and for a million.

Whether the person is covered already only the database knows; splitting a file into rows is the intake's work. What is
made once a row is a msgspec struct: a frozen dataclass takes ten times as long to make, and files have millions.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.people.domain.consents import ConsentTextsInUse
from services.enrollment.people.domain.policies import Consent, Insured
from services.enrollment.policies.domain.document_types import document_type_of, document_types_of
from services.enrollment.policies.domain.references import holds_own, tells_somebody
from services.enrollment.products.domain.ages import age_fits, asks_age
from services.enrollment.products.domain.cover import FARTHEST_DAYS_AHEAD, cover_period, today_of, usual_first_day
from shared.events.products import ProductPublished
from shared.values.clear_text import PERSONAL, WITHOUT, TextKind, is_personal, is_reference
from shared.values.days import day_of
from shared.values.documents import (
    FIRST_YEAR,
    Document,
    holder_kind,
    normalize_document,
    normalize_phone,
)
from shared.values.errors import InvalidField
from shared.values.periods import Period

COLUMNS: Final = (
    "partner_reference",
    "document_type",
    "document_number",
    "name",
    "phone",
    "birth_date",
    "effective_date",
    "consent_text_version",
    "consent_given_at",
    "consent_channel",
    "consent_sha256",
)
LONGEST_NAME: Final = 60

_CLOCK_SKEW: Final = timedelta(minutes=5)
"""Partners' clocks run a little ahead of ours; a consent of tomorrow is another matter."""
_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_SHA256: Final = re.compile(r"[0-9A-Fa-f]{64}")
_EARLIEST_CONSENT: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""As over HTTP. Some systems write the year 1 where they know no time, and no driver reads that back."""
_UNREADABLE: Final = re.compile(r"[\x00-\x1f\x7f\ufffd]")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
BLANK_LETTERS: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Of other categories, and shown as nothing."""


_INSURES: Final = {"person": "persons", "organization": "organizations"}


class RawRow(msgspec.Struct, frozen=True):
    """One subscriber as text, in the order of COLUMNS; ``""`` where nothing was given."""

    partner_reference: str
    document_type: str
    document_number: str
    name: str
    phone: str
    birth_date: str
    effective_date: str
    consent_text_version: str
    consent_given_at: str
    consent_channel: str
    consent_sha256: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is rejected: the field, a stable code, and two sentences without any of the row's data."""

    field: str
    code: str
    detail: str
    fix: str


class CheckedRow(msgspec.Struct, frozen=True):
    """A row that can be covered, normalized."""

    partner_reference: str
    insured: Insured
    birth_year: int
    """0 where nobody told it."""
    cover: Period
    consent: Consent


class Desk:
    """Judges rows: by the terms sold, the partner's contract, the moment, and whether simulated ids count.

    ``consent_texts`` are those that the contract accepts; None where it accepts any.
    """

    def __init__(
        self,
        terms: ProductPublished,
        contract: Contract,
        *,
        now: datetime,
        sandbox: bool,
        consent_texts: ConsentTextsInUse | None = None,
    ) -> None:
        self.terms = terms
        self.latest_consent = now.astimezone(UTC) + _CLOCK_SKEW
        self.sandbox = sandbox
        self._consent_texts = consent_texts
        self._today = today_of(terms, now)
        self._earliest = max(contract.first_day, self._today - timedelta(days=contract.back_dating_days))
        self._latest = min(contract.last_day, self._today + timedelta(days=FARTHEST_DAYS_AHEAD))
        self._first_days: dict[str, date | Fault] = {}
        self._covers: dict[date, Period] = {}

    def judge(self, raw: RawRow) -> CheckedRow | Fault:  # noqa: PLR0911  # one return for each thing that may be wrong
        """The row normalized, or the first thing that is wrong with it."""
        fault = _fault_of_texts(raw)
        if fault is not None:
            return fault
        first_day = self.first_day(raw.effective_date)
        if isinstance(first_day, Fault):
            return first_day
        given_at = self._consent_given_at(raw.consent_given_at)
        if isinstance(given_at, Fault):
            return given_at
        fault = self.fault_of_consent(raw.consent_text_version, raw.consent_channel, given_at)
        if fault is not None:
            return fault
        document = self._document(raw)
        if isinstance(document, Fault):
            return document
        born = self._born(document, raw.birth_date, first_day)
        if isinstance(born, Fault):
            return born
        if born is not None and not age_fits(born, first_day, self.terms):
            return self._age_outside("document_number" if document.birth_date else "birth_date")
        try:
            phone = normalize_phone(raw.phone, sandbox=self.sandbox)
        except InvalidField as error:
            return Fault("phone", "phone_invalid", error.detail, error.fix)
        fault = _fault_of_own_numbers(raw, (document.number, phone))
        if fault is not None:
            return fault
        return CheckedRow(
            raw.partner_reference,
            Insured(raw.name, document.type, document.number, phone, "" if document.birth_date else raw.birth_date),
            born.year if born else 0,
            self.cover(first_day),
            Consent(raw.consent_text_version, given_at, raw.consent_channel, raw.consent_sha256.lower()),
        )

    def _document(self, raw: RawRow) -> Document | Fault:
        kind = document_type_of(raw.document_type)
        if kind is None or holder_kind(kind) != self.terms.insured_kind:
            return Fault(
                "document_type",
                "document_type_invalid",
                "The document type is unknown."
                if kind is None
                else f"This product insures {_INSURES[self.terms.insured_kind]} alone.",
                f"Send one of {', '.join(document_types_of(self.terms.insured_kind))}.",
            )
        try:
            return normalize_document(kind, raw.document_number, sandbox=self.sandbox)
        except InvalidField as error:
            field = "document_type" if error.pointer.endswith("type") else "document_number"
            return Fault(field, f"{field}_invalid", error.detail, error.fix)

    def first_day(self, text: str) -> date | Fault:
        """The first day of cover that ``text`` asks for."""
        # A file repeats a handful of dates a million times; 512 is more than the days that may be asked for.
        known = self._first_days.get(text)
        if known is None:
            known = self._read_first_day(text)
            if len(self._first_days) < 512:  # noqa: PLR2004  # said above
                self._first_days[text] = known
        return known

    def _read_first_day(self, text: str) -> date | Fault:
        if not text:
            first_day = min(usual_first_day(self._today), self._latest)
        else:
            read = day_of(text)
            if read is None:
                return Fault("effective_date", "date_invalid", "This is no date.", "Write it as 2026-12-31.")
            first_day = read
        if first_day < self._earliest:
            return Fault(
                "effective_date",
                "back_dated",
                "Cover would begin before the contract allows.",
                f"Use {self._earliest} or later, or leave it empty for the day after enrollment.",
            )
        if first_day > self._latest:
            return Fault(
                "effective_date",
                "too_far_ahead",
                "Cover would begin later than can be ordered now.",
                f"Use {self._latest} or earlier.",
            )
        return first_day

    def cover(self, first_day: date) -> Period:
        cover = self._covers.get(first_day)
        if cover is None:
            cover = self._covers[first_day] = cover_period(self.terms, first_day)
        return cover

    def consent(self, text_version: str, given_at: str, channel: str, sha256: str) -> Consent | Fault:
        """A consent that is given anew for a policy there is, or the first thing that is wrong with it."""
        moment = _fault_of_proof(text_version, channel, sha256) or self._consent_given_at(given_at)
        if isinstance(moment, Fault):
            return moment
        consent = Consent(text_version, moment, channel, sha256.lower())
        return self.fault_of_consent(text_version, channel, moment) or consent

    def _consent_given_at(self, text: str) -> datetime | Fault:
        try:
            given_at = datetime.fromisoformat(text)
        except ValueError:
            given_at = None
        if given_at is None or given_at.tzinfo is None or given_at < _EARLIEST_CONSENT:
            return Fault(
                "consent_given_at",
                "time_invalid",
                "This is no time with a zone." if text else "The time of the person's consent is missing.",
                "Write it as 2026-12-31T09:30:00+08:00.",
            )
        if given_at > self.latest_consent:
            return Fault(
                "consent_given_at",
                "consent_in_future",
                "The person's consent lies in the future.",
                "Send the time at which the person agreed.",
            )
        return given_at.astimezone(UTC)  # PostgreSQL knows no zone that is 16 hours away

    def fault_of_consent(self, text_version: str, channel: str, given_at: datetime) -> Fault | None:
        """What is wrong with a consent to this text; what is right once stays right later."""
        if self._consent_texts is None:
            return None
        found = self._consent_texts.fault(text_version, channel, given_at)
        return None if found is None else Fault(*found)

    def _born(self, document: Document, told: str, first_day: date) -> date | Fault | None:
        """When the person was born; None where neither the document nor the partner tells and nobody asks."""
        if not told:
            unknown = document.birth_date is None and asks_age(self.terms)
            return _BIRTH_DATE_MISSING if unknown else document.birth_date
        if self.terms.insured_kind != "person":
            return _BIRTH_DATE_OF_NOBODY
        born = day_of(told)
        if born is None or born.year < FIRST_YEAR or born > first_day:
            return _BIRTH_DATE_INVALID
        return born if document.birth_date in {None, born} else _BIRTH_DATE_DIFFERS

    def _age_outside(self, field: str) -> Fault:
        return Fault(
            field,
            "age_outside",
            f"The product covers ages {self.terms.age_min} to {self.terms.age_max} on the first day of cover.",
            "Leave this person out, or choose another product.",
        )


ALREADY_COVERED: Final = Fault(
    "document_number",
    "already_covered",
    "This person already holds this product's cover.",
    "Nothing is to be done: one person has it once. Cancel the running policy first to begin a new one.",
)
"""Said of a person whom another policy covers, or another line of the file, whichever partner's it is."""
ALREADY_ENROLLED: Final = Fault(
    "partner_reference",
    "already_enrolled",
    "This subscriber was enrolled before, under this very reference.",
    "Nothing is to be done: the policy runs. Look it up by GET /v1/policies?partner_reference=….",
)
"""Said where a file, or a line, comes again."""
OPTED_OUT: Final = Fault(
    "document_number",
    "opted_out",
    "This person opted out of cover, and the consent sent is no younger.",
    "Leave this person out; only a new consent lifts it (POST /v1/opt-outs/lift): then send that or a younger one.",
)


_BIRTH_DATE_MISSING: Final = Fault(
    "birth_date",
    "birth_date_missing",
    "The product asks for the age, and this document's number tells no whole date of birth.",
    "Send the date of birth as on the document: 1990-12-31.",
)
_BIRTH_DATE_INVALID: Final = Fault(
    "birth_date",
    "birth_date_invalid",
    "This is no date, or nobody insured can be born then.",
    "Write it as 1990-12-31.",
)
_BIRTH_DATE_OF_NOBODY: Final = Fault(
    "birth_date", "birth_date_invalid", "An organization has no date of birth.", "Leave it out."
)
_BIRTH_DATE_DIFFERS: Final = Fault(
    "birth_date",
    "birth_date_differs",
    "The document's number tells another date of birth.",
    "Send both as on the document, or leave the date out.",
)
_PERSONAL_REFERENCE: Final = Fault(
    "partner_reference",
    "reference_is_personal",
    "The reference is or holds a phone or identity number, and references are stored in clear.",
    "Send your own number of the subscriber instead.",
)


def is_label(text: str) -> bool:
    """Whether a consent's version or channel may be called so."""
    return _SLUG.fullmatch(text) is not None and not is_personal(TextKind.LABEL, text)


def fault_of_reference(text: str) -> Fault | None:
    """What is wrong with the form of a reference; whether it tells somebody's number is another question."""
    if is_reference(text):
        return None
    return Fault(
        "partner_reference",
        "reference_invalid" if text else "reference_missing",
        "Your reference of this subscriber is missing or holds other characters than it may.",
        "Send 1 to 64 letters, digits or . _ / : - beginning with a letter or digit.",
    )


def _fault_of_texts(raw: RawRow) -> Fault | None:
    fault = fault_of_reference(raw.partner_reference)
    if fault is not None:
        return fault
    if tells_somebody(raw.partner_reference, ()):
        return _PERSONAL_REFERENCE
    if not is_name(raw.name):
        return Fault(
            "name",
            "name_invalid" if raw.name else "name_missing",
            "The name is missing, too long or not readable.",
            f"Send the name as on the document, up to {LONGEST_NAME} characters.",
        )
    return _fault_of_proof(raw.consent_text_version, raw.consent_channel, raw.consent_sha256)


def is_name(text: str) -> bool:
    """Whether it can be read, and is not too long for a name."""
    if len(text) > LONGEST_NAME or _UNREADABLE.search(text):
        return False
    return any(unicodedata.category(one) not in _INVISIBLE and one not in BLANK_LETTERS for one in text)


def _fault_of_own_numbers(raw: RawRow, own_numbers: tuple[str, ...]) -> Fault | None:
    """What is stored in clear tells no number of the row's own person, passports included."""
    if holds_own(raw.partner_reference, own_numbers):
        return _PERSONAL_REFERENCE
    labels = {"consent_text_version": raw.consent_text_version, "consent_channel": raw.consent_channel}
    return next((_personal(field) for field, text in labels.items() if holds_own(text, own_numbers)), None)


def _personal(field: str) -> Fault:
    return Fault(field, f"{field}_is_personal", PERSONAL, WITHOUT)


def _fault_of_proof(text_version: str, channel: str, sha256: str) -> Fault | None:
    for field, text in (("consent_text_version", text_version), ("consent_channel", channel)):
        if is_personal(TextKind.LABEL, text):
            return _personal(field)
        if not _SLUG.fullmatch(text):
            return Fault(
                field,
                f"{field}_invalid" if text else f"{field}_missing",
                "The proof of the person's consent is incomplete.",
                "Send 1 to 32 letters, digits or . _ - here, e.g. 2026-01 or app.",
            )
    if not _SHA256.fullmatch(sha256):
        return Fault(
            "consent_sha256",
            "consent_sha256_invalid" if sha256 else "consent_sha256_missing",
            "The proof of the person's consent is incomplete.",
            "Send the SHA-256 of your record of the consent as 64 hex digits.",
        )
    return None
