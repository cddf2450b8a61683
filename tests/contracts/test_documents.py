"""The pages say what the code says: links lead somewhere, tables are whole, each setting is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.sandbox_bank.outcomes import OUTCOMES
from services.fraud_detection.filing.domain.sandbox_values import BY_LAST_DIGITS
from shared.values.scam_types import SCAM_TYPES
from tests.contracts.services_known import ROOT, SERVICES, settings_class

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "k8s" / "README.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_to_something_in_the_repository(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{named(page)} points to {target}"


def test_the_table_of_sandbox_values_has_a_row_for_each_and_no_other() -> None:
    rows = re.findall(r"^\| (.+?) \| `(\d{4})` \|", (DOCS / "sandbox-values.md").read_text(), re.MULTILINE)
    assert {digits for where, digits in rows if "phone" in where} == set(BY_LAST_DIGITS)
    assert {digits for where, digits in rows if "account" in where} == set(OUTCOMES)


def test_the_glossary_has_every_scam_type() -> None:
    section = (DOCS / "glossary.md").read_text().partition("## Scam types")[2]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == set(SCAM_TYPES)


def test_every_setting_that_a_process_reads_is_described() -> None:
    described = set(re.findall(r"`([A-Z_<>S]{6,})`", (DOCS / "running-elsewhere.md").read_text()))
    for service in SERVICES:
        settings = settings_class(service)
        for field in settings.model_fields:
            variable = settings.variable(field)
            general = variable.replace(service.upper(), "<S>", 1)
            assert variable in described or general in described, f"{variable} is not in docs/running-elsewhere.md"


def test_every_runbook_stands_in_the_list_of_runbooks() -> None:
    listed = set(LINK.findall((DOCS / "runbooks" / "README.md").read_text()))
    pages = {page.name for page in (DOCS / "runbooks").glob("*.md")} - {"README.md"}
    assert pages <= listed


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
