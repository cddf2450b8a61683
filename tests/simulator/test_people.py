from __future__ import annotations

import hashlib
import statistics
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from deploy.simulator import people, subscribers
from deploy.simulator.identity_numbers import ID_SPACE, account_number, check_digit, luhn_sum
from shared.values.documents import normalize_document, normalize_phone
from shared.values.errors import InvalidField

ON = date(2026, 1, 1)
CONSENT = datetime(2025, 12, 1, tzinfo=UTC)


def test_a_seed_always_makes_the_same_people() -> None:
    assert people.make(7, 500).frame.equals(people.make(7, 500).frame)
    assert not people.make(7, 500).frame.equals(people.make(8, 500).frame)


def test_a_person_is_the_same_however_many_are_asked_for() -> None:
    many = people.make(7, 70_000)
    few = people.make(7, 10, first=65_530)
    assert [few[place] for place in range(10)] == [many[65_530 + place] for place in range(10)]


def test_every_simulated_id_is_valid_in_a_sandbox_and_refused_outside() -> None:
    for person in people.make(1, 300):
        document = normalize_document(person.document_type, person.document_number, sandbox=True)
        assert document.birth_date == person.birth_date
        assert person.document_number.startswith("00")
        with pytest.raises(InvalidField):
            normalize_document(person.document_type, person.document_number, sandbox=False)


def test_every_simulated_phone_is_valid_in_a_sandbox_and_refused_outside() -> None:
    for person in people.make(1, 300):
        assert normalize_phone(person.phone, sandbox=True) == person.phone
        with pytest.raises(InvalidField):
            normalize_phone(person.phone, sandbox=False)


def test_ids_and_phones_never_repeat() -> None:
    frame = people.make(3, 300_000).frame
    assert frame["document_number"].n_unique() == frame["phone"].n_unique() == 300_000


def test_ids_stay_unique_beyond_the_space_of_one_block_of_days() -> None:
    near, far = people.make(3, 2_000), people.make(3, 2_000, first=ID_SPACE)
    assert not set(near.frame["document_number"]) & set(far.frame["document_number"])
    # The same region and sequence come back; only the day tells them apart.
    assert [number[:6] for number in near.frame["document_number"]] == [
        number[:6] for number in far.frame["document_number"]
    ]


def test_nobody_gets_a_sandbox_value_by_chance() -> None:
    tails = people.make(5, 200_000).frame["phone"].str.slice(-4).cast(int)
    assert not tails.is_between(9000, 9099).any()
    accounts = [account_number(serial * 977) for serial in range(50_000)]
    assert not [account for account in accounts if 8000 <= int(account[-4:]) < 8100]


def test_a_forced_account_ends_as_asked_and_has_a_right_check_sum() -> None:
    account = account_number(123_456_789, tail="8001")
    assert account.endswith("8001")
    assert luhn_sum(account) % 10 == 0
    assert luhn_sum(account_number(99)) % 10 == 0


def test_people_are_37_on_average_and_of_an_age_to_be_insured() -> None:
    births = people.make(11, 50_000, on=ON).frame["birth_date"].to_list()
    ages = [(ON.toordinal() - birth.toordinal()) / 365.25 for birth in births]
    assert statistics.mean(ages) == pytest.approx(37.0, abs=0.4)
    assert min(ages) >= 18
    assert max(ages) < 69


def test_more_people_than_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="another seed"):
        people.make(1, 1, first=4 * ID_SPACE)


def test_a_check_digit_that_is_ten_is_an_x() -> None:
    # The example of GB 11643-1999, annex: 11010519491231002X.
    assert check_digit("11010519491231002") == "X"


def test_a_subscriber_file_has_the_columns_of_the_intake(tmp_path: Path) -> None:
    path = tmp_path / "east.csv"
    written = subscribers.write_csv(path, people.make(1, 1_000), effective_date=ON, consent_given_at=CONSENT)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(subscribers.COLUMNS)
    assert len(lines) - 1 == written.rows == 1_000
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len({line.split(",")[0] for line in lines[1:]}) == 1_000
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert first["partner_reference"] == subscribers.reference("east", 0)
    assert datetime.fromisoformat(first["consent_given_at"]) == CONSENT
    assert len(first["consent_sha256"]) == 64


def test_wrong_rows_are_wrong_in_one_field_and_the_same_each_time(tmp_path: Path) -> None:
    paths = tmp_path / "once.csv", tmp_path / "again.csv", tmp_path / "right.csv"
    shares = 0.02, 0.02, 0.0
    written = [
        subscribers.write_csv(path, people.make(1, 5_000), effective_date=ON, consent_given_at=CONSENT, bad_share=share)
        for path, share in zip(paths, shares, strict=True)
    ]
    assert written[0].sha256 == written[1].sha256 != written[2].sha256
    bad = [
        sum(left != right for left, right in zip(wrong.split(","), right.split(","), strict=True))
        for wrong, right in zip(*(path.read_text(encoding="utf-8").splitlines() for path in paths[1:]), strict=True)
    ]
    assert max(bad) == 1
    assert sum(bad) == written[0].bad_rows == pytest.approx(100, abs=40)
