"""What is refused to who decides. The status of each stands in reviews/web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class TransferPaid(FangzhaError):
    """Transfer {line} of claim {claim_id} was approved with claim {holder}; if it is another one, say so first."""

    claim_id: str
    line: int
    holder: str
