"""Replies that are kept for repeated requests and show somebody who was forgotten. Keeping them is shared.web's.

Their bodies are sealed, and only the client's own key opens them; so a row says in clear whom it is about: the id of
a policy, a claim or a payee.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx

_FORGET: Final = "UPDATE idempotency_keys SET body = '', about = NULL WHERE about = ANY(%s)"


def forget(tx: Tx, about: Sequence[str]) -> int:
    """Overwrite the replies about these; how many. The requests stay done: sent again, they have no second effect."""
    return tx.execute(_FORGET, (list(about),))
