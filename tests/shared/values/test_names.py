"""One name has one form for comparison, however a bank, a partner or a person writes it."""

from __future__ import annotations

import hashlib
import random

import pytest

from shared.values.names import normal_name, normal_names

HANZI = "277ea442979ad1dc0f174bf69951c3420a972494f9df03fca243248744b9536d"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("張偉", "张伟", id="traditional and simplified"),
        pytest.param("歐陽鍾靈", "欧阳钟灵", id="traditional, double surname"),
        pytest.param("薴", "苎", id="a traditional character whose simplified one is another's traditional one"),
        pytest.param("阿卜杜拉·买买提", "阿卜杜拉•买买提", id="bullet"),
        pytest.param("阿卜杜拉·买买提", "阿卜杜拉・买买提", id="Japanese middle dot"),
        pytest.param("阿卜杜拉·买买提", "阿卜杜拉･买买提", id="half-width middle dot"),
        pytest.param("阿卜杜拉·买买提", "阿卜杜拉‧买买提", id="hyphenation point"),
        pytest.param("阿卜杜拉·买买提", "阿卜杜拉．买买提", id="full-width full stop"),
        pytest.param("阿卜杜拉·买买提", "阿卜杜拉买买提", id="no dot at all, as older books of banks have it"),
        pytest.param("张 小明", "张小明", id="space"),
        pytest.param("张　小明 ", "张小明", id="ideographic space"),
        pytest.param("张\u200b小\ufeff明", "张小明", id="what does not show"),
        pytest.param("ＪＯＨＮ　Ｓｍｉｔｈ", "John Smith", id="full width and capitals"),
        pytest.param("O’Brien", "O'Brien", id="apostrophe"),
        pytest.param("Jean–Luc", "Jean-Luc", id="dash"),
        pytest.param("北京（某某）科技有限公司", "北京(某某)科技有限公司", id="brackets of an organization"),
        pytest.param("杨\ufa1c", "杨靖", id="compatibility ideograph"),
    ],
)
def test_two_ways_to_write_one_name_have_one_form(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("张伟", "张玮"), ("王芳", "黄芳"), ("张小明", "小明张"), ("O'Brien", "Brien")]
)
def test_two_names_stay_two(one: str, other: str) -> None:
    assert normal_name(one) != normal_name(other)


def test_the_form_of_a_form_is_itself_for_each_character_there_is() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    unstable = [hex(ord(each)) for each in characters if normal_name(normal_name(each)) != normal_name(each)]
    assert unstable == []


def test_many_names_at_once_have_the_forms_that_each_has_alone() -> None:
    chance = random.Random(2026)  # noqa: S311  # examples, no secret
    letters = [chr(code) for code in (*range(0x20, 0x180), *range(0x3000, 0x3100), *range(0x4E00, 0xA000))]
    letters += ["\u0301", "\u200d", "\ufe0f", "ﬁ", "ß", "İ", "·", "．"]
    names = ["".join(chance.choices(letters, k=chance.randint(1, 5))) for _ in range(20_000)]
    names = [each for each in names if each.isprintable()]
    assert normal_names(names) == [normal_name(each) for each in names]
    assert normal_names(names[:3]) == [normal_name(each) for each in names[:3]]
    assert normal_names([]) == []


def test_the_table_of_characters_is_the_one_that_stored_tokens_were_made_with() -> None:
    """A newer table makes other tokens of some names: payees are to be announced anew, as with a new token key."""
    forms = "".join(normal_name(chr(code)) or "-" for code in (*range(0x3400, 0xA000), *range(0x20000, 0x33480)))
    assert hashlib.sha256(forms.encode()).hexdigest() == HANZI
