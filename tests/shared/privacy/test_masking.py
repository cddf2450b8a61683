"""Masks: a person knows their own, nobody else learns it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.privacy.masking import mask_account, mask_document, mask_name, mask_phone


@pytest.mark.parametrize(
    ("mask", "clear", "shown"),
    [
        (mask_name, "张小明", "张**"),
        (mask_name, "张", "*"),
        (mask_name, "John Smith", "J*** S****"),
        (mask_name, "", ""),
        (mask_document, "11010519491231002X", "110*************2X"),
        (mask_document, "E12345678", "E12****78"),
        (mask_document, "E1234567", "********"),
        (mask_phone, "13800138000", "138****8000"),
        (mask_account, "6222020200012345678", "***************5678"),
        (mask_account, "1234", "****"),
        (mask_account, "123456", "******"),
        (mask_phone, "110", "***"),
    ],
)
def test_what_is_shown(mask: Callable[[str], str], clear: str, shown: str) -> None:
    assert mask(clear) == shown


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_no_number_shows_whole_and_none_changes_its_length(number: str) -> None:
    for mask in (mask_document, mask_phone, mask_account):
        shown = mask(number)
        assert len(shown) == len(number)
        assert shown.count("*") >= min(len(number), 3)
