"""Tokens: the same person has one, nobody else has it, and a rotation of keys loses nobody."""

from __future__ import annotations

import pytest

from shared.privacy.keys import KeyRing, UnknownKey
from shared.privacy.tokens import Tokenizer

FIRST, SECOND = "01" * 32, "fe" * 32
NUMBER = "11010519491231002X"


def tokenizer(keys: str) -> Tokenizer:
    return Tokenizer(KeyRing.parse(keys))


def test_a_token_is_the_same_in_every_process_with_the_key() -> None:
    token = tokenizer(f"1:{FIRST}").person("resident_id", NUMBER)

    assert tokenizer(f"1:{FIRST}").person("resident_id", NUMBER) == token
    assert len(token) == 34
    assert token.startswith("01")


def test_a_token_tells_nothing_to_who_lacks_the_key() -> None:
    token = tokenizer(f"1:{FIRST}").person("resident_id", NUMBER)

    assert tokenizer(f"1:{SECOND}").person("resident_id", NUMBER) != token


def test_one_text_as_person_phone_payee_device_and_name_has_five_tokens() -> None:
    ours = tokenizer(f"1:{FIRST}")
    text = "13800138000"

    tokens = {ours.person("passport", text), ours.phone(text), ours.payee(text), ours.device(text), ours.name(text)}
    assert len(tokens) == 5


def test_two_documents_with_one_number_are_two_persons() -> None:
    ours = tokenizer(f"1:{FIRST}")

    assert ours.person("passport", "E12345678") != ours.person("resident_id", "E12345678")


def test_during_a_rotation_a_person_is_found_under_the_old_key_and_written_under_the_new() -> None:
    old = tokenizer(f"1:{FIRST}").person("resident_id", NUMBER)
    both = tokenizer(f"2:{SECOND},1:{FIRST}")

    new = both.person("resident_id", NUMBER)

    assert new.startswith("02")
    assert both.person_candidates("resident_id", NUMBER) == (new, old)
    phone = tokenizer(f"1:{FIRST}").phone("13800138000")
    assert phone in both.candidates("phone", "13800138000")


def test_keys_show_in_no_representation() -> None:
    ring = KeyRing.parse(f"1:{FIRST}")

    assert FIRST not in repr(ring)
    assert repr(bytes.fromhex(FIRST)) not in repr(ring)


@pytest.mark.parametrize("text", ["1:abcd", f"0:{FIRST}", f"256:{FIRST}"])
def test_a_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing.parse(text)


def test_a_key_that_left_too_early_is_named() -> None:
    with pytest.raises(UnknownKey, match="Key 7 made this value"):
        KeyRing.parse(f"1:{FIRST}").key(7)
