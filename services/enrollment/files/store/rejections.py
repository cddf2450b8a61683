"""Writes which rows of a batch were not enrolled, and why. A file that comes again has millions of them.

So each sentence stands once, in rejection_reasons, and a rejected row names one. Reading them is batches'.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from services.enrollment.files.store.batches import Rejection
from services.enrollment.policies.domain.rows import Fault
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import BatchId

_COPY: Final = "COPY batch_rejections (batch_id, line, reason_no, partner_reference) FROM STDIN"


def add(tx: Tx, batch_id: BatchId, rejected: Sequence[Rejection]) -> None:
    if not rejected:
        return
    # By identity: hashing a fault with its sentences takes longer than all the rest of a row.
    faults = {id(each.fault): each.fault for each in rejected}
    reasons = _reasons(tx, set(faults.values()))
    numbers = {each: reasons[fault] for each, fault in faults.items()}
    # No escapes: what may stand in a result is of letters, digits and . _ / : - alone.
    lines = [
        f"{batch_id}\t{each.line}\t{numbers[id(each.fault)]}\t{each.partner_reference or _NULL}\n" for each in rejected
    ]
    tx.copy_in(_COPY, io.BytesIO("".join(lines).encode()))


@dataclass(frozen=True, slots=True)
class _Reason:
    reason_no: int
    fault: Fault


_NULL: Final = r"\N"
_KNOWN: Final = f"SELECT {Columns(_Reason, fault={})} FROM rejection_reasons WHERE code = ANY(%s)"
_LEARN: Final = "INSERT INTO rejection_reasons (field, code, detail, fix) VALUES %s ON CONFLICT DO NOTHING"


def _reasons(tx: Tx, faults: Collection[Fault]) -> dict[Fault, int]:
    codes = sorted({fault.code for fault in faults})
    known = _known(tx, codes)
    new = sorted((fault.field, fault.code, fault.detail, fault.fix) for fault in faults if fault not in known)
    if new:
        tx.insert_many(_LEARN, new)
        known = _known(tx, codes)
    return known


def _known(tx: Tx, codes: Sequence[str]) -> dict[Fault, int]:
    return {each.fault: each.reason_no for each in tx.all(_KNOWN, (list(codes),), into=_Reason)}
