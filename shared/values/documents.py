"""Documents of persons and organizations, and mobile numbers, of China in one normal form, or a fault that names the
field. Pure.

The tokens are made of these forms, so two ways to write one number must end in one form. Ages are the product's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Final, Literal, TypeAlias, get_args

from shared.values.errors import InvalidField

DocumentType: TypeAlias = Literal[
    "resident_id",
    "foreign_permanent_residence",
    "hk_macau_residence",
    "taiwan_residence",
    "passport",
    "unified_social_credit_code",
]
DOCUMENT_TYPES: Final[tuple[str, ...]] = get_args(DocumentType)
HolderKind: TypeAlias = Literal["person", "organization"]

SIMULATED_REGION: Final = "00"
"""No region of GB/T 2260 begins so; only sandboxes take it. An organization's region is characters 3 to 8."""

# GB 11643-1999 (ISO 7064, MOD 11-2): the weights of the first 17 digits, and the last one by the sum modulo 11.
WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ASCII_ZEROS: Final = ord("0") * sum(WEIGHTS)
_CHECK_DIGITS: Final = "10X98765432"

# GB 32100-2015: digits and capitals without I, O, S, V and Z; the weights are the powers of 3 modulo 31.
_CODE_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODEWEIGHTS: Final = tuple(pow(3, power, 31) for power in range(17))
_ORGANIZATION: Final = re.compile(rf"[{_CODE_CHARACTERS}]{{2}}[0-9]{{6}}[{_CODE_CHARACTERS}]{{10}}")

_EIGHTEEN: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLD_PERMANENT_RESIDENCE: Final = re.compile(r"[A-Z]{3}[0-9]{12}")
"""The card issued until 2023: nationality (ISO 3166 alpha-3), place, date, sequence, check digit."""
_PASSPORT: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}")
"""ICAO 9303 keeps 9 characters in the machine readable zone and lets longer numbers run over into the optional data."""
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_SANDBOX_MOBILE: Final = re.compile(r"1[0-9]{10}")
"""Numbers that begin with 10 to 12 belong to no person; a sandbox simulates with them."""

# First two digits by GB/T 2260: provinces, and 71. 81, 82 and 83 are those of residence permits alone: taken as a
# resident's too, one permit would be two persons.
PROVINCES: Final = frozenset(
    str(number)
    for numbers in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
    for number in (*numbers, 71)
)
_PERMITS: Final[dict[str, DocumentType]] = {
    "81": "hk_macau_residence",
    "82": "hk_macau_residence",
    "83": "taiwan_residence",
}
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2099


@dataclass(frozen=True, slots=True)
class Document:
    """A document in normal form. ``birth_date`` is what its number says, if it says any."""

    type: DocumentType
    number: str
    birth_date: date | None


def normalize_document(  # noqa: PLR0911  # one return for each kind of document
    document_type: str, number: str, *, sandbox: bool, pointer: str = "/document_number"
) -> Document:
    """The one form of a document's number: half-width, capitals, no spaces, checked as far as its kind allows.

    Raises:
        InvalidField: ``pointer`` names the number; the type's fault is at its sibling ``document_type``.
    """
    text = _plain(number).upper()
    match document_type:
        case "resident_id":
            return _resident_id(text, pointer, sandbox=sandbox)
        case "hk_macau_residence":
            return _residence_permit("hk_macau_residence", text, ("810000", "820000"), pointer, sandbox=sandbox)
        case "taiwan_residence":
            return _residence_permit("taiwan_residence", text, ("830000",), pointer, sandbox=sandbox)
        case "foreign_permanent_residence":
            if _OLD_PERMANENT_RESIDENCE.fullmatch(text):
                return Document("foreign_permanent_residence", text, None)
            return _residence_permit("foreign_permanent_residence", text, ("9",), pointer, sandbox=sandbox)
        case "passport":
            if not _PASSPORT.fullmatch(text):
                raise _fault(pointer, "A passport number has 5 to 15 letters and digits.")
            return Document("passport", text, None)
        case "unified_social_credit_code":
            return _organization(text, pointer, sandbox=sandbox)
        case _:
            raise InvalidField(
                pointer=f"{pointer.rpartition('/')[0]}/document_type",
                detail="The document type is unknown.",
                fix=f"Send one of {', '.join(DOCUMENT_TYPES)}.",
            )


def holder_kind(document_type: str) -> HolderKind:
    """Whether a document of this type names a person or an organization."""
    return "organization" if document_type == "unified_social_credit_code" else "person"


def normalize_phone(text: str, *, sandbox: bool, pointer: str = "/phone") -> str:
    """The 11 digits of a mobile number of mainland China; +86, 0086, spaces, hyphens and full-width digits are read.

    Raises:
        InvalidField: it is none.
    """
    digits = _plain(text).replace("-", "").replace("(", "").replace(")", "")
    for prefix in ("+86", "0086", "86"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 11:
            digits = digits[len(prefix) :]
            break
    if not (_SANDBOX_MOBILE if sandbox else _MOBILE).fullmatch(digits):
        raise InvalidField(
            pointer=pointer,
            detail="This is no mobile number of mainland China.",
            fix="Send its 11 digits, with or without +86.",
        )
    return digits


def check_digit(first_17: str) -> str:
    """The last character of an 18-digit number."""
    # On the digits' ASCII codes, a third of the time of int() on each: files have millions of these numbers.
    return _CHECK_DIGITS[(sum(map(mul, WEIGHTS, first_17.encode())) - _ASCII_ZEROS) % 11]


def code_check_character(first_17: str) -> str:
    """The last character of a unified social credit code."""
    values = (_CODE_CHARACTERS.index(character) for character in first_17)
    return _CODE_CHARACTERS[-sum(map(mul, _CODEWEIGHTS, values)) % 31]


def _plain(text: str) -> str:
    """Half-width (NFKC), without spaces, invisible marks and the dashes that look like a hyphen."""
    if text.isascii():
        return "".join(text.split())
    folded = unicodedata.normalize("NFKC", text)
    kept = (character for character in folded if unicodedata.category(character) not in {"Zs", "Cf", "Cc"})
    return "".join("-" if unicodedata.category(character) == "Pd" else character for character in kept)


def _eighteen(text: str, pointer: str, *, sandbox: bool) -> None:
    if not _EIGHTEEN.fullmatch(text):
        raise _fault(pointer, "The number has 18 characters: 17 digits and a check digit, which may be X.")
    if text.startswith(SIMULATED_REGION) and not sandbox:
        raise _fault(pointer, "Numbers of the region 00 are simulated and taken in sandboxes only.")
    if check_digit(text[:17]) != text[17]:
        raise _fault(pointer, "The check digit does not fit the other digits.")


def _resident_id(text: str, pointer: str, *, sandbox: bool) -> Document:
    _eighteen(text, pointer, sandbox=sandbox)
    region = text[:2]
    if region in _PERMITS:
        raise InvalidField(
            pointer=f"{pointer.rpartition('/')[0]}/document_type",
            detail=f"A number that begins with {region} is that of a residence permit.",
            fix=f"Send {_PERMITS[region]} as its type.",
        )
    if region not in PROVINCES and not (sandbox and region == SIMULATED_REGION):
        raise _fault(pointer, "The first two digits are no region of China.")
    return Document("resident_id", text, _birth_date(text, pointer))


def _organization(text: str, pointer: str, *, sandbox: bool) -> Document:
    if not _ORGANIZATION.fullmatch(text):
        raise _fault(
            pointer,
            "A unified social credit code has 18 digits and capitals, without I, O, S, V and Z; 3 to 8 are digits.",
        )
    if text.startswith(SIMULATED_REGION, 2) and not sandbox:
        raise _fault(pointer, "Codes of the region 00 are simulated and taken in sandboxes only.")
    if code_check_character(text[:17]) != text[17]:
        raise _fault(pointer, "The check character does not fit the other characters.")
    return Document("unified_social_credit_code", text, None)


def _residence_permit(
    kind: DocumentType, text: str, beginnings: tuple[str, ...], pointer: str, *, sandbox: bool
) -> Document:
    _eighteen(text, pointer, sandbox=sandbox)
    if not text.startswith(beginnings) and not (sandbox and text.startswith(SIMULATED_REGION)):
        raise _fault(pointer, f"A document of this type begins with {' or '.join(beginnings)}.")
    return Document(kind, text, _birth_date(text, pointer))


def _birth_date(text: str, pointer: str) -> date:
    try:
        found = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        found = date.min
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _fault(pointer, "The date of birth inside the number (characters 7 to 14) does not exist.")
    return found


def _fault(pointer: str, detail: str) -> InvalidField:
    return InvalidField(pointer=pointer, detail=detail, fix="Send the number exactly as the document shows it.")
