"""Takes a partner's file in, part by part, sealed, in one transaction: all of it is there, or nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.enrollment.files.domain.batches import Batch
from services.enrollment.files.domain.errors import NotSoldByFile, NotTheDeclaredFile
from services.enrollment.files.domain.file_columns import FILE_COLUMNS, BatchKind
from services.enrollment.files.intake.upload import Sent, Upload
from services.enrollment.files.store import batches
from services.enrollment.files.usecases.sealed_parts import seal_part
from services.enrollment.partners.usecases import quotas
from services.enrollment.partners.usecases.contracts import Sale, contract_of, sale_of
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.errors import ProductNotSold
from services.enrollment.products.domain.products import needs_a_schedule
from services.enrollment.products.store import products
from shared.db import audit
from shared.db.transaction import Tx
from shared.process import traces
from shared.process.new_ids import new_id
from shared.values.ids import BatchId, ProductCode


@dataclass(frozen=True, slots=True)
class Declared:
    """What the partner says its file is. Rows and hash are checked where they are given."""

    rows: int | None
    sha256: str | None
    sent: Sent = field(default_factory=Sent)
    kind: BatchKind = "enrollment"
    dry_run: bool = False


def receive_batch(
    tx: Tx,
    chunks: Iterable[bytes],
    product_code: ProductCode,
    declared: Declared,
    *,
    tenant: str,
    actor: str,
    vault: Vault,
    now: datetime,
    check: Callable[[Sale, str], None] | None = None,
) -> Batch:
    """A batch that the worker will find.

    Args:
        tx: all of it happens in this transaction.
        chunks: the file, read once.
        product_code: whose cover its rows are about.
        declared: what the sender says of it.
        tenant: the partner.
        actor: for the audit trail.
        vault: seals the parts.
        now: rows are judged by this moment.
        check: gets the sale and the file's SHA-256 once all of it was read, and raises what forbids taking it.

    Raises:
        NoContract, ContractNotRunning, ProductNotSold: the partner may not sell it now.
        NotSoldByFile: the product asks for more than a row tells.
        UnreadableFile: it is no file of subscribers.
        NotTheDeclaredFile: its rows or hash are not those declared.
        TooManyRows, LargerThanADay: the contract allows no so many more today, or on no day; a dry run and removals are
            not counted.
    """
    sale = _sale(tx, declared.kind, tenant, product_code, now)
    if declared.kind == "enrollment" and needs_a_schedule(sale.product.terms):
        raise NotSoldByFile(product_code)
    counts = not declared.dry_run and declared.kind != "removal"
    if counts:
        quotas.check_rows(tx, sale.contract.partner_id, declared.rows, now=now)
    upload = Upload(chunks, declared.sent, FILE_COLUMNS[declared.kind])
    batch_id = BatchId(new_id())
    batches.add(
        tx,
        batch_id,
        contract=sale.contract,
        product_id=sale.product.product_id,
        product_version=sale.product.terms.product_version,
        kind=declared.kind,
        file_format=declared.sent.format,
        dry_run=declared.dry_run,
        header=",".join(upload.header),
        received_at=now,
        trace=traces.carrier(),
    )
    _store_parts(tx, batch_id, upload, vault)
    _check_declared(declared, upload)
    if check is not None:
        check(sale, upload.sha256)
    if counts:
        quotas.use_rows(tx, sale.contract.partner_id, upload.rows, now=now)
    batches.complete(tx, batch_id, rows_total=upload.rows, sha256=upload.sha256)
    audit.record(
        tx,
        actor=actor,
        action="batch.received",
        subject=batch_id,
        details={"rows": upload.rows, "sha256": upload.sha256},
        now=now,
    )
    stored = batches.batch(tx, batch_id, partner_no=sale.contract.partner_no)
    assert stored is not None  # noqa: S101  # added above
    return stored


def _sale(tx: Tx, kind: BatchKind, tenant: str, product_code: ProductCode, now: datetime) -> Sale:
    """Under what the rows are judged. People may leave a cover that is not sold any more, or not by this contract."""
    if kind != "removal":
        return sale_of(tx, tenant, product_code, now)
    contract = contract_of(tx, tenant)
    newest = products.newest(tx, product_code)
    if not newest:
        raise ProductNotSold(product_code)
    return Sale(contract, products.version(tx, product_code, newest))


def _store_parts(tx: Tx, batch_id: BatchId, upload: Upload, vault: Vault) -> None:
    """Read the upload to its end; what its rows and hash are is known after this."""
    key = vault.sealer.new_data_key(tx)
    for part in upload.parts():
        sealed = seal_part(key, batch_id, part.number, part.data)
        batches.add_part(tx, batch_id, part.number, first_line=part.first_line, rows=part.rows, sealed=sealed)


def _check_declared(declared: Declared, upload: Upload) -> None:
    if declared.rows is not None and declared.rows != upload.rows:
        raise NotTheDeclaredFile("rows", str(declared.rows), str(upload.rows))
    if declared.sha256 is not None and declared.sha256 != upload.sha256:
        raise NotTheDeclaredFile("as SHA-256", declared.sha256, upload.sha256)
