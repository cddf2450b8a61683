"""Products on the command line, as somebody uses them who writes a product."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.enrollment.products.usecases.shipped import PRODUCTS
from shared.db.pool import Database
from shared.entry.commands import build_cli

ONE = PRODUCTS / "resident-anti-fraud.1.json"
SHARED = PRODUCTS / "resident-anti-fraud-shared.1.json"
Run = Callable[..., Result]


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(build_cli("services.enrollment"), [str(word) for word in words], env=environ)

    return run


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The resident product with another premium, as a file."""
    file = tmp_path / "next.json"
    file.write_text(json.dumps(json.loads(ONE.read_text()) | {"product_version": 2, "premium_fen": 1500}))
    return file


def test_a_product_is_explained_from_its_file_and_from_the_database_alike(run: Run, database: Database) -> None:
    from_file, stored = run("explain-product", ONE), run("explain-product", "resident-anti-fraud", "--version", "1")
    assert from_file.exit_code == 0
    assert from_file.stdout == stored.stdout == run("explain-product", "resident-anti-fraud").stdout
    assert "保费 12.00 元" in from_file.stdout
    english = run("explain-product", ONE, "--language", "en")
    assert "costs 12.00 yuan" in english.stdout


def test_a_file_is_compared_with_what_is_sold(run: Run, changed: Path, database: Database) -> None:
    compared = run("compare-products", "resident-anti-fraud:1", changed, "--language", "en")
    assert compared.stdout == "Premium: from “12.00 yuan” to “15.00 yuan”.\n"
    assert run("compare-products", ONE, "resident-anti-fraud:1").stdout == "没有差别。\n"


def test_two_files_are_compared_without_a_database() -> None:
    compared = CliRunner().invoke(build_cli("services.enrollment"), ["compare-products", str(ONE), str(SHARED)], env={})
    assert "赔付比例:由“100%”改为“70%”。" in compared.stdout


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"waiting_days": 400}, "#/waiting_days: The waiting period fills the whole term."),
        ({"premium_fenn": 1}, "#/premium_fenn: There is no such term."),
        ({"exclusions": [{"code": "war", "text_zh": "战", "text_en": "War", "text": "x"}]}, "#/exclusions/0/text:"),
        ({"term_days": "a year"}, "is no product: Expected `int`, got `str` - at `$.term_days`"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_its_place(
    run: Run, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(json.loads(ONE.read_text()) | changes))
    refused = run("explain-product", file)
    assert refused.exit_code == 1
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain-product", "moon-cover"), "there is no product moon-cover"),
        (("explain-product", "account-theft", "--version", "9"), "there is no version 9 of product account-theft"),
        (("explain-product", "nowhere.json"), "nowhere.json: No such file or directory"),
        (("compare-products", "account-theft", "account-theft:1"), "account-theft is neither CODE:VERSION"),
    ],
)
def test_what_is_not_there_is_said(run: Run, database: Database, words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr
