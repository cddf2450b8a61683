"""Products on the command line: one in plain words, two versions side by side. From files or the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from services.enrollment.products.domain.product_comparison import compare
from services.enrollment.products.domain.product_explanation import explain
from services.enrollment.products.domain.product_words import Language
from services.enrollment.products.domain.products import check_terms
from services.enrollment.products.store import products as store
from services.enrollment.products.usecases import shipped
from shared.db.pool import Database
from shared.events.products import ProductPublished
from shared.values.errors import InvalidFields
from shared.values.ids import ProductCode

Product = Annotated[str, typer.Argument(help="A product's code, in the database; or the path of its JSON file.")]
OneVersion = Annotated[str, typer.Argument(help="CODE:VERSION, in the database; or the path of a JSON file.")]
In = Annotated[Language, typer.Option(help="zh or en.")]


def add_commands(cli: typer.Typer, database: Callable[[], Database]) -> None:
    """Add the commands; ``database`` is opened by those that need it."""

    @cli.command(name="explain-product")
    def explain_product(
        product: Product,
        *,
        version: Annotated[int | None, typer.Option(help="The newest, if left out.")] = None,
        language: In = "zh",
    ) -> None:
        """Say in plain words what a product covers, costs and pays, from its data; a file is checked first."""
        terms = _file(product) if _is_file(product) else _stored(database, product, version)
        for words in explain(terms):
            typer.echo(words.said_in(language))

    @cli.command(name="compare-products")
    def compare_products(before: OneVersion, after: OneVersion, *, language: In = "zh") -> None:
        """Say in sentences what AFTER changes in BEFORE; exit code 0 also where nothing differs."""
        changes = compare(_one(database, before), _one(database, after))
        for change in changes:
            typer.echo(change.sentence.said_in(language))
        if not changes:
            typer.echo("没有差别。" if language == "zh" else "Nothing differs.")


def _one(database: Callable[[], Database], named: str) -> ProductPublished:
    if _is_file(named):
        return _file(named)
    code, _, number = named.partition(":")
    if not number.isdecimal():
        _end(f"{named} is neither CODE:VERSION nor a JSON file")
    return _stored(database, code, int(number))


def _is_file(named: str) -> bool:
    return named.endswith(".json")


def _file(named: str) -> ProductPublished:
    try:
        terms = shipped.product(Path(named))
        check_terms(terms)
    except OSError as error:
        _end(f"{named}: {error.strerror}")
    except msgspec.DecodeError as error:
        _end(f"{named} is no product: {error}")
    except InvalidFields as error:
        _end("\n".join(f"{named}#{fault.pointer}: {fault.detail} {fault.fix}" for fault in error.faults))
    return terms


def _stored(database: Callable[[], Database], code: str, version: int | None) -> ProductPublished:
    pool = database()
    try:
        with pool.transaction() as tx:
            number = version or store.newest(tx, ProductCode(code))
            terms = store.find(tx, ProductCode(code), number)
    finally:
        pool.close()
    if terms is None:
        _end(f"there is no product {code}" if version is None else f"there is no version {version} of product {code}")
    return terms


def _end(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
