"""That ``verify`` finds what it looks for: each invariant is broken by hand, past every guard, and must be named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.partners import tools as contracts_file
from services.enrollment.partners.store import partners
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.usecases import shipped
from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import NOW, PRODUCT, csv, enroll_policy, faults, load_all, row


@pytest.fixture
def busy(database: Database, vault: Vault) -> Database:
    """A policy in force, a canceled one, a finished file with a rejection, and one that waits."""
    with database.transaction() as tx:
        enroll_policy(tx, row(1), PRODUCT, tenant="telecom-east", vault=vault, now=NOW, sandbox=True)
        second = enroll_policy(tx, row(2), PRODUCT, tenant="telecom-east", vault=vault, now=NOW, sandbox=True).policy
        cancel_policy(
            tx, second.policy_id, "insured_request", tenant="telecom-east", actor="test", vault=vault, now=NOW
        )
    for first in (10, 20):
        with database.transaction() as tx:
            receive_batch(
                tx,
                [csv([row(first), row(first + 1), row(first + 2, phone="1")])],
                PRODUCT,
                Declared(None, None),
                tenant="telecom-east",
                actor="test",
                vault=vault,
                now=NOW,
            )
        if first == 10:
            load_all(database, vault)
    return database


def test_a_sound_service_has_nothing_to_report(busy: Database, environ: dict[str, str]) -> None:
    assert faults(busy, environ) == []


@pytest.mark.parametrize(
    ("number", "damage", "said"),
    [
        (
            4,
            "DELETE FROM policies WHERE chunk_id IN (SELECT chunk_id FROM policy_chunks WHERE policies > 1)",
            "holds 0",
        ),
        (4, "UPDATE policies SET chunk_id = gen_random_uuid()", "announced by no event"),
        (4, "DELETE FROM outbox WHERE type = 'policies.enrolled'", "neither in the outbox nor sent"),
        (4, "DELETE FROM outbox WHERE type = 'policies.canceled'", "event of cancellation"),
        (4, "DELETE FROM outbox WHERE type = 'products.published'", "event of product"),
        (
            4,
            """INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)
            SELECT event_id, type, topic, subject, occurred_at, body FROM outbox""",
            "2 times",
        ),
        (
            4,
            """DROP INDEX one_cover_per_person_and_product;
            UPDATE policies SET person_token = (SELECT min(person_token) FROM policies)""",
            "a person holds",
        ),
        (9, "DELETE FROM batch_rejections", "read 3 rows: 2 policies and 0 rejections"),
        (9, "UPDATE batches SET accepted = 1, rejected = 2 WHERE state = 'finished'", "it says 1 and 2"),
        (9, "UPDATE batches SET rows_total = 4 WHERE state = 'received'", "has 4 rows and parts of 3"),
        (9, "UPDATE rejection_reasons SET fix = ''", "without a reason"),
        (
            9,
            "UPDATE batches SET accepted = 1, rejected = 2, results_expired_at = finished_at WHERE state = 'finished'",
            "it says 1 and 2",
        ),
        (
            9,
            """UPDATE batches SET results_expired_at = finished_at, results_dropped_at = finished_at
            WHERE state = 'finished'""",
            "rows of results that it says were dropped",
        ),
        (10, "UPDATE policies SET state = 'in_force' WHERE state = 'canceled'", "has a cancellation"),
        (10, "UPDATE policies SET state = 'canceled'", "has no cancellation"),
        (10, "UPDATE policies SET product_version = 9", "which do not exist"),
        (10, "UPDATE batches SET state = 'processing' WHERE state = 'finished'", "0 parts still to do"),
    ],
)
def test_what_breaks_an_invariant_is_found(  # noqa: PLR0917  # fixtures and what varies
    busy: Database, owner: Database, environ: dict[str, str], number: int, damage: str, said: str
) -> None:
    with owner.transaction() as tx:
        tx.execute("ALTER TABLE policies DISABLE TRIGGER policies_take_legal_steps")
        tx.execute(damage)
    settings = TOOLS.settings.load(environ)
    found = [fault for check in TOOLS.checks(settings, busy) if check.number == number for fault in check.run()]
    assert any(said in fault for fault in found), found


@pytest.mark.usefixtures("database")
def test_a_published_product_version_cannot_be_changed(owner: Database) -> None:
    with pytest.raises(Exception, match="never changes"), owner.transaction() as tx:
        tx.execute("UPDATE product_versions SET terms = '{}'")


def test_only_a_sandbox_has_the_simulated_partners(enrollment_url: str, environ: dict[str, str]) -> None:
    database = Database(enrollment_url, size=1)
    assert TOOLS.after_migrate is not None
    outside = environ | {"SANDBOX": "false", "SANDBOX_CLOCK_AHEAD": "PT0S"}
    TOOLS.after_migrate(TOOLS.settings.load(outside), database)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM partners") == (0,)
        assert tx.one("SELECT count(*) FROM product_versions") == (len(shipped.products()),)
    database.close()


def test_an_operators_contracts_are_what_its_file_says_after_each_migrate(
    database: Database, environ: dict[str, str], tmp_path: Path
) -> None:
    (east, west) = msgspec.json.decode(contracts_file.SIMULATED_CONTRACTS.read_bytes())
    file = tmp_path / "contracts.json"
    file.write_bytes(msgspec.json.encode([east | {"state": "wind_down", "products": []}, west]))
    assert TOOLS.after_migrate is not None
    TOOLS.after_migrate(TOOLS.settings.load(environ | {"ENROLLMENT_CONTRACTS_FILE": str(file)}), database)
    with database.transaction() as tx:
        changed = partners.contract(tx, PartnerId("telecom-east"))
    assert changed is not None
    assert (changed.partner_no, changed.state, changed.products) == (1, "wind_down", frozenset())


def test_installing_again_publishes_nothing_again(database: Database, environ: dict[str, str]) -> None:
    settings = TOOLS.settings.load(environ)
    assert TOOLS.after_migrate is not None
    TOOLS.after_migrate(settings, database)
    TOOLS.after_migrate(settings, database)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM outbox WHERE type = 'products.published'") == (len(shipped.products()),)
        assert tx.all("SELECT partner_no, partner_id FROM partners ORDER BY 1") == [
            (1, "telecom-east"),
            (2, "telecom-west"),
        ]


def test_a_webhook_that_is_called_delivered_without_a_success_is_found(
    database: Database, environ: dict[str, str]
) -> None:
    with database.transaction() as tx:
        tx.execute(
            "INSERT INTO webhook_endpoints (endpoint_id, partner_no, url, types, state, secret, created_at)"
            " VALUES (uuidv7(), 1, 'https://a.example/', '{policy.issued}', 'enabled', 'x', now())"
        )
        tx.execute(
            "INSERT INTO webhook_deliveries"
            " (delivery_id, webhook_id, endpoint_id, type, body, state, due_at, created_at, settled_at)"
            " SELECT uuidv7(), uuidv7(), endpoint_id, 'policy.issued', '{\"phone\":\"13800138000\"}',"
            " 'delivered', now(), now(), now() FROM webhook_endpoints"
        )
    found = " ".join(faults(database, environ))
    assert "is delivered and no attempt succeeded" in found
    assert "partner telecom-east asks for other webhooks than its contract says" in found
    assert "webhook delivery" in found.split("holds what looks like")[0]
