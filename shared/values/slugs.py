"""How products, partners and what stands in terms are named: patterns without anchors, for whoever reads names."""

from __future__ import annotations

from typing import Final

PRODUCT_CODE: Final = "[a-z][a-z0-9-]{1,63}"
PARTNER_ID: Final = "[a-z][a-z0-9-]{1,39}"
"""Also the tenant of the partner's tokens."""
TERMS_CODE: Final = "[a-z][a-z0-9_]{0,63}"
"""Inside a product's terms: liabilities, questions, answers, exclusions."""
