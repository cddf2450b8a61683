"""Products over HTTP: what is sold, what is proposed, what it would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.products.api.product_drafts import product_drafts
from services.enrollment.products.api.products import products
from services.enrollment.products.api.quotes import quotes
from services.enrollment.products.domain import errors
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (
    products,
    product_drafts,
    quotes,
)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.ProductNotSold: ProblemRow(422, "product-not-sold", "The product is not sold"),
    errors.NotInsurable: ProblemRow(422, "not-insurable", "Not insurable"),
    errors.UnknownProductVersion: ProblemRow(404, "unknown-product-version", "Unknown product version"),
    errors.UnknownDraft: ProblemRow(404, "unknown-draft", "Unknown draft"),
    errors.DraftDecided: ProblemRow(409, "draft-decided", "The draft is decided"),
    errors.SecondPersonNeeded: ProblemRow(409, "second-person-needed", "A second person is needed"),
    errors.DraftOutdated: ProblemRow(409, "draft-outdated", "The draft is outdated"),
    errors.DraftTooLate: ProblemRow(409, "draft-too-late", "The draft is too late"),
}
