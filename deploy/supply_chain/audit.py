"""Asks a database of known vulnerabilities (OSV's protocol) about all that is locked. Acting on it is people's.

It tells three things apart: some are known, none is known, and it could not look. An answer that is not whole is the
third: silence is no good news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import msgspec

from deploy.supply_chain.locks import Package

ADDRESS: Final = "https://api.osv.dev"
_AT_ONCE: Final = 500
"""OSV takes 1,000 queries in one request."""
_SECONDS: Final = 30.0
_MOST_PAGES: Final = 50


class CouldNotLook(Exception):
    """Nothing is known about the packages; the message says why."""


@dataclass(frozen=True)
class Known:
    """A vulnerability of a locked package, by its id in the database that was asked."""

    package: Package
    id: str


class _Vulnerability(msgspec.Struct):
    id: str


class _Result(msgspec.Struct):
    vulns: list[_Vulnerability] = []
    next_page_token: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result]


def look(packages: Sequence[Package], address: str = ADDRESS) -> list[Known]:
    """What is known against ``packages``.

    Raises:
        CouldNotLook: one of them was not answered for in full.
    """
    found: list[Known] = []
    with httpx.Client(base_url=address, timeout=_SECONDS) as client:
        for first in range(0, len(packages), _AT_ONCE):
            open_questions = [(package, "") for package in packages[first : first + _AT_ONCE]]
            for _ in range(_MOST_PAGES):
                results = _ask(client, open_questions)
                answered = list(zip(open_questions, results, strict=True))
                found += [Known(package, one.id) for (package, _), result in answered for one in result.vulns]
                open_questions = [
                    (package, result.next_page_token) for (package, _), result in answered if result.next_page_token
                ]
                if not open_questions:
                    break
            else:
                raise CouldNotLook(f"{address} has ever more pages")
    return found


def _ask(client: httpx.Client, questions: Sequence[tuple[Package, str]]) -> list[_Result]:
    queries = [
        {"package": {"name": package.name, "ecosystem": package.ecosystem}, "version": package.version}
        | ({"page_token": token} if token else {})
        for package, token in questions
    ]
    try:
        response = client.post("/v1/querybatch", json={"queries": queries})
        response.raise_for_status()
        results = msgspec.json.decode(response.content, type=_Answer).results
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        raise CouldNotLook(f"{client.base_url}: {type(error).__name__}: {error}") from error
    if len(results) != len(questions):
        raise CouldNotLook(f"{client.base_url} was asked about {len(questions)} packages and answered {len(results)}")
    return results
