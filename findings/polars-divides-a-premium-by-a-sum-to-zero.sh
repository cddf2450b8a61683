#!/bin/sh
# polars 2.1.0, beside pyarrow 26.0.1 and Python's decimal
#
# Expected: a rate is a premium through a sum insured, 5.00 / 2000.00 = 0.0025. In decimals one has it exactly in
#   Python, and in SQL engines with digits added for a quotient.
# Seen: polars gives a quotient the larger scale of the two columns, so that two columns of money give 0.00, and a
#   product is rounded in the same way: 19.99 times the rate 0.025 is 0.500, not 0.49975. pyarrow is exact in both.
#   No error, no null; the precision of the result is 38, with room for all digits.
#
#   polars   5.00 / 2000.00 = 0.00     19.99 * 0.025 = 0.500
#   pyarrow  5.00 / 2000.00 = 0.0025   19.99 * 0.025 = 0.49975
#   decimal  5.00 / 2000.00 = 0.0025   19.99 * 0.025 = 0.49975
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PYTHON'
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

premium, insured, price, rate = (Decimal(each) for each in ("5.00", "2000.00", "19.99", "0.025"))


def in_polars(amount, scale):
    return pl.Series([amount], dtype=pl.Decimal(12, scale))


def in_arrow(amount, scale):
    return pa.array([amount], pa.decimal128(12, scale))


quotient = in_polars(premium, 2) / in_polars(insured, 2)
product = in_polars(price, 2) * in_polars(rate, 3)
arrow = (
    pc.divide(in_arrow(premium, 2), in_arrow(insured, 2))[0].as_py(),
    pc.multiply(in_arrow(price, 2), in_arrow(rate, 3))[0].as_py(),
)
print("polars", quotient[0], product[0], quotient.dtype, product.dtype, "pyarrow", *arrow)
print("decimal", premium / insured, price * rate)
assert (str(quotient[0]), quotient.dtype) == ("0.00", pl.Decimal(38, 2))
assert (str(product[0]), product.dtype) == ("0.500", pl.Decimal(38, 3))
assert arrow == (Decimal("0.0025"), Decimal("0.49975")), arrow
PYTHON
