"""What enrollment does with personal data: tokens to know a person again, and one sealed blob of a chunk's people.

A blob holds a line for each policy of its chunk, in the order of their places: one cipher run for up to a thousand
people. The keys come from the settings; which rows are acceptable was judged before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.enrollment.people.domain.policies import Insured, Policy
from services.enrollment.policies.store import sealed_records
from shared.db.transaction import Tx
from shared.privacy import vault
from shared.privacy.keys import UnknownKey
from shared.privacy.sealed import DataKey, SealBroken, data_key_id
from shared.process.logs import get_logger
from shared.values.ids import TokenHex
from shared.values.names import normal_name

RECORD_FIELDS: Final = Insured.__struct_fields__
RECORD_SEPARATOR: Final = "\t"
_LINE: Final = "\n"
"""Neither can stand in a record: no field of a row holds a control character."""
_FORGOTTEN: Final = Insured("", "", "", "")

log = get_logger()


class Vault(vault.Vault):
    """The vault of every service, with the records of the insured."""

    def person(self, insured: Insured) -> TokenHex:
        return self.tokenizer.person(insured.document_type, insured.document_number)

    def name(self, insured: Insured) -> TokenHex:
        return self.tokenizer.name(normal_name(insured.name))

    def persons_under_older_keys(self, insured: Insured) -> tuple[TokenHex, ...]:
        """While token keys rotate, what the person may still be stored under besides ``person``."""
        if not self.rotating:
            return ()
        return self.tokenizer.person_candidates(insured.document_type, insured.document_number)[1:]

    def insured(self, tx: Tx, policy: Policy) -> Insured:
        """The clear record of one policy, for masking; all of it empty where the person was erased."""
        blob = sealed_records.read(tx, policy.chunk_id)
        line = self.sealer.open(tx, blob, chunk_context(policy.chunk_id)).split(_LINE)[policy.chunk_place]
        return Insured(*line.split(RECORD_SEPARATOR)) if line else _FORGOTTEN

    def everyone(self, tx: Tx, chunk_id: str) -> list[Insured]:
        """The clear records of a whole chunk, by place."""
        text = self.sealer.open(tx, sealed_records.read(tx, chunk_id), chunk_context(chunk_id))
        return [Insured(*line.split(RECORD_SEPARATOR)) if line else _FORGOTTEN for line in text.split(_LINE)]

    def everyone_readable(self, tx: Tx, chunk_id: str) -> list[Insured] | None:
        """The same; None where the records do not open with the settings' keys: our fault, and the log says so."""
        try:
            return self.everyone(tx, chunk_id)
        except (SealBroken, UnknownKey) as error:
            log.error("records_unreadable", chunk_id=chunk_id, reason=error.sentence())  # noqa: TRY400
            return None

    def erase(self, tx: Tx, policy: Policy) -> None:
        """Forget who is insured: the chunk's blob is written anew without this person, under the same data key."""
        self._rewrite(tx, policy, "")

    def replace(self, tx: Tx, policy: Policy, insured: Insured) -> None:
        """Write down another record of the person: a name corrected, a phone changed."""
        self._rewrite(tx, policy, record_of(insured))

    def _rewrite(self, tx: Tx, policy: Policy, line: str) -> None:
        context = chunk_context(policy.chunk_id)
        blob = sealed_records.read(tx, policy.chunk_id, lock=True)
        key = self.sealer.data_key(tx, data_key_id(blob))
        lines = key.open(blob, context).split(_LINE)
        lines[policy.chunk_place] = line
        sealed_records.write(tx, policy.chunk_id, key.seal(_LINE.join(lines), context))


def record_of(insured: Insured) -> str:
    """One policy's line of its chunk's blob."""
    return RECORD_SEPARATOR.join(getattr(insured, name) for name in RECORD_FIELDS).rstrip(RECORD_SEPARATOR)


def seal_records(key: DataKey, chunk_id: str, records: Sequence[str]) -> bytes:
    """The blob of a chunk: ``records`` by place."""
    return key.seal(_LINE.join(records), chunk_context(chunk_id))


def chunk_context(chunk_id: str) -> str:
    """Ties the blob to its chunk: copied to another row it does not open."""
    return f"chunk:{chunk_id}:insured"
