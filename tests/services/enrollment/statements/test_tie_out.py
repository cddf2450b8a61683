"""The proof of a month: statement, file, policies and events agree to the fen, or each difference is named.

Events are sent by a real relay over a real broker and heard by the service's own consumer.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.statements.consumers import policies
from services.enrollment.statements.domain.line_digest import digest_of, digest_of_each, digest_of_sold
from services.enrollment.statements.domain.statements import Statement
from services.enrollment.statements.usecases.tie_out import TieOut, tie_out
from shared.db.connection import connect
from shared.db.pool import Database
from shared.entry.commands import build_cli
from shared.events.policies import packed
from shared.messaging import dead_letters, topics
from shared.messaging.kafka_link import Link, Producer
from shared.messaging.messages import Outgoing
from shared.messaging.relay import Relay
from shared.process.new_ids import new_id
from shared.process.shutdown import Stopping
from tests.services.enrollment.builders import faults, row
from tests.services.enrollment.statements.a_full_month import LATER, MONTH, everything
from tests.services.enrollment.statements.books import Books, a_march, taxed_books
from tests.shared.messaging.builders import consume, until

GROUP = policies.SUBSCRIPTION.group("enrollment")
TOPICS = policies.SUBSCRIPTION.topics


class Delivery:
    """The service's relay and its consumer of its own events."""

    def __init__(self, books: Books, url: str, link: Link) -> None:
        self.books, self.link, self._url = books, link, url
        topics.ensure("enrollment", [policies.SUBSCRIPTION], link, partitions=4, replication=1)
        self._consumer = consume("enrollment", policies.SUBSCRIPTION, link, books.database)

    def ask(self, sql: str) -> int:
        with self.books.database.transaction() as tx:
            row = tx.one(sql)
        assert row is not None
        return int(row[0])

    def send(self) -> None:
        """Everything in the outbox."""
        with closing(connect(self._url, "test")) as connection:
            connection.autocommit = True
            relay = Relay("enrollment", self.link, self._url, Stopping())
            while relay.publish(connection):
                pass

    def deliver(self, *, lost: int = 0) -> None:
        """Send and wait until it is heard; ``lost`` events are sent and never come."""
        self.send()
        told = self.ask(
            "SELECT count(*) FROM (SELECT event_id FROM policy_chunks UNION SELECT event_id FROM endorsements"
            " UNION SELECT event_id FROM cancellations) e"
        )
        until(lambda: self.ask("SELECT count(*) FROM event_tallies") == told - lost)

    def close(self) -> None:
        self._consumer.stop()
        assert self._consumer.error is None


@pytest.fixture
def books(database: Database, vault: Vault) -> Books:
    return taxed_books(database, vault)


@pytest.fixture
def delivery(books: Books, enrollment_url: str, kafka: str, topic_prefix: str) -> Iterator[Delivery]:
    delivery = Delivery(books, enrollment_url, Link(kafka, topic_prefix))
    yield delivery
    delivery.close()


@pytest.fixture
def march(books: Books) -> Books:
    march = a_march(books)
    march.draw()
    return march


def proof(books: Books, statement: Statement | None = None) -> TieOut:
    return tie_out(books.database, statement or books.statement())


def change(owner: Database, sql: str, parameters: tuple[object, ...] = ()) -> None:
    """What the owner of the tables alone could do: the triggers that forbid it are off meanwhile."""
    guarded = [name for name in ("statements", "statement_totals", "statement_parts") if name in sql.split()]
    with owner.transaction() as tx:
        for table in guarded:
            tx.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        assert tx.execute(sql, parameters) > 0
        for table in guarded:
            tx.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_a_month_with_lines_of_every_kind_and_policies_that_moved_ties_out(
    books: Books, delivery: Delivery, environ: dict[str, str]
) -> None:
    everything(books)
    books.draw(now=LATER + timedelta(days=30))
    delivery.deliver()
    east, west = books.statement(month=MONTH), books.statement(partner="telecom-west", month=MONTH)
    kinds = {kind: one.lines for kind, one in east.totals.items()}
    assert kinds == {"issued": 21, "renewed": 1, "endorsed": 1, "canceled": 5, "adjusted": 1}
    assert {kind: one.lines for kind, one in west.totals.items()} == {"issued": 2, "endorsed": 1}
    for statement in (east, west, books.statement(month="2027-01-01")):
        found = proof(books, statement)
        assert found.faults == []
        assert found.of_policies == found.file.sums == statement.totals
    assert proof(books, east).of_events["canceled"].digest == east.totals["canceled"].digest
    assert faults(books.database, environ) == []


def test_a_month_ties_out_when_kafka_has_long_dropped_its_events(
    march: Books, delivery: Delivery, owner: Database
) -> None:
    delivery.deliver()
    change(owner, "DELETE FROM inbox")
    change(owner, "DELETE FROM outbox_sent")
    assert proof(march).faults == []
    assert proof(march).of_events["issued"].lines == 42


def test_an_event_that_is_heard_again_counts_once(march: Books, delivery: Delivery, owner: Database) -> None:
    change(owner, "INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)"
                  " SELECT event_id, type, topic, subject, occurred_at, body FROM outbox")  # fmt: skip
    delivery.deliver()
    assert proof(march).faults == []


def test_events_that_nobody_heard_are_named(march: Books, delivery: Delivery, owner: Database) -> None:
    waiting = proof(march).faults
    assert waiting[0].endswith("; the events come to 0 lines with 0 fen of premium, 0 of tax and 0 of compensation")
    assert waiting[-1].startswith("4 events wait in the outbox: ")
    change(owner, "DELETE FROM outbox WHERE type = 'policies.canceled' AND subject IN"
                  " (SELECT policy_id::text FROM cancellations WHERE canceled_at < '2026-03-20')")  # fmt: skip
    delivery.deliver(lost=1)
    difference, lost = proof(march).faults
    assert difference.startswith("canceled: stated are 1 lines")
    assert lost.startswith("1 events were sent and are not consumed yet, or are lost: ")


def test_an_event_that_was_told_twice_under_two_names_is_found(
    march: Books, delivery: Delivery, owner: Database
) -> None:
    again = new_id()
    change(owner, "INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)"
                  " SELECT %s, type, topic, subject, occurred_at, body FROM outbox"
                  " WHERE type = 'policies.canceled' ORDER BY id LIMIT 1", (again,))  # fmt: skip
    delivery.deliver(lost=-1)
    difference, twice = proof(march).faults
    assert difference.startswith("canceled: stated are 1 lines")
    assert twice == f"1 events were consumed and belong to no policy of the month: {again}"


@pytest.mark.parametrize("said", ["1201", "1199"])
def test_an_event_that_said_another_premium_is_found(
    march: Books, delivery: Delivery, owner: Database, said: str
) -> None:
    change(
        owner,
        "UPDATE outbox SET body = replace(body, '\"premium_fen\":1200', %s) WHERE subject ="
        " (SELECT chunk_id::text FROM policies WHERE partner_reference = %s)",
        (f'"premium_fen":{said}', row(50).partner_reference),
    )
    delivery.deliver()
    (difference,) = proof(march).faults
    assert difference.startswith("issued: stated are 42 lines with 50400 fen")


def test_an_event_that_named_another_policy_is_found_though_all_sums_are_right(
    march: Books, delivery: Delivery, owner: Database
) -> None:
    change(
        owner,
        "UPDATE outbox SET body = replace(body, (SELECT policy_id::text FROM cancellations"
        " WHERE canceled_at < '2026-03-20'), %s) WHERE type = 'policies.canceled'",
        (new_id(),),
    )
    delivery.deliver()
    assert proof(march).faults == [
        "canceled: the events come to the same sums as stated, and not by the same policies and amounts"
    ]


def test_a_policy_left_out_and_another_stated_twice_is_found(march: Books, delivery: Delivery, owner: Database) -> None:
    delivery.deliver()
    text = gzip.decompress(_file(march)).decode()
    lines = text.splitlines(keepends=True)
    _replace_file(owner, march, "".join([lines[1], *lines[1:]]))
    file, difference = proof(march).faults
    assert file.startswith("the file has the SHA-256 ")
    assert difference == "issued: the file come to the same sums as stated, and not by the same policies and amounts"


def test_a_net_amount_that_is_not_premium_less_compensation_is_found(
    march: Books, delivery: Delivery, owner: Database
) -> None:
    delivery.deliver()
    text = gzip.decompress(_file(march)).decode()
    _replace_file(owner, march, text.replace("1200,68,170,1030", "1200,68,170,1031", 2))
    file, net = proof(march).faults
    assert file.startswith("the file has the SHA-256 ")
    assert net == "2 lines of the file have a net amount that is not premium less compensation"


def test_a_partner_with_line_separators_in_its_name_has_whole_lines(books: Books, delivery: Delivery) -> None:
    with books.database.transaction() as tx:
        tx.execute("UPDATE partners SET name = %s", ("East\u2028and\x85\nWest",))
    books.enroll(50)
    books.draw()
    delivery.deliver()
    assert proof(books).faults == []


def test_a_fen_that_goes_astray_is_found(march: Books, delivery: Delivery, owner: Database) -> None:
    delivery.deliver()
    change(
        owner,
        "UPDATE policies SET premium_fen = premium_fen + 1 WHERE partner_reference = %s",
        (row(7).partner_reference,),
    )
    (fault,) = proof(march).faults
    assert fault.startswith("issued: stated are 42 lines with 50400 fen")
    change(owner, "UPDATE statement_totals SET premium_fen = premium_fen + 1 WHERE transaction_type = 'canceled'")
    assert sum(fault.startswith("canceled") for fault in proof(march).faults) == 3


def test_what_is_no_event_of_ours_goes_to_the_dead_letters_and_is_counted_nowhere(
    march: Books, delivery: Delivery
) -> None:
    headers = {
        "ce_specversion": "1.0",
        "ce_type": "policies.canceled",
        "ce_source": "urn:test",
        "ce_time": "2026-03-01T00:00:00Z",
        "ce_subject": "x",
    }
    body = (
        b'{"policy_id":"no id","version":2,"partner_id":"telecom-east","canceled_at":"2026-03-02T00:00:00Z",'
        b'"effective_to":"2026-03-02T00:00:00Z","refund_fen":1,"currency":"CNY","reason":"opt_out"}'
    )
    sent = tuple((name, text.encode()) for name, text in (headers | {"ce_id": new_id()}).items())
    producer = Producer(delivery.link, "test")
    producer.send([Outgoing(TOPICS[0], b"x", body, sent)])
    producer.close()
    until(lambda: len(dead_letters.letters(delivery.link, march.database, GROUP, TOPICS)) == 1)
    delivery.deliver()
    assert proof(march).faults == []


def test_the_database_and_the_events_make_the_same_digest_of_a_line(books: Books) -> None:
    ids = sorted(new_id() for _ in range(50))
    with books.database.transaction() as tx:
        added = tx.one(
            "SELECT mod(sum(line_digest('issued', id, id, -7)) + 50 * 18446744073709551616, 18446744073709551616),"
            " line_digest('adjusted', %(one)s, NULL, 5) FROM unnest(%(ids)s::uuid[]) id",
            {"ids": ids, "one": ids[0]},
        )
    assert added is not None
    assert digest_of_sold("issued", packed(ids), -7) == digest_of_each("issued", packed(ids), [-7] * 50) == added[0]
    assert digest_of("adjusted", ids[0], "", 5) == added[1] % 2**64


Run = Callable[..., Result]


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    return lambda *words: CliRunner().invoke(build_cli("services.enrollment"), ["tie-out", *words], env=environ)


def test_finance_proves_a_month_on_the_command_line(march: Books, delivery: Delivery, run: Run) -> None:
    march_of_east = ("--partner", "telecom-east", "--month", "2026-03")
    early = run(*march_of_east)
    assert (early.exit_code, early.stdout.splitlines()[-1]) == (1, "they differ")
    delivery.deliver()
    proven = run(*march_of_east)
    assert (proven.exit_code, proven.stdout.splitlines()) == (
        0,
        [
            proven.stdout.splitlines()[0],
            "statement = file = policies = events, to the fen",
        ],
    )
    assert proven.stdout.startswith("telecom-east 2026-03: 43 lines with")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("telecom-east", "2026-3"), 2, "Write it as 2026-11."),
        (("telecom-east", "2026-04"), 1, "there is no drawn statement of telecom-east for 2026-04"),
        (("telecom-north", "2026-03"), 1, "there is no drawn statement of telecom-north for 2026-03"),
    ],
)
def test_what_cannot_be_proved_is_said_in_a_sentence(
    march: Books, run: Run, words: tuple[str, str], code: int, said: str
) -> None:
    refused = run("--partner", words[0], "--month", words[1])
    assert refused.exit_code == code
    assert said in " ".join(refused.stderr.replace("│", " ").split())
    assert "Traceback" not in refused.output


def _file(books: Books) -> bytes:
    with books.database.transaction() as tx:
        row = tx.one(
            "SELECT csv_gzip FROM statement_parts WHERE statement_id = %s AND part_no = 1",
            (books.statement().statement_id,),
        )
    assert row is not None
    return bytes(row[0])


def _replace_file(owner: Database, books: Books, text: str) -> None:
    change(
        owner,
        "UPDATE statement_parts SET csv_gzip = %s WHERE statement_id = %s AND part_no = 1",
        (gzip.compress(text.encode()), books.statement().statement_id),
    )
