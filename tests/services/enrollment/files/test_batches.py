"""Files of subscribers through the real database."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg2
import pytest

from services.enrollment.files.domain.errors import NotTheDeclaredFile, UnreadableFile
from services.enrollment.files.intake import lines
from services.enrollment.files.store import batches
from services.enrollment.files.usecases.load_batch import MOST_TRIES, load_next_part
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.files.usecases.under_way import Overtaken, UnderWay
from services.enrollment.files.worker import loading
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.consents import ConsentText
from services.enrollment.people.domain.policies import Insured
from services.enrollment.people.store import opt_outs
from services.enrollment.people.usecases.publish_consent_text import publish_consent_text
from services.enrollment.policies.domain.rows import RawRow
from services.enrollment.policies.store import policies
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.events.policies import PoliciesEnrolled
from shared.process import traces
from shared.values.ids import BatchId
from tests.services.enrollment.builders import NOW, PRODUCT, csv, enroll_policy, faults, load_all, pieces, row


def receive(
    database: Database, vault: Vault, data: bytes, *, tenant: str = "telecom-east", size: int = 4096
) -> BatchId:
    with database.transaction() as tx:
        batch = receive_batch(
            tx,
            pieces(data, size),
            PRODUCT,
            Declared(None, None),
            tenant=tenant,
            actor="test",
            vault=vault,
            now=NOW,
        )
    return batch.batch_id


def rejections(database: Database, batch_id: BatchId) -> list[batches.Rejection]:
    with database.transaction() as tx:
        return batches.rejections(tx, batch_id, after_line=0, limit=100_000)


def announced(database: Database) -> list[PoliciesEnrolled]:
    with database.transaction() as tx:
        rows = tx.all("SELECT body FROM outbox WHERE type = 'policies.enrolled' ORDER BY id")
    return [msgspec.json.decode(body, type=PoliciesEnrolled) for (body,) in rows]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that files of thousands of rows have several parts."""
    monkeypatch.setattr(lines, "PART_ROWS", 5000)


class AlwaysNow:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


COMPENSATION = 180
"""Fen that telecom-east keeps of each premium: 15 % of 12 yuan."""


def run_as_worker(database: Database, vault: Vault) -> list[str]:
    """What the job does, started again whenever a bug ends it, until there is nothing to do: the bugs."""
    crashes = []
    while True:
        load = loading(database, AlwaysNow(), vault, sandbox=True)[0].run
        try:
            while load():
                pass
        except psycopg2.IntegrityError as crash:
            crashes.append(type(crash).__name__)
        else:
            return crashes


def people(first: int, last: int) -> Sequence[RawRow]:
    return [row(n) for n in range(first, last)]


def test_every_row_of_a_file_becomes_a_policy_that_is_announced_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    batch_id = receive(database, vault, csv(people(0, 12_345)))
    assert load_all(database, vault) == 3
    with database.transaction() as tx:
        counted = tx.one("SELECT state, rows_total, rows_read, accepted, rejected FROM batches")
        stored = {policy_id for (policy_id,) in tx.all("SELECT policy_id FROM policies")}
    assert counted == ("finished", 12_345, 12_345, 12_345, 0)
    events = announced(database)
    assert all(event.policies.count <= 1000 and event.batch_id == batch_id for event in events)
    ids = [policy_id for event in events for policy_id in event.policies.policy_ids]
    assert len(ids) == len(set(ids)) == 12_345
    assert set(ids) == stored
    assert faults(database, environ) == []


def test_good_rows_are_enrolled_even_where_others_are_not_and_each_rejection_says_what_to_do(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    bad = {
        3: ("document_number", "document_number_invalid", row(1, document_number="001234198003150010")),
        4: ("phone", "phone_invalid", row(2, phone="1391234")),
        5: ("name", "name_missing", row(3, name="")),
        6: ("effective_date", "date_invalid", row(4, effective_date="2026-02-30")),
        7: ("effective_date", "back_dated", row(5, effective_date="2026-02-27")),
        8: ("document_type", "document_type_invalid", row(6, document_type="library_card")),
        9: ("consent_given_at", "time_invalid", row(7, consent_given_at="yesterday")),
        10: ("partner_reference", "reference_is_personal", row(8, partner_reference="13912345678")),
    }
    data = csv([row(0), *(each for _field, _code, each in bad.values()), row(9)])
    batch_id = receive(database, vault, data)
    load_all(database, vault)
    found = {one.line: (one.fault.field, one.fault.code) for one in rejections(database, batch_id)}
    assert found == {line: (field, code) for line, (field, code, _row) in bad.items()}
    assert all(one.fault.detail and one.fault.fix for one in rejections(database, batch_id))
    assert sum(event.policies.count for event in announced(database)) == 2
    assert faults(database, environ) == []


def test_a_rejection_repeats_nothing_of_the_row(database: Database, vault: Vault) -> None:
    wrong = row(77, document_number="110101198003150011", phone="13955557777x", name="王秘密")
    batch_id = receive(database, vault, csv([wrong]))
    load_all(database, vault)
    said = " ".join(f"{one.fault.detail} {one.fault.fix}" for one in rejections(database, batch_id))
    assert said
    assert not any(text in said for text in (wrong.document_number, wrong.phone, wrong.name, "1980"))


def test_the_second_line_about_one_person_is_rejected_and_the_first_wins(database: Database, vault: Vault) -> None:
    rows = [*people(0, 1200), row(7, partner_reference="again-far"), row(1199, partner_reference="again-near")]
    batch_id = receive(database, vault, csv(rows))
    load_all(database, vault)
    assert [(one.line, one.fault.code) for one in rejections(database, batch_id)] == [
        (1202, "already_covered"),
        (1203, "already_covered"),
    ]
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policies WHERE partner_reference LIKE 'again%'") == (0,)


def test_the_same_file_again_creates_nothing_and_says_so_row_by_row(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    data = csv(people(0, 1500))
    receive(database, vault, data)
    load_all(database, vault)
    before = len(announced(database))
    again = receive(database, vault, data, tenant="telecom-west")
    load_all(database, vault)
    assert {one.fault.code for one in rejections(database, again)} == {"already_covered"}
    assert len(rejections(database, again)) == 1500
    assert len(announced(database)) == before
    assert faults(database, environ) == []


def outcome(database: Database, batch_id: BatchId) -> tuple[int, list[tuple[int, str]]]:
    """How many rows of the batch were accepted, and what was said of which others."""
    with database.transaction() as tx:
        row = tx.one("SELECT accepted FROM batches WHERE batch_id = %s AND state = 'finished'", (batch_id,))
    assert row is not None
    return row[0], [(one.line, one.fault.code) for one in rejections(database, batch_id)]


def test_a_file_that_its_partner_sends_again_is_told_row_by_row_that_there_is_nothing_to_do(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    data = csv([*people(0, 300), row(300, phone="1391234")])
    receive(database, vault, data)
    load_all(database, vault)
    again = receive(database, vault, data)
    other_references = receive(database, vault, csv([row(n, partner_reference=f"new-{n}") for n in range(300)]))
    load_all(database, vault)
    assert outcome(database, again) == (
        0,
        [*((line, "already_enrolled") for line in range(2, 302)), (302, "phone_invalid")],
    )
    assert outcome(database, other_references) == (0, [(line, "already_covered") for line in range(2, 302)])
    assert faults(database, environ) == []


def test_a_line_that_comes_twice_in_a_file_is_told_so_whether_in_one_part_or_in_two(
    database: Database, vault: Vault
) -> None:
    rows = [*people(0, 6000), row(5999), row(1), row(2, partner_reference="another")]
    batch_id = receive(database, vault, csv(rows))
    load_all(database, vault)
    said = [(6002, "already_enrolled"), (6003, "already_enrolled"), (6004, "already_covered")]
    assert outcome(database, batch_id) == (6000, said)


def test_a_rejection_names_the_reference_unless_it_is_personal(database: Database, vault: Vault) -> None:
    bad = [row(1, phone="1"), row(2, partner_reference="13912345678"), row(3, partner_reference="=1+1")]
    batch_id = receive(database, vault, csv(bad))
    load_all(database, vault)
    assert [one.partner_reference for one in rejections(database, batch_id)] == [row(1).partner_reference, None, None]


def test_a_dry_run_says_what_the_file_would_bring_and_stores_nothing_of_it(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    receive(database, vault, csv(people(0, 10)))
    load_all(database, vault)
    rows = [*people(5, 6000), row(7, partner_reference="x"), row(5500), row(1, name=""), row(9000)]
    with database.transaction() as tx:
        dry = receive_batch(
            tx,
            [csv(rows)],
            PRODUCT,
            Declared(None, None, dry_run=True),
            tenant="telecom-east",
            actor="test",
            vault=vault,
            now=NOW,
        ).batch_id
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*), count(DISTINCT chunk_id) FROM policies") == (10, 1)
        assert tx.one("SELECT count(*) FROM dry_run_persons") == (0,)
    assert len(announced(database)) == 1
    wet = receive(database, vault, csv(rows))
    load_all(database, vault)
    assert outcome(database, dry) == outcome(database, wet)
    assert outcome(database, wet)[0] == 5991
    assert faults(database, environ) == []


def test_who_opted_out_is_not_enrolled_by_a_file(database: Database, vault: Vault) -> None:
    tokens = [vault.tokenizer.person("resident_id", row(n).document_number) for n in (3, 4)]
    with database.transaction() as tx:
        opt_outs.add(tx, tokens, opted_out_at=NOW, channel="hotline", recorded_by="test")
    batch_id = receive(database, vault, csv([*people(0, 6), row(3)]))
    load_all(database, vault)
    assert outcome(database, batch_id) == (4, [(5, "opted_out"), (6, "opted_out"), (8, "opted_out")])


def test_parts_that_are_done_at_once_end_as_if_one_came_after_the_other(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    rows = [*people(0, 30_000), row(3), row(29_999), row(30_000, name=""), *people(40_000, 60_000), row(4)]
    batch_id = receive(database, vault, csv(rows))
    other = receive(database, vault, csv(people(70_000, 70_010)))
    under_way = UnderWay()
    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(_load_by_turns, database, vault, under_way, number) for number in range(2)]:
            each.result()
    said = [(30_002, "already_enrolled"), (30_003, "already_enrolled"), (30_004, "name_missing")]
    assert outcome(database, batch_id) == (50_000, [*said, (50_005, "already_enrolled")])
    assert outcome(database, other) == (10, [])
    assert faults(database, environ) == []


def _load_by_turns(database: Database, vault: Vault, under_way: UnderWay, fails_at: int) -> None:
    """As one thread of a worker does, until all batches are done; it loses its connection at one commit."""
    number = 0
    while True:
        with suppress(_Lost, Overtaken):
            with under_way.turn() as turn, database.transaction() as tx:
                load_next_part(tx, vault=vault, now=NOW, sandbox=True, turn=turn)
                number += 1
                if number - 1 == fails_at:
                    raise _Lost
            with database.transaction() as tx:
                if tx.one("SELECT 1 FROM batches WHERE state <> 'finished'") is None:
                    return


def test_of_two_lines_about_one_person_the_first_counts_though_its_part_fails_beside_the_second(
    database: Database, vault: Vault
) -> None:
    receive(database, vault, csv([*people(0, 10_000), row(5001, partner_reference="second")]))
    under_way = UnderWay()
    with under_way.turn() as turn, database.transaction() as tx:
        assert load_next_part(tx, vault=vault, now=NOW, sandbox=True, turn=turn)
    ended = []

    def second() -> None:
        try:
            with under_way.turn() as turn, database.transaction() as tx:
                load_next_part(tx, vault=vault, now=NOW, sandbox=True, turn=turn)
        except Overtaken:
            ended.append("overtaken")

    def first() -> None:
        with under_way.turn() as turn, database.transaction() as tx:
            assert load_next_part(tx, vault=vault, now=NOW, sandbox=True, turn=turn)
            beside.start()
            beside.join(1.0)
            assert beside.is_alive()
            raise _Lost

    beside = threading.Thread(target=second)
    with pytest.raises(_Lost):
        first()
    beside.join()
    assert ended == ["overtaken"]
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policies WHERE partner_reference = 'second'") == (0,)
        assert tx.one("SELECT state, accepted, rejected FROM batches") == ("finished", 10_000, 1)


def test_parts_that_name_nobody_in_common_do_not_wait_for_each_other(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    batch_id = receive(database, vault, csv(people(0, 12_000)))
    under_way = UnderWay()
    _load_one(database, vault, under_way)
    with ThreadPoolExecutor(1) as thread:
        with database.transaction() as tx:
            enroll_policy(tx, row(5001), PRODUCT, tenant="telecom-west", vault=vault, now=NOW, sandbox=True)
            waits = thread.submit(_load_one, database, vault, under_way)
            while not under_way.turns:
                time.sleep(0.01)
            _load_one(database, vault, under_way)
            assert not waits.done()
            assert _progress(database) == ("processing", 7000)
        waits.result()
    assert _progress(database) == ("finished", 12_000)
    assert outcome(database, batch_id) == (11_999, [(5003, "already_covered")])
    assert faults(database, environ) == []


def _load_one(database: Database, vault: Vault, under_way: UnderWay) -> None:
    with under_way.turn() as turn, database.transaction() as tx:
        assert load_next_part(tx, vault=vault, now=NOW, sandbox=True, turn=turn)


def _progress(database: Database) -> Any:
    with database.transaction() as tx:
        return tx.one("SELECT state, rows_read FROM batches")


class _Lost(Exception):
    """As when the database goes away before the commit."""


def test_each_policy_has_its_own_person_in_the_sealed_record_of_its_chunk(database: Database, vault: Vault) -> None:
    receive(database, vault, csv([row(n, name=f"Name {n}") for n in range(2500)]))
    load_all(database, vault)
    with database.transaction() as tx:
        partner = contract_of(tx, "telecom-east")
        held = policies.page(tx, partner_no=partner.partner_no, reference=None, after=None, limit=2500)
        for policy in held[::97]:
            n = int(policy.partner_reference.removeprefix("sub-"))
            insured = Insured(f"Name {n}", "resident_id", row(n).document_number, row(n).phone)
            assert vault.insured(tx, policy) == insured
        first, second = (each for each in held if each.chunk_id == held[0].chunk_id and each.chunk_place in {0, 1})
        kept = vault.insured(tx, second)
        vault.erase(tx, first)
        assert vault.insured(tx, first) == Insured("", "", "", "")
        assert vault.insured(tx, second) == kept


def test_a_passport_of_a_file_is_covered_by_the_date_of_birth_beside_it(database: Database, vault: Vault) -> None:
    passport = {"document_type": "passport", "document_number": "E12345678"}
    batch_id = receive(database, vault, csv([row(1), row(2, **passport), row(3, **passport, birth_date="1980-03-16")]))
    load_all(database, vault)
    assert [(each.line, each.fault.code) for each in rejections(database, batch_id)] == [(3, "birth_date_missing")]
    (told,) = announced(database)
    assert sorted(told.policies.birth_year) == [1980, 1980]
    with database.transaction() as tx:
        (policy,) = policies.page(
            tx, partner_no=contract_of(tx, "telecom-east").partner_no, reference="sub-000000003", after=None, limit=2
        )
        assert vault.insured(tx, policy) == Insured("张小明", "passport", "E12345678", row(3).phone, "1980-03-16")


def test_a_worker_that_dies_within_a_part_leaves_nothing_of_it_and_the_next_one_does_it(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    receive(database, vault, csv(people(0, 11_000)))
    with database.transaction() as tx:
        assert load_next_part(tx, vault=vault, now=NOW, sandbox=True)

    class KilledError(Exception):
        pass

    def die_before_the_commit() -> None:
        with database.transaction() as tx:
            assert load_next_part(tx, vault=vault, now=NOW, sandbox=True)
            raise KilledError

    with pytest.raises(KilledError):
        die_before_the_commit()
    with database.transaction() as tx:
        assert tx.one("SELECT state, rows_read FROM batches") == ("processing", 5000)
        assert tx.one("SELECT count(*) FROM policies") == (5000,)
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.one("SELECT state, accepted FROM batches") == ("finished", 11_000)
    assert faults(database, environ) == []


def test_what_a_worker_does_with_a_file_is_found_by_the_trace_of_its_upload(database: Database, vault: Vault) -> None:
    with traces.span("upload"):
        uploaded = traces.trace_id()
        receive(database, vault, csv(people(0, 3)))
    load_all(database, vault)
    with database.transaction() as tx:
        found = tx.all("SELECT trace::jsonb ->> 'traceparent' FROM outbox WHERE type = 'policies.enrolled'")
    assert [traceparent.split("-")[1] for (traceparent,) in found] == [uploaded]


def test_two_workers_never_take_the_same_batch(database: Database, vault: Vault) -> None:
    receive(database, vault, csv(people(0, 10)))
    with database.transaction() as first, database.transaction() as second:
        assert load_next_part(first, vault=vault, now=NOW, sandbox=True)
        assert not load_next_part(second, vault=vault, now=NOW, sandbox=True)


def test_rows_are_judged_by_the_day_the_file_came_however_late_the_worker_is(database: Database, vault: Vault) -> None:
    receive(database, vault, csv([row(1, effective_date="2026-03-01"), row(2, effective_date="")]))
    load_all(database, vault, now=NOW.replace(month=6))
    with database.transaction() as tx:
        begins = [str(moment) for (moment,) in tx.all("SELECT effective_from FROM policies ORDER BY partner_reference")]
    assert begins == ["2026-02-28 16:00:00+00:00", "2026-03-01 16:00:00+00:00"]


def test_what_waits_of_a_file_is_sealed_and_nothing_of_it_stays_afterwards(database: Database, vault: Vault) -> None:
    receive(database, vault, csv(people(0, 10)))
    with database.transaction() as tx:
        waiting = b"".join(bytes(sealed) for (sealed,) in tx.all("SELECT sealed FROM batch_parts"))
    assert row(0).document_number.encode() not in waiting
    assert "张小明".encode() not in waiting
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.all("SELECT sealed FROM batch_parts") == [(None,)]


def test_a_part_that_cannot_be_opened_fails_its_batch_and_not_the_worker(database: Database, vault: Vault) -> None:
    receive(database, vault, csv(people(0, 10)))
    with database.transaction() as tx:
        tx.execute("UPDATE batch_parts SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)")
    receive(database, vault, csv(people(10, 20)))
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.all("SELECT state, accepted FROM batches ORDER BY batch_id") == [("failed", 0), ("finished", 10)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "It is empty"),
        (b"name,phone\n1,2\n", "lacks the column"),
        (csv([], header=csv([]).decode().strip() + ",salary"), "a column that is not known"),
        (csv([], header=csv([]).decode().strip() + ",name"), "names the column name twice"),
        (csv([]), "no rows"),
        (csv([row(1, name="x" * 5000)]), "more than 4096 bytes"),
        (b"x" * 10_000_000, "more than 4096 bytes"),
        (b"\x1f\x8b\x08rest", "gzip is damaged"),
        ("姓名,电话\n".encode("gb18030"), "lacks the column partner_reference"),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(database: Database, vault: Vault, data: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        receive(database, vault, data)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM batches") == (0,)


@pytest.mark.parametrize("declared", [Declared(3, None), Declared(None, "0" * 64)])
def test_an_upload_that_is_not_what_was_declared_is_refused_whole(
    database: Database, vault: Vault, declared: Declared
) -> None:
    with pytest.raises(NotTheDeclaredFile), database.transaction() as tx:
        receive_batch(
            tx, [csv(people(0, 2))], PRODUCT, declared, tenant="telecom-east", actor="test", vault=vault, now=NOW
        )
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM batch_parts") == (0,)


def test_a_file_that_no_worker_can_work_off_fails_after_some_tries_and_the_others_go_on(
    database: Database, vault: Vault
) -> None:
    with database.transaction() as tx:
        oldest = batches.oldest_to_do(tx)
    assert oldest is None
    broken = receive(database, vault, csv(people(0, 6000)))
    good = receive(database, vault, csv(people(6000, 6010)), tenant="telecom-west")
    with database.transaction() as tx:
        tx.execute("UPDATE batch_parts SET rows = rows + 1 WHERE batch_id = %s AND part_no = 1", (broken,))
        assert batches.oldest_to_do(tx) == NOW
    assert run_as_worker(database, vault) == ["CheckViolation"] * (MOST_TRIES - 1)
    with database.transaction() as tx:
        found = tx.all("SELECT batch_id, state, accepted, finished_at FROM batches ORDER BY batch_id")
        failure = tx.one("SELECT failure FROM batches WHERE batch_id = %s", (broken,))
    assert found == [(broken, "failed", 5000, NOW), (good, "finished", 10, NOW)]
    assert failure == ("The rows from line 5002 on could not be worked off. Ask the insurer.",)


def test_rows_are_judged_by_the_contract_as_it_was_when_their_file_came(database: Database, vault: Vault) -> None:
    first_day = (NOW - timedelta(days=3)).date().isoformat()
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET back_dating_days = 5")
    receive(database, vault, csv([row(n, effective_date=first_day) for n in range(10)]))
    with database.transaction() as tx:
        tx.execute(
            "UPDATE partners SET back_dating_days = 0, compensation_kind = 'service_fee', compensation_value = 1,"
            " consent_texts = 'registered', last_day = first_day WHERE partner_id = 'telecom-east'"
        )
    load_all(database, vault, now=NOW + timedelta(days=30))
    with database.transaction() as tx:
        found = tx.all("SELECT policies, compensation_fen, enrolled_at FROM policy_chunks")
    assert found == [(10, COMPENSATION, NOW + timedelta(days=30))]


def test_a_text_that_was_published_after_a_file_came_is_unknown_to_its_rows(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET consent_texts = 'registered'")
    batch_id = receive(database, vault, csv(people(0, 1)))
    words = ConsentText("2026-01", "字", "words", (), NOW - timedelta(days=90), NOW + timedelta(seconds=1), "test")
    with database.transaction() as tx:
        publish_consent_text(tx, words)
    load_all(database, vault)
    assert [each.fault.code for each in rejections(database, batch_id)] == ["consent_text_unknown"]


def test_no_other_worker_comes_to_a_batch_while_one_is_at_a_part_of_it(database: Database, vault: Vault) -> None:
    """Not even to an earlier part, which the one that has the batch has lost: its rows come before the later one's."""
    receive(database, vault, csv(people(0, 15_000)))
    under_way = UnderWay()
    _load_one(database, vault, under_way)
    with under_way.turn() as later, database.transaction() as tx:
        with suppress(_Lost), under_way.turn() as earlier, database.transaction() as lost:
            assert _part(earlier.take(lost)) == 1
            assert _part(later.take(tx)) == 2
            raise _Lost
        with UnderWay().turn() as other, database.transaction() as beside:
            assert other.take(beside) is None
        with under_way.turn() as again, database.transaction() as retried:
            assert _part(again.take(retried)) == 1


def _part(work: batches.Work | None) -> int | None:
    return None if work is None else work.part_no
