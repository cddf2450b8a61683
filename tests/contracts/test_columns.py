"""Each statement of a store whose rows become something (``into=``) gives the columns that this has fields for.

Run on an empty, migrated database, with NULL for each parameter: what a slip would be in production at its first use.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from shared.db.columns import WrongColumns
from shared.db.pool import Database
from tests.real_parts import Postgres

MOST_UNASKED = 10
SERVICES = ("enrollment", "fraud_detection", "payout")
METHODS = {"one", "the", "all"}
WRONG = (WrongColumns, errors.UndefinedColumn, errors.AmbiguousColumn, errors.UndefinedTable, errors.SyntaxError)
"""Some others only say that a NULL has no type, or may not be stored: what such statements give is not asked here."""


def stores(service: str) -> Iterator[ModuleType]:
    root = importlib.import_module(f"services.{service}")
    for found in pkgutil.walk_packages(root.__path__, f"services.{service}."):
        if ".store." in found.name:
            yield importlib.import_module(found.name)


def statements(module: ModuleType) -> Iterator[tuple[int, str, Any]]:
    """Line, SQL and what becomes of a row; of statements that are a constant, or one of two."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
            continue
        into = next((each.value for each in node.keywords if each.arg == "into"), None)
        if into is None:
            continue
        asked = node.args[0]
        for sql in (asked.body, asked.orelse) if isinstance(asked, ast.IfExp) else (asked,):
            names = {each.id for each in ast.walk(sql) if isinstance(each, ast.Name)}
            if names <= vars(module).keys():
                yield node.lineno, value(module, sql), value(module, into)


def value(module: ModuleType, expression: ast.expr) -> Any:
    return eval(compile(ast.Expression(expression), module.__name__, "eval"), vars(module))  # noqa: S307  # our code


def nothing(sql: str) -> Any:
    """NULL for each parameter."""
    named = re.findall(r"%\(([\w.]+)\)s", sql)
    return dict.fromkeys(named) if named else (None,) * sql.count("%s")


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_statement_gives_is_what_its_rows_become(postgres: Postgres, service: str) -> None:
    wrong, unasked = [], []
    with postgres.fresh(service) as url:
        database = Database(url, size=1)
        for module in stores(service):
            for line, sql, into in statements(module):
                try:
                    with database.transaction() as tx:
                        tx.all(sql, nothing(sql), into=into)
                except WRONG as error:
                    wrong.append(f"{module.__name__}:{line}: {error}")
                except psycopg2.Error as error:
                    unasked.append(f"{module.__name__}:{line}: {error}")
        database.close()
    assert wrong == []
    assert len(unasked) < MOST_UNASKED, unasked
