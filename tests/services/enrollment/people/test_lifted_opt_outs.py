"""After an opt-out was lifted: only consents that are younger than it count, whichever partner brings them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.enrollment.files.store import batches
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.people.domain.errors import OptedOut
from services.enrollment.people.domain.policies import Consent
from services.enrollment.policies.domain.errors import AlreadyCovered
from services.enrollment.policies.domain.rows import RawRow
from services.enrollment.policies.usecases.opt_out import lift_opt_out, opt_out, persons_tokens
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.tokens import Tokenizer
from shared.values.ids import INSURER
from tests.services.enrollment.builders import NOW, PRODUCT, csv, faults, id_number, load_all, row
from tests.services.enrollment.people.opt_outs import leave
from tests.services.enrollment.policies.at_once import enroll
from tests.services.enrollment.policies.lifecycle import SHORTLY_BEFORE, Office


def come_back(database: Database, vault: Vault, n: int, *, agreed: datetime) -> None:
    """The opt-out of person ``n`` is lifted by a consent given then."""
    tokens = persons_tokens("resident_id", id_number(n), vault=vault, sandbox=True, pointer="/x")
    given = Consent("2026-02", agreed, "app", "ab" * 32)
    with database.transaction() as tx:
        lift_opt_out(tx, tokens, given, tenant=INSURER, actor="test", now=agreed)


LATER = NOW + timedelta(hours=1)
"""After the opt-outs of ``leave``, and so are consents given then."""


def agreed_anew(n: int) -> RawRow:
    return row(n, consent_given_at=LATER.isoformat())


def test_a_consent_given_before_the_opt_out_counts_for_nobody_after_it_is_lifted(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    rotated = Vault(Tokenizer(KeyRing({2: bytes(32), 1: bytes(range(32))})), vault.sealer)
    for n, keys in ((1, vault), (2, rotated)):
        leave(database, vault, row(n))
        come_back(database, keys, n, agreed=LATER)
        exactly_then = row(n, consent_given_at=NOW.isoformat())
        for stale in (row(n), exactly_then):
            with pytest.raises(OptedOut):
                enroll(database, keys, stale, "telecom-west", now=LATER)
        assert enroll(database, keys, agreed_anew(n), "telecom-west", now=LATER).state == "in_force"
        with pytest.raises(AlreadyCovered):
            enroll(database, keys, agreed_anew(n), now=LATER)
    assert faults(database, environ) == []


def test_who_opts_out_again_is_out_again(database: Database, vault: Vault) -> None:
    leave(database, vault, row(1))
    come_back(database, vault, 1, agreed=LATER)
    policy = enroll(database, vault, agreed_anew(1), now=LATER)
    with database.transaction() as tx:
        tokens = persons_tokens("resident_id", id_number(1), vault=vault, sandbox=True, pointer="/x")
        again = opt_out(tx, tokens, channel="hotline", actor="test", now=LATER + timedelta(hours=1))
    assert (again.since, [each for each, _partner in again.ended]) == (LATER + timedelta(hours=1), [policy.policy_id])
    with pytest.raises(OptedOut):
        enroll(database, vault, agreed_anew(1), now=LATER + timedelta(hours=2))


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("someone_covered", [False, True])
@pytest.mark.parametrize("rotating", [False, True])
def test_rows_with_consents_from_before_a_lifted_opt_out_are_rejected_and_younger_ones_are_not(
    database: Database, vault: Vault, *, dry_run: bool, someone_covered: bool, rotating: bool
) -> None:
    for n in (1, 2, 3):
        leave(database, vault, row(n))
    for n in (1, 2):
        come_back(database, vault, n, agreed=LATER)
    if someone_covered:
        enroll(database, vault, agreed_anew(4), now=LATER)
    keys = vault
    if rotating:
        keys = Vault(Tokenizer(KeyRing({2: bytes(32), 1: bytes(range(32))})), vault.sealer)
    rows = csv([row(1), agreed_anew(2), agreed_anew(3), row(4)])
    with database.transaction() as tx:
        declared = Declared(None, None, dry_run=dry_run)
        batch = receive_batch(tx, [rows], PRODUCT, declared, tenant="telecom-west", actor="test", vault=keys, now=LATER)
    load_all(database, keys, now=LATER)
    with database.transaction() as tx:
        found = batches.rejections(tx, batch.batch_id, after_line=0, limit=10)
    covered = [(5, "already_covered")] if someone_covered else []
    assert [(each.line, each.fault.code) for each in found] == [(2, "opted_out"), (4, "opted_out"), *covered]


def test_a_renewal_by_a_consent_from_before_the_opt_out_is_refused(office: Office) -> None:
    leave(office.database, office.vault, row(1))
    come_back(office.database, office.vault, 1, agreed=LATER)
    for n in (1, 2):
        office.enroll(n, now=LATER, consent_given_at=LATER.isoformat())
    header = "partner_reference,consent_text_version,consent_given_at,consent_channel,consent_sha256"
    stale = f"2026-01,{(NOW - timedelta(days=1)).isoformat()},app,{'ab' * 32}"
    lines = [header, f"sub-000000001,{stale}", f"sub-000000002,{stale}"]
    batch = office.send("renewal", lines, now=SHORTLY_BEFORE)
    assert office.codes(batch) == [(2, "opted_out")]
    by_the_first_one = office.send("renewal", [header, "sub-000000001,,,,"], now=SHORTLY_BEFORE)
    assert office.codes(by_the_first_one) == []
