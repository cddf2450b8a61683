"""Which tests read a date: found in what a test and its fixtures call, so that nobody keeps a list.

Whatever reaches tests/clock.py by the names in its code, through functions and classes of tests/, reads a date.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import pytest

from tests import clock

JOURNEYS: Final = "tests/journeys/"


def is_dated(item: pytest.Item) -> bool:
    """A journey reads a date in any case: in the system that it walks through."""
    if item.nodeid.startswith(JOURNEYS):
        return True
    return any(reads_a_date(function) for function in _functions_of(item))


def _functions_of(item: pytest.Item) -> Iterator[Callable[..., Any]]:
    """The test, and each fixture that it is given."""
    if isinstance(item, pytest.Function):
        yield item.function
        for name in item.fixturenames:
            for fixture in item.session._fixturemanager.getfixturedefs(name, item) or ():
                yield fixture.func


@functools.cache
def reads_a_date(thing: object) -> bool:
    """Whether a function or class of tests/ does so, or something of tests/ that its code names."""
    return _search(thing, set())


def _search(thing: object, seen: set[int]) -> bool:
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if id(thing) in seen:
        return False
    seen.add(id(thing))
    if thing is clock or clock.__name__ in {getattr(thing, "__module__", ""), type(thing).__module__}:
        return True
    if isinstance(thing, FunctionType):
        return any(_search(used, seen) for used in _used(thing))
    if isinstance(thing, type):
        return any(_search(getattr(each, "__func__", each), seen) for each in vars(thing).values() if callable(each))
    return False


def _used(function: FunctionType) -> Iterator[object]:
    """What of tests/ the names in a function's code mean: in its module, and in modules that it names."""
    names = set(_names(function.__code__))
    for name in names & function.__globals__.keys():
        found = function.__globals__[name]
        if isinstance(found, ModuleType) and found is not clock:
            yield from (getattr(found, each) for each in names if hasattr(found, each) and _ours(found.__name__))
        elif found is clock or _ours(getattr(found, "__module__", None) or type(found).__module__):
            yield found


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _ours(module: str) -> bool:
    return module.partition(".")[0] == "tests"
