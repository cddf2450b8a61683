"""What partners call the types of documents in their files."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

from shared.values.documents import DOCUMENT_TYPES, DocumentType, HolderKind, holder_kind

NAMES: Final[Mapping[DocumentType, tuple[str, ...]]] = {
    "resident_id": ("身份证", "居民身份证"),
    "foreign_permanent_residence": ("外国人永久居留身份证", "外国人永久居留证"),
    "hk_macau_residence": ("港澳居民居住证",),
    "taiwan_residence": ("台湾居民居住证",),
    "passport": ("护照",),
    "unified_social_credit_code": ("统一社会信用代码",),
}
"""Besides each type's own name. Upper and lower case, full-width letters and blanks around make no difference."""

_TYPE_OF: Final[Mapping[str, DocumentType]] = {
    name: document_type for document_type, names in NAMES.items() for name in (document_type, *names)
}


def document_type_of(name: str) -> DocumentType | None:
    """Our own word for what a partner calls ``name``; None where we do not know it."""
    return _TYPE_OF.get(name) or _TYPE_OF.get(unicodedata.normalize("NFKC", name).strip().lower())


def document_types_of(kind: HolderKind) -> tuple[str, ...]:
    """The types of documents that persons have, or organizations."""
    return tuple(each for each in DOCUMENT_TYPES if holder_kind(each) == kind)
