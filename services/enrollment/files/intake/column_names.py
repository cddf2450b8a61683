"""What partners call the columns of their files, in Chinese and English, and how a header becomes our own names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.domain.file_columns import FileColumns

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "partner_reference": ("合作方编号", "合作方流水号", "客户编号", "用户编号", "订户编号", "业务编号", "reference"),
    "document_type": ("证件类型", "证件种类", "证件类别", "id_type"),
    "document_number": (
        "证件号码",
        "证件号",
        "证件编号",
        "身份证号",
        "身份证号码",
        "公民身份号码",
        "id_number",
    ),
    "name": ("姓名", "客户姓名", "被保险人", "被保险人姓名", "full_name"),
    "phone": ("手机号", "手机号码", "手机", "电话", "电话号码", "移动电话", "联系电话", "mobile", "phone_number"),
    "birth_date": ("出生日期", "出生年月日", "生日", "date_of_birth"),
    "effective_date": ("生效日期", "生效日", "起保日期", "保险起期", "start_date"),
    "consent_text_version": ("同意书版本", "授权书版本", "同意文本版本", "consent_version"),
    "consent_given_at": ("同意时间", "授权时间", "同意书签署时间", "consent_time"),
    "consent_channel": ("同意渠道", "授权渠道"),
    "consent_sha256": ("同意书哈希", "同意凭证哈希", "授权书哈希", "consent_hash"),
    "reason": ("原因", "退保原因", "移除原因"),
}
"""Besides each column's own name. Upper and lower case, full-width letters, and what stands between words (a space, a
hyphen, an underscore, nothing) make no difference."""

_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")


def _plain(name: str) -> str:
    return _BETWEEN_WORDS.sub("", unicodedata.normalize("NFKC", name).strip().strip("\"'").strip().lower())


_COLUMN_OF: Final[Mapping[str, str]] = {
    _plain(name): column for column, others in SYNONYMS.items() for name in (column, *others)
}


def column_of(name: str) -> str | None:
    """Our own name of what a partner calls ``name``; None where we do not know it."""
    return _COLUMN_OF.get(_plain(name))


def columns_of(header: Sequence[str], expected: FileColumns) -> tuple[str, ...]:
    """Our own names of a file's columns, in the file's order.

    Raises:
        UnreadableFile: a column is missing, there twice or not known. The name itself is not repeated: where the
            header is missing, it is a person's data.
    """
    fix = f"Name the columns {', '.join(expected.names)}, or use their Chinese names."
    if not any(header):
        raise UnreadableFile("It is empty, or its first line is.", fix)
    found = []
    for place, name in enumerate(header, start=1):
        column = column_of(name)
        if column is None or column not in expected.names:
            raise UnreadableFile(f"Its header names a column that is not known, the {ordinal(place)} one.", fix)
        if column in found:
            raise UnreadableFile(f"Its header names the column {column} twice.", fix)
        found.append(column)
    for name in expected.required:
        if name not in found:
            raise UnreadableFile(f"Its header lacks the column {name}.", fix)
    return tuple(found)


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd."""
    ending = "th" if place % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
