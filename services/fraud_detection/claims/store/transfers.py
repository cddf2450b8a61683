"""Transfers, and which claim holds each: the table's own constraints keep it that no two do.

Who files, gives up or settles a claim holds the person's transfers first, so that no two wait for each other's lines;
and so before the limits of a policy does who approves one.
What follows of a transfer that another claim holds is decisions'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.fraud_detection.claims.domain.transfers import (
    NO_TRANSFERS,
    SAME_WITHIN,
    HeldElsewhere,
    Transfer,
    TransferFacts,
)
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, TokenHex


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTransfer:
    """A transfer with what is sealed of it: the bank's reference, and the payee's name as told.

    ``different_reason``: why a person says that it is another transfer than it looks like.
    """

    transfer: Transfer
    reference: bytes | None = None
    payee_name: bytes | None = None
    different_from: ClaimId | None = None
    different_reason: bytes | None = None


_KEPT: Final = Columns(KeptTransfer, transfer={})
_OF_CLAIM: Final = f"SELECT {_KEPT} FROM transfers WHERE claim_id = %s ORDER BY line"

_ADD: Final = f"""
INSERT INTO transfers ({_KEPT.names}, same_until) VALUES %s
ON CONFLICT DO NOTHING RETURNING claim_id, line"""

# In one order, so that no two who claim for several persons wait for each other.
_ONE_AT_A_TIME: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('transfers of ' || person, 0))
FROM (SELECT DISTINCT person FROM unnest(%s::text[]) AS given (person) ORDER BY person) AS sorted"""
_PERSONS: Final = "SELECT DISTINCT person_token FROM transfers WHERE claim_id = %s ORDER BY person_token"

# As is_same of the domain says it, and the constraints of the table.
SAME: Final = """
theirs.person_token = mine.person_token AND theirs.claim_id <> mine.claim_id
AND (theirs.reference_token = mine.reference_token
     OR (theirs.reference_token IS NULL OR mine.reference_token IS NULL) AND theirs.amount_fen = mine.amount_fen
     AND theirs.occurred_at <= mine.same_until AND mine.occurred_at <= theirs.same_until
     AND coalesce(theirs.payee_token = mine.payee_token, true))"""

_APART_BY_WORD: Final = """
SELECT DISTINCT mine.line FROM transfers AS mine JOIN transfers AS theirs
  ON theirs.person_token = mine.person_token AND theirs.reference_token = mine.reference_token
  AND theirs.claim_id <> mine.claim_id
WHERE mine.claim_id = %s AND mine.place = 'apart' ORDER BY mine.line"""

_WITHOUT_PLACE: Final = """
SELECT DISTINCT claim_id FROM transfers WHERE claim_id = ANY(%s::uuid[]) AND place IS NULL"""

_HELD: Final = f"""
SELECT mine.claim_id AS claim_id, mine.line, theirs.claim_id AS holder, claims.policy_id,
       reservations.claim_id IS NOT NULL AND bool_or(NOT theirs.refused) AS approved
FROM transfers AS mine JOIN transfers AS theirs ON theirs.place = 'own' AND {SAME}
JOIN claims ON claims.claim_id = theirs.claim_id
LEFT JOIN reservations ON reservations.claim_id = theirs.claim_id AND reservations.released_at IS NULL
WHERE mine.claim_id = ANY(%s::uuid[]) AND mine.place IS NULL
GROUP BY mine.claim_id, mine.line, theirs.claim_id, claims.policy_id, reservations.claim_id
ORDER BY mine.claim_id, mine.line, theirs.claim_id"""

_BESIDE: Final = f"""
SELECT mine.claim_id AS claim_id, theirs.claim_id AS other, bool_and(mine.told AND theirs.told) AS both_told,
       coalesce(bool_or(mine.payee_token = theirs.payee_token), false) AS same_payee,
       coalesce(bool_or({SAME}), false) AS same_transfer,
       coalesce(bool_or(mine.different_from = theirs.claim_id OR theirs.different_from = mine.claim_id), false)
       AS told_apart,
       bool_or(theirs.place IS NOT DISTINCT FROM 'released') AS given_up
FROM transfers AS mine
JOIN transfers AS theirs ON theirs.person_token = mine.person_token AND theirs.claim_id <> mine.claim_id
WHERE mine.claim_id = ANY(%s::uuid[])
GROUP BY mine.claim_id, theirs.claim_id"""


@dataclass(frozen=True, slots=True)
class _Beside:
    """A claim, and another one of the same person."""

    claim_id: ClaimId
    other: ClaimId
    both_told: bool
    same_payee: bool
    same_transfer: bool
    told_apart: bool
    given_up: bool


_TELLING: Final = """
SELECT claim_id, bool_or(told), coalesce(array_agg(line) FILTER (WHERE refused), '{}'), EXISTS (
    SELECT FROM transfers AS own
    JOIN transfers AS another USING (reference_token)
    WHERE own.claim_id = transfers.claim_id AND another.person_token <> own.person_token
      AND another.place IS DISTINCT FROM 'released')
FROM transfers WHERE claim_id = ANY(%s::uuid[]) GROUP BY claim_id"""

_RELEASE: Final = """
UPDATE transfers SET place = 'released' WHERE claim_id = %s AND place IS DISTINCT FROM 'released'"""

# One at a time, the oldest claim's first: of two that wait for one transfer, one gets it.
_WAITING: Final = """
SELECT claim_id, line FROM transfers WHERE person_token = ANY(%s) AND place IS NULL ORDER BY claim_id, line"""
_TAKE: Final = f"""
UPDATE transfers AS mine SET place = 'own'
WHERE claim_id = %s AND line = %s AND (place IS NULL OR place = 'released')
  AND NOT EXISTS (SELECT FROM transfers AS theirs WHERE theirs.place = 'own' AND {SAME})"""
_TAKE_OUT: Final = "DELETE FROM transfers WHERE claim_id = %s AND line = ANY(%s::int[])"
_WAIT: Final = "UPDATE transfers SET place = NULL WHERE claim_id = %s AND place = 'released'"

_LEAVE: Final = f"""
UPDATE transfers AS theirs SET place = NULL FROM transfers AS mine
WHERE mine.claim_id = %s AND mine.line = ANY(%s::int[]) AND theirs.claim_id = ANY(%s::uuid[])
  AND theirs.place = 'own' AND {SAME}"""
_REFUSED_BY: Final = f"""
SELECT DISTINCT theirs.claim_id FROM transfers AS mine JOIN transfers AS theirs ON theirs.refused AND {SAME}
WHERE mine.claim_id = %s"""
_REFUSE: Final = "UPDATE transfers SET refused = line = ANY(%s::int[]) WHERE claim_id = %s"
_SETTLE: Final = """
UPDATE transfers SET place = %s, different_from = coalesce(%s::uuid, different_from),
    different_reason = coalesce(%s, different_reason)
WHERE claim_id = %s AND line = ANY(%s::int[]) AND place IS NULL"""
_MOVE: Final = """
UPDATE transfers SET claim_id = %s, refused = false, reference = %s, payee_name = %s, different_reason = %s
WHERE claim_id = %s AND line = %s"""


def move(tx: Tx, claim_id: ClaimId, moved: Sequence[KeptTransfer]) -> None:
    """Transfers of the claim are another one's from now on, with the place that each has: those ``moved``, as they are
    sealed there.
    """
    hold(tx, claim_id)
    for kept in moved:
        there = kept.transfer
        sealed = (kept.reference, kept.payee_name, kept.different_reason)
        tx.execute(_MOVE, (there.claim_id, *sealed, claim_id, there.line))


def refuse(tx: Tx, claim_id: ClaimId, lines: Collection[int]) -> None:
    """The claim's approval is for its other transfers, and for these not; it goes on holding what it holds."""
    tx.execute(_REFUSE, (list(lines), claim_id))


def refused_by(tx: Tx, claim_id: ClaimId) -> set[ClaimId]:
    """The other claims that were approved without one of this one's transfers."""
    return set(tx.all(_REFUSED_BY, (claim_id,), into=ClaimId))


def one_at_a_time(tx: Tx, persons: Iterable[TokenHex]) -> None:
    """Wait until no other transaction claims, gives up or settles a transfer of these persons."""
    tx.all(_ONE_AT_A_TIME, (list(persons),))


def hold(tx: Tx, claim_id: ClaimId) -> list[str]:
    """The claim's person, whose transfers nobody else settles before this transaction ends; none without transfers.

    Before anything is taken of limits: who gives up a claim gives back what it took of them afterwards.
    """
    persons = tx.all(_PERSONS, (claim_id,), into=str)
    one_at_a_time(tx, map(TokenHex, persons))
    return persons


def add(tx: Tx, kept: Sequence[KeptTransfer]) -> None:
    """Store transfers of claims, each in its place: the claim's own, or none where another claim holds it."""
    if not kept:
        return
    one_at_a_time(tx, (each.transfer.person_token for each in kept))
    taken = set(tx.insert_many(_ADD, [_row(each) for each in kept]))
    others = [each for each in kept if (each.transfer.claim_id, each.transfer.line) not in taken]
    if others:
        tx.insert_many(_ADD, [_row(replace(each, transfer=replace(each.transfer, place=None))) for each in others])


def amend(tx: Tx, claim_id: ClaimId, gone: Collection[int], anew: Sequence[KeptTransfer]) -> None:
    """Take out lines of a claim and put in others. A place that is free then goes to the oldest claim that waits."""
    persons = hold(tx, claim_id)
    tx.execute(_TAKE_OUT, (claim_id, list(gone)))
    add(tx, anew)
    _fill_places(tx, persons)


def _row(kept: KeptTransfer) -> Sequence[object]:
    return (*_KEPT.values(kept).values(), kept.transfer.occurred_at + SAME_WITHIN)


def of_claim(tx: Tx, claim_id: ClaimId) -> list[KeptTransfer]:
    return tx.all(_OF_CLAIM, (claim_id,), into=KeptTransfer)


def held_by_others(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, tuple[HeldElsewhere, ...]]:
    """Of each of these claims the transfers that another claim holds, if there are any."""
    held: dict[ClaimId, list[HeldElsewhere]] = defaultdict(list)
    # To look for the others takes PostgreSQL longer to plan than to do, and hardly any claim needs it.
    placeless = tx.all(_WITHOUT_PLACE, (list(claim_ids),), into=ClaimId)
    if not placeless:
        return {}
    for claim_id, line, holder, policy_id, approved in tx.all(_HELD, (placeless,)):
        held[claim_id].append(HeldElsewhere(line=line, holder=holder, policy_id=policy_id, approved=approved))
    return {claim_id: tuple(each) for claim_id, each in held.items()}


def apart_by_word(tx: Tx, claim_id: ClaimId) -> tuple[int, ...]:
    """The claim's transfers that a person said to be others than the ones of the same reference at another claim."""
    return tuple(tx.all(_APART_BY_WORD, (claim_id,), into=int))


def facts(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, TransferFacts]:
    """What is known of the transfers of each of these claims beside others, by three or four statements for all."""
    asked = (list(claim_ids),)
    held = held_by_others(tx, claim_ids)
    beside: dict[ClaimId, list[_Beside]] = defaultdict(list)
    for each in tx.all(_BESIDE, asked, into=_Beside):
        beside[each.claim_id].append(each)
    known = {
        claim_id: TransferFacts(
            told=told,
            held=held.get(claim_id, ()),
            both_told=frozenset(each.other for each in beside[claim_id] if each.both_told),
            same_payee=frozenset(each.other for each in beside[claim_id] if each.same_payee),
            same_transfer=frozenset(each.other for each in beside[claim_id] if each.same_transfer),
            told_apart=frozenset(each.other for each in beside[claim_id] if each.told_apart),
            given_up=frozenset(each.other for each in beside[claim_id] if each.given_up),
            reference_of_another=of_another,
            refused=frozenset(refused),
        )
        for claim_id, told, refused, of_another in tx.all(_TELLING, asked)
    }
    return {claim_id: known.get(claim_id, NO_TRANSFERS) for claim_id in claim_ids}


def release(tx: Tx, claim_id: ClaimId) -> None:
    """The claim is given up: whoever claimed its transfers after it holds them now."""
    _place_anew(tx, claim_id, _RELEASE)


def hold_again(tx: Tx, claim_id: ClaimId) -> None:
    """A claim that was given up goes on: it holds what no other claim holds by now."""
    _place_anew(tx, claim_id, _WAIT)


def _place_anew(tx: Tx, claim_id: ClaimId, change: str) -> None:
    """After this change of the claim's transfers, each of its person that waits takes the place that is free."""
    persons = hold(tx, claim_id)
    tx.execute(change, (claim_id,))
    _fill_places(tx, persons)


def _fill_places(tx: Tx, persons: Sequence[str]) -> None:
    for waiting, line in tx.all(_WAITING, (list(persons),)):
        tx.execute(_TAKE, (waiting, line))


def share(tx: Tx, claim_id: ClaimId, lines: Collection[int]) -> None:
    """The claim pays its part of the loss beside the one that holds these."""
    tx.execute(_SETTLE, ("share", None, None, claim_id, list(lines)))


def part(
    tx: Tx, claim_id: ClaimId, lines: Collection[int], *, different_from: ClaimId, reason: bytes | None = None
) -> None:
    """A person said that these are other transfers than the ones they look like."""
    tx.execute(_SETTLE, ("apart", different_from, reason, claim_id, list(lines)))


def take_over(tx: Tx, claim_id: ClaimId, held: Collection[HeldElsewhere]) -> None:
    """The claim holds these from now on, and those who held them do no more."""
    hold(tx, claim_id)
    lines = sorted({each.line for each in held})
    tx.execute(_LEAVE, (claim_id, lines, [each.holder for each in held]))
    for line in lines:
        tx.execute(_TAKE, (claim_id, line))
