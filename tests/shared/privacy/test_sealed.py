"""Sealed fields: they open where they were sealed and nowhere else, and keys rotate under running services."""

from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from shared.db.pool import Database
from shared.privacy.keys import KeyRing, UnknownKey
from shared.privacy.sealed import DataKey, SealBroken, Sealer, data_key_id

FIRST, SECOND = secrets.token_hex(32), secrets.token_hex(32)


def sealer(keys: str = f"1:{FIRST}") -> Sealer:
    return Sealer(KeyRing.parse(keys))


def a_key(database: Database, ours: Sealer) -> DataKey:
    with database.transaction() as tx:
        return ours.new_data_key(tx)


def opened(database: Database, ours: Sealer, blob: bytes, context: str) -> str:
    with database.transaction() as tx:
        return ours.open(tx, blob, context)


def test_a_sealed_name_comes_back_in_another_process(database: Database) -> None:
    blob = a_key(database, sealer()).seal("张小明", "policy:17:name")

    assert opened(database, sealer(), blob, "policy:17:name") == "张小明"
    assert "张小明".encode() not in blob


def test_one_key_seals_a_chunk_of_rows_and_each_row_reads_alone(database: Database) -> None:
    key = a_key(database, sealer())
    blobs = [key.seal(f"name {row}", f"policy:{row}:name") for row in range(1000)]

    assert opened(database, sealer(), blobs[731], "policy:731:name") == "name 731"
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM data_keys") == (1,)


def test_a_sealed_value_copied_to_another_row_does_not_open_there(database: Database) -> None:
    blob = a_key(database, sealer()).seal("6222020200012345678", "payee:1:account")

    with pytest.raises(SealBroken):
        opened(database, sealer(), blob, "payee:2:account")


def test_a_sealed_value_under_another_data_key_does_not_open(database: Database) -> None:
    one, other = a_key(database, sealer()), a_key(database, sealer())

    with pytest.raises(SealBroken):
        other.open(one.seal("x", "c"), "c")


@pytest.mark.parametrize("damage", [lambda blob: blob[:-1], lambda blob: blob[:-1] + bytes([blob[-1] ^ 1])])
def test_a_damaged_value_is_refused_and_not_misread(database: Database, damage: object) -> None:
    assert callable(damage)
    key = a_key(database, sealer())

    with pytest.raises(SealBroken):
        key.open(damage(key.seal("secret", "c")), "c")


@given(st.binary(max_size=60))
def test_bytes_that_nobody_sealed_are_refused(junk: bytes) -> None:
    key = DataKey(1, AESGCM(bytes(32)))
    with pytest.raises(SealBroken):
        key.open(junk, "c")


def test_the_same_text_sealed_twice_looks_different(database: Database) -> None:
    key = a_key(database, sealer())

    assert key.seal("张小明", "c") != key.seal("张小明", "c")


def test_rotation_wraps_every_data_key_anew_and_the_old_key_may_leave(database: Database) -> None:
    old = sealer(f"1:{FIRST}")
    blobs = [a_key(database, old).seal(f"name {row}", "c") for row in range(5)]
    both = sealer(f"2:{SECOND},1:{FIRST}")

    assert both.rotate(database) == 5
    assert both.rotate(database) == 0

    only_new = sealer(f"2:{SECOND}")
    assert [opened(database, only_new, blob, "c") for blob in blobs] == [f"name {row}" for row in range(5)]
    with pytest.raises(UnknownKey):
        opened(database, old, blobs[0], "c")


def test_a_data_key_in_the_database_is_noise_without_the_settings(database: Database) -> None:
    blob = a_key(database, sealer()).seal("secret", "c")

    with pytest.raises(SealBroken):
        opened(database, sealer(f"1:{SECOND}"), blob, "c")


def test_a_wrapped_key_put_in_anothers_place_does_not_unwrap(database: Database) -> None:
    blob = a_key(database, sealer()).seal("secret", "c")
    other = a_key(database, sealer())
    with database.transaction() as tx:
        tx.execute(
            "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE id = %s) WHERE id = %s",
            (other.id, data_key_id(blob)),
        )

    with pytest.raises(SealBroken):
        opened(database, sealer(), blob, "c")


def test_keys_show_in_no_representation(database: Database) -> None:
    assert "AESGCM" not in repr(a_key(database, sealer()))
