"""Persons who want no cover, and the locks by which an opt-out and an enrollment at the same moment never both win.

Whoever records an opt-out holds the gate and the person alone (``shut``), and then ends the cover that runs. Whoever
enrolls holds the same shared, before looking here: single people by each one's lock (new_policies' insert does), the
rows of a file by the gate (``hold``). A person's lock is one of a thousand and others' too: locks of their own for the
thousands whom a file takes off would fill the server's table of locks. So of the two the later one sees what the
earlier one did. A look must be a statement after the one that locks: a statement sees what was committed when it began,
not when its lock was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.enrollment.people.domain.opt_outs import OptOut
from services.enrollment.people.domain.policies import Consent
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, TokenHex

_GATE: Final = 0x6F70_7400
"""Advisory locks are numbers; this one is "opt" in ASCII. The idempotency store's are of another kind, one bigint."""
_PERSONS: Final = 0x6F70_7401
_PERSON_LOCKS: Final = 1024

_HOLD: Final = f"SELECT pg_advisory_xact_lock_shared({_GATE}, 0)"
HOLD_PERSONS: Final = f"SELECT pg_advisory_xact_lock_shared({_PERSONS}, key) FROM unnest(%(locks)s) AS key"
"""To be sent with the statement that enrolls people, before it; ``person_locks`` makes its parameter ``locks``."""


def hold(tx: Tx) -> None:
    """From here to the end of this transaction nobody opts out: what ``opt_outs`` says now stays true."""
    tx.execute(_HOLD)


def hold_persons(tx: Tx, tokens: Iterable[TokenHex]) -> None:
    """The same as HOLD_PERSONS in a message of its own."""
    tx.execute(HOLD_PERSONS, {"locks": person_locks(tokens)})


def person_locks(tokens: Iterable[TokenHex]) -> list[int]:
    """The locks of people known by these tokens, in the one order that everybody takes them in."""
    return sorted({int.from_bytes(bytes.fromhex(token)[1:5], "big") % _PERSON_LOCKS for token in tokens})


_SHUT_GATE: Final = f"SELECT pg_advisory_xact_lock({_GATE}, 0)"
_SHUT_PERSONS: Final = f"SELECT pg_advisory_xact_lock({_PERSONS}, key) FROM unnest(%s::integer[]) AS key"


def shut(tx: Tx, tokens: Iterable[TokenHex]) -> None:
    """Wait for those who are enrolling rows, or these persons, and keep others from it until this transaction ends.

    For all of them at once, and before any policy is locked: else two transactions may wait for each other.
    """
    tx.execute(_SHUT_GATE)
    tx.execute(_SHUT_PERSONS, (person_locks(tokens),))


_ADD: Final = """
INSERT INTO opt_outs AS known (person_token, opted_out_at, channel, recorded_by) VALUES %s
ON CONFLICT (person_token) DO UPDATE SET opted_out_at = EXCLUDED.opted_out_at, channel = EXCLUDED.channel,
    recorded_by = EXCLUDED.recorded_by, lifted_at = NULL
WHERE known.lifted_at IS NOT NULL
"""


def add(tx: Tx, tokens: Sequence[TokenHex], *, opted_out_at: datetime, channel: str, recorded_by: str) -> None:
    """Note it under each token; one that is noted and not lifted stays as it was."""
    tx.insert_many(_ADD, [(bytes.fromhex(token), opted_out_at, channel, recorded_by) for token in tokens])


_OF_PERSON: Final = """
SELECT encode(person_token, 'hex') AS person_token, opted_out_at, lifted_at IS NOT NULL AS lifted FROM opt_outs
WHERE opt_outs.person_token = ANY(%s) ORDER BY opted_out_at
"""


def of_person(tx: Tx, tokens: Sequence[TokenHex]) -> list[OptOut]:
    """What is noted of a person known by these tokens, lifted or not; empty where nothing is."""
    return tx.all(_OF_PERSON, ([bytes.fromhex(token) for token in tokens],), into=OptOut)


# Each half has an index of its own.
_COVER: Final = """
SELECT policy_id FROM policies WHERE person_token = ANY(%(tokens)s) AND state = 'in_force'
UNION ALL SELECT policy_id FROM policies WHERE person_token = ANY(%(tokens)s) AND state = 'upcoming'
"""
_PARTNERS: Final = """
SELECT p.policy_id, r.partner_id FROM policies p JOIN partners r USING (partner_no) WHERE p.policy_id = ANY(%s::uuid[])
"""


def cover_of(tx: Tx, tokens: Sequence[TokenHex]) -> list[PolicyId]:
    """What covers the person with any partner, or waits to: a term may end, and the next begin, before it is locked."""
    return tx.all(_COVER, {"tokens": [bytes.fromhex(token) for token in tokens]}, into=PolicyId)


def partners_of(tx: Tx, policies: Sequence[PolicyId]) -> dict[PolicyId, str]:
    """The code of each policy's partner."""
    return dict(tx.all(_PARTNERS, (list(policies),)))


_AGREED_AFTER: Final = """
SELECT encode(person_token, 'hex') FROM policies
WHERE person_token = ANY(%(tokens)s) AND state = 'in_force' AND consent_given_at > %(moment)s
UNION ALL SELECT encode(person_token, 'hex') FROM policies
WHERE person_token = ANY(%(tokens)s) AND state = 'upcoming' AND consent_given_at > %(moment)s
UNION ALL SELECT encode(person_token, 'hex') FROM opt_out_lifts
WHERE person_token = ANY(%(tokens)s) AND consent_given_at > %(moment)s
"""


def agreed_after(tx: Tx, tokens: Iterable[TokenHex], moment: datetime) -> set[TokenHex]:
    """Those of these persons who agreed after ``moment`` to cover that they have, or to be covered again."""
    asked = {"tokens": [bytes.fromhex(token) for token in tokens], "moment": moment}
    return set(tx.all(_AGREED_AFTER, asked, into=TokenHex))


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose policy it is, where that person's sealed record stands, and whether the person was forgotten."""

    policy_id: PolicyId
    person_token: TokenHex
    chunk_id: str
    chunk_place: int
    forgotten: bool


_HOLDERS: Final = """
SELECT p.policy_id, encode(p.person_token, 'hex') AS person_token, p.chunk_id, p.chunk_place,
       EXISTS (SELECT FROM erased_policies e WHERE e.policy_id = p.policy_id) AS forgotten
FROM policies p
WHERE policy_id = ANY(%(policies)s::uuid[]) AND (%(partner_no)s::integer IS NULL OR partner_no = %(partner_no)s)
"""


def holders(tx: Tx, policies: Sequence[PolicyId], *, partner_no: int | None) -> dict[PolicyId, Holder]:
    """Those of the policies that there are, and that are the partner's where one is given."""
    rows = tx.all(_HOLDERS, {"policies": list(policies), "partner_no": partner_no}, into=Holder)
    return {row.policy_id: row for row in rows}


_LIFT: Final = "UPDATE opt_outs SET lifted_at = %s WHERE person_token = ANY(%s)"
_NOTE_LIFT: Final = """
INSERT INTO opt_out_lifts (lift_id, person_token, opted_out_at, lifted_at, lifted_by, consent_text_version,
                           consent_given_at, consent_channel, consent_sha256)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def lift(
    tx: Tx,
    lift_id: str,
    noted: Sequence[OptOut],
    consent: Consent,
    *,
    lifted_at: datetime,
    lifted_by: str,
) -> None:
    """Let one person be covered by later consents, and keep by which one. When they had opted out stays noted."""
    tx.execute(
        _LIFT,
        (
            lifted_at,
            [bytes.fromhex(each.person_token) for each in noted],
        ),
    )
    first = noted[0]
    facts = (lift_id, bytes.fromhex(first.person_token), first.opted_out_at, lifted_at, lifted_by)
    sha256 = bytes.fromhex(consent.sha256)
    tx.execute(_NOTE_LIFT, (*facts, consent.text_version, consent.given_at, consent.channel, sha256))
