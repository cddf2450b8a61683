"""JSON texts that say something twice."""

from __future__ import annotations

import pytest

from shared.values.json_keys import repeated_key


@pytest.mark.parametrize(
    "text",
    [
        '{"outcome": "refuse", "outcome": "approve"}',
        '{"outcome": 1, "reasons": [{"a": 1}], "\\u006futcome": 1}',
        '{"deep": [[{"x": {"outcome": null, "y": 1, "outcome": null}}]]}',
        '[{"fine": 1}, {"outcome": {}, "outcome": {}}]',
    ],
)
def test_a_key_that_stands_twice_is_found_wherever_it_is(text: str) -> None:
    assert repeated_key(text.encode()) == "outcome"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]}',
        '{"a": "\\"a\\": 1, \\"a\\": 2"}',
        '{"A": 1, "a": 2, "a ": 3, "": 4}',
        f'{{"many": {"9" * 6000}, "digits": 1}}',
        " [] ",
        '"text"',
    ],
)
def test_what_only_looks_like_it_is_well(text: str) -> None:
    assert repeated_key(text.encode()) is None


@pytest.mark.parametrize("text", [b"", b"{", b'{"a": 1} x', b'{"a": "\xff"}', b"\xff\xfe{\x00}\x00"])
def test_what_is_no_json_is_told(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        repeated_key(text)
