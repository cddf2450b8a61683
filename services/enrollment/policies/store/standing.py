"""What the database knows of thousands of persons at once: who holds a product's cover, and who wants none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.people.domain.opt_outs import OptOut
from services.enrollment.policies.domain.many_rows import EPOCH, MICROSECOND
from shared.db.transaction import Tx
from shared.values.ids import BatchId, TokenHex

_TOKEN_BYTES: Final = 17


class Standing(msgspec.Struct, frozen=True):
    """Why a person gets no policy now: the cover that runs, or ``opted_out``."""

    opted_out: bool
    partner_no: int
    partner_reference: str


_OUT: Final = Standing(opted_out=True, partner_no=0, partner_reference="")

# The tokens come in one value and are cut up here: an array of thousands of literals takes longer to read than to look
# for. An array that is computed also leaves the planner no choice but the index, whatever it knows of the table.
_LOOK_UP: Final = f"""
WITH asked AS (
    SELECT ARRAY(
        SELECT substring(%(tokens)s::bytea FROM place FOR {_TOKEN_BYTES})
        FROM generate_series(1, %(length)s, {_TOKEN_BYTES}) AS place
    ) AS tokens
)
SELECT person_token, partner_no, partner_reference, NULL, NULL FROM policies
WHERE person_token = ANY ((SELECT tokens FROM asked)::bytea[])
  AND product_id = %(product_id)s AND stacks_by = %(stacks_by)s AND state = 'in_force'
UNION ALL
SELECT person_token, NULL, NULL, opted_out_at, lifted_at IS NOT NULL FROM opt_outs
WHERE person_token = ANY ((SELECT tokens FROM asked)::bytea[])
"""


def look_up(tx: Tx, consents: Mapping[bytes, int], under: SoldUnder) -> dict[bytes, Standing]:
    """By token, those who hold this cover or opted out; whoever opted out is told as such, covered or not.

    ``consents`` tell when each person agreed, in microseconds since 2000: an opt-out that was lifted refuses those that
    are not younger. Hold ``opt_outs`` before: then nobody opts out between this look and the end of the transaction.
    """
    tokens = b"".join(sorted(consents))
    parameters: dict[str, object] = {
        "tokens": tokens,
        "length": len(tokens),
        "product_id": under.product_id,
        "stacks_by": under.stacks_by,
    }
    found: dict[bytes, Standing] = {}
    for token, partner_no, reference, opted_out_at, lifted in tx.all(_LOOK_UP, parameters):
        key = bytes(token)
        if opted_out_at is None:
            found.setdefault(key, Standing(opted_out=False, partner_no=partner_no, partner_reference=reference))
        elif _refused(key, opted_out_at, consents, lifted=lifted):
            found[key] = _OUT
    return found


_OPTED_OUT: Final = f"""
SELECT person_token, opted_out_at, lifted_at IS NOT NULL FROM opt_outs WHERE person_token = ANY (ARRAY(
    SELECT substring(%(tokens)s::bytea FROM place FOR {_TOKEN_BYTES})
    FROM generate_series(1, %(length)s, {_TOKEN_BYTES}) AS place
))
"""


def opted_out(tx: Tx, consents: Mapping[bytes, int]) -> dict[bytes, Standing]:
    """Of ``look_up``, those who opted out alone."""
    tokens = b"".join(sorted(consents))
    rows = tx.all(_OPTED_OUT, {"tokens": tokens, "length": len(tokens)})
    return {
        bytes(token): _OUT
        for token, opted_out_at, lifted in rows
        if _refused(bytes(token), opted_out_at, consents, lifted=lifted)
    }


def _refused(token: bytes, opted_out_at: datetime, consents: Mapping[bytes, int], *, lifted: bool) -> bool:
    given_at = EPOCH + consents[token] * MICROSECOND
    return OptOut(TokenHex(token.hex()), opted_out_at, lifted).refuses(given_at)


_SEEN: Final = f"""
SELECT person_token, partner_reference FROM dry_run_persons
WHERE batch_id = %(batch_id)s AND person_token = ANY (ARRAY(
    SELECT substring(%(tokens)s::bytea FROM place FOR {_TOKEN_BYTES})
    FROM generate_series(1, %(length)s, {_TOKEN_BYTES}) AS place
))
"""
_NOTE: Final = "INSERT INTO dry_run_persons (batch_id, person_token, partner_reference) VALUES %s"
_FORGET: Final = "DELETE FROM dry_run_persons WHERE batch_id = %s"


def seen_in_dry_run(
    tx: Tx, batch_id: BatchId, person_tokens: Sequence[bytes], under: SoldUnder
) -> dict[bytes, Standing]:
    """Those who stand further up in the file of a dry run, as if they had been enrolled."""
    tokens = b"".join(person_tokens)
    rows = tx.all(_SEEN, {"batch_id": batch_id, "tokens": tokens, "length": len(tokens)})
    return {
        bytes(token): Standing(opted_out=False, partner_no=under.partner_no, partner_reference=reference)
        for token, reference in rows
    }


def note_in_dry_run(tx: Tx, batch_id: BatchId, people: Sequence[tuple[bytes, str]]) -> None:
    """Remember these tokens and references until the dry run ends."""
    tx.insert_many(_NOTE, [(batch_id, token, reference) for token, reference in people])


def forget_dry_run(tx: Tx, batch_id: BatchId) -> None:
    tx.execute(_FORGET, (batch_id,))
