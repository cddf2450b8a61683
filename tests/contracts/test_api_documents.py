"""The committed API documents are those of the code: who reads docs/api reads what the services do."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contracts.services_known import ROOT, SERVICES


@pytest.fixture(scope="module", params=SERVICES)
def documents(request: pytest.FixtureRequest) -> tuple[str, str]:
    """What is committed, and what the code says."""
    service = str(request.param)
    command = [sys.executable, "-m", f"services.{service}", "openapi"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return (ROOT / "docs" / "api" / f"{service}.json").read_text(), done.stdout


def test_the_committed_document_is_that_of_the_code(documents: tuple[str, str]) -> None:
    committed, printed = documents
    assert json.loads(committed) == json.loads(printed), "run `make openapi` and look at what changed"


def test_the_document_is_valid_openapi_3_1(documents: tuple[str, str]) -> None:
    OpenAPIV31SpecValidator(json.loads(documents[1])).validate()


OPEN_TO_ALL = {"/v1/certificates/{code}", "/v1/evidence-content/{link}"}
"""Whoever holds a certificate may ask whether it is true, and whoever has a link sees what it leads to: neither can be
guessed."""


def test_every_operation_says_its_scope_and_its_problems(documents: tuple[str, str]) -> None:
    for path, operations in json.loads(documents[1])["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1"):
                scopes = [scope for security in operation["security"] for each in security.values() for scope in each]
                assert bool(scopes) != (path in OPEN_TO_ALL), f"{method} {path} states no scope"
                assert any(status.startswith("4") for status in operation["responses"]), f"{method} {path}"
