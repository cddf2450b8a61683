"""Objects of the store with their keys: written before they are referred to, read, given up. SQL is the store's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.fraud_detection.evidence.domain.errors import ObjectBroken
from services.fraud_detection.evidence.domain.files import EvidenceId, ObjectId
from services.fraud_detection.evidence.objects import sealed_stream
from services.fraud_detection.evidence.objects.object_store import ObjectStore
from services.fraud_detection.evidence.store import objects
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.privacy.sealed import DataKey, Sealer
from shared.process.clock import wall_now
from shared.process.new_ids import new_id


@dataclass(frozen=True, slots=True)
class Written:
    """An object that lies in the store and is not referred to yet."""

    object_id: ObjectId
    key: bytes

    def sealed_key(self, data_key: DataKey) -> bytes:
        return data_key.seal_bytes(self.key, _key_context(self.object_id))


@dataclass(frozen=True, slots=True)
class SealedObjects:
    """The database that knows them, who seals their keys, and where they lie."""

    database: Database
    sealer: Sealer
    store: ObjectStore

    def write(self, data: Iterable[bytes]) -> Written:
        """Put ``data`` into the store. No transaction is open meanwhile, and whatever happens, the sweeper knows of it.

        Raises:
            ObjectStoreAway: it cannot be written.
        """
        written = Written(ObjectId(new_id()), sealed_stream.new_key())
        with self.database.transaction() as tx:
            objects.stage(tx, written.object_id, now=wall_now())
        self.store.put(written.object_id, data, written.key)
        return written

    def keep(self, tx: Tx, written: Iterable[Written]) -> bool:
        """From now on they are referred to; False if the sweeper gave one of them up: roll back and write it again."""
        key = self.sealer.new_data_key(tx)
        return objects.keep(tx, {each.object_id: each.sealed_key(key) for each in written})

    def give_up(self, written: Iterable[Written]) -> None:
        """They will not be referred to; the sweeper need not wait."""
        with self.database.transaction() as tx:
            objects.drop(tx, [each.object_id for each in written], now=wall_now())

    def key(self, tx: Tx, object_id: ObjectId) -> bytes:
        """What opens the object.

        Raises:
            ObjectBroken: it was dropped.
        """
        sealed = objects.sealed_key(tx, object_id)
        if sealed is None:
            raise ObjectBroken
        return self.sealer.open_bytes(tx, sealed, _key_context(object_id))

    def read(self, object_id: ObjectId, key: bytes) -> Iterator[bytes]:
        """The object's bytes.

        Raises:
            ObjectStoreAway, ObjectBroken: as ObjectStore.get.
        """
        return self.store.get(object_id, key)


def _key_context(object_id: ObjectId) -> str:
    return f"evidence-object:{object_id}:key"


def metadata_context(evidence_id: EvidenceId) -> str:
    """Ties what was taken out of a file to it."""
    return f"evidence:{evidence_id}:metadata"
