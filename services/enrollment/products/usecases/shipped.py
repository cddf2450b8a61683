"""Reads the products that the service ships with, and any that lies in a file. Storing them is install_products'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from shared.events.products import ProductPublished
from shared.values.errors import InvalidField, InvalidFields

PRODUCTS: Final = Path(__file__).parents[1] / "shipped"


def products(folder: Path = PRODUCTS) -> list[ProductPublished]:
    """Every product version that stands in ``folder`` as a JSON file.

    Raises:
        msgspec.DecodeError: a file is not what a product looks like.
        InvalidFields: a file has terms that there are not.
    """
    return [product(path) for path in sorted(folder.glob("*.json"))]


def product(file: Path) -> ProductPublished:
    """One product version from its file. Whether its terms are acceptable is the domain's to say.

    Raises:
        msgspec.DecodeError: it is not what a product looks like.
        InvalidFields: it has terms that there are not, e.g. one that is misspelled and would be left out in silence.
    """
    data = file.read_bytes()
    terms = msgspec.json.decode(data, type=ProductPublished)
    unknown = tuple(_unknown(msgspec.json.decode(data), msgspec.to_builtins(terms), ""))
    if unknown:
        raise InvalidFields(unknown)
    return terms


def _unknown(written: object, known: object, pointer: str) -> Iterator[InvalidField]:
    if isinstance(written, dict) and isinstance(known, dict):
        for name, value in written.items():
            if name in known:
                yield from _unknown(value, known[name], f"{pointer}/{name}")
            else:
                yield InvalidField(f"{pointer}/{name}", "There is no such term.", "Remove it, or mend its name.")
    elif isinstance(written, list) and isinstance(known, list):
        for place, (each_written, each_known) in enumerate(zip(written, known, strict=True)):
            yield from _unknown(each_written, each_known, f"{pointer}/{place}")
