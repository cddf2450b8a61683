"""What is refused about products and their drafts. The status of each stands in the wing's web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class ProductNotSold(FangzhaError):
    """No product {product_code!r} is sold under this contract now; GET /v1/products lists what is."""

    product_code: str


@dataclass(frozen=True)
class NotInsurable(FangzhaError):
    """The answers give the grade {grade}, which this product does not insure; mend the risk and ask anew."""

    grade: str


@dataclass(frozen=True)
class UnknownProductVersion(FangzhaError):
    """There is no version {version} of product {product_code!r}; GET /v1/products lists all versions."""

    product_code: str
    version: int


@dataclass(frozen=True)
class UnknownDraft(FangzhaError):
    """There is no product draft {draft_id}; GET /v1/product-drafts lists them."""

    draft_id: str


@dataclass(frozen=True)
class DraftDecided(FangzhaError):
    """Draft {draft_id} is {state} already; propose anew by POST /v1/product-drafts."""

    draft_id: str
    state: str


@dataclass(frozen=True)
class SecondPersonNeeded(FangzhaError):
    """You proposed draft {draft_id} yourself, and publishing takes two persons; ask a colleague to approve it."""

    draft_id: str


@dataclass(frozen=True)
class DraftOutdated(FangzhaError):
    """Draft {draft_id} follows version {based_on}, and version {newest} was published since; propose it anew."""

    draft_id: str
    based_on: int
    newest: int


@dataclass(frozen=True)
class DraftTooLate(FangzhaError):
    """Draft {draft_id} would begin in the past, at {effective_from}; reject it and propose a later beginning."""

    draft_id: str
    effective_from: str
