"""What a file's rows are sold under: what its contract and product were when it came."""

from __future__ import annotations

from services.enrollment.files.store.batches import Work
from services.enrollment.partners.usecases.contracts import Sale
from services.enrollment.products.store import products
from shared.db.transaction import Tx


def sale_of_batch(tx: Tx, work: Work) -> Sale:
    """What a batch was received under; it stays so for all its rows, even if the contract changes or ends meanwhile."""
    return Sale(work.contract, products.version(tx, work.product_id, work.product_version))
