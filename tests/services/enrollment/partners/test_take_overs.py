"""Who can take a partner's policies over: whose contract runs today and holds what they are of."""

from __future__ import annotations

import pytest

from services.enrollment.partners.domain.errors import CannotTakeOver
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import NOW, PRODUCT, faults, row
from tests.services.enrollment.partners.wind_down import EAST, WEST, ask, end, receive, state, work_off
from tests.services.enrollment.policies.at_once import enroll


def test_a_partner_that_sells_less_cannot_take_over(database: Database) -> None:
    ask(database, f"DELETE FROM partner_products WHERE partner_no = 2 AND product_code = '{PRODUCT}' RETURNING 1")
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, EAST, WEST)


def test_a_partner_whose_contract_is_over_or_has_not_begun_cannot_take_over(database: Database) -> None:
    def west_runs(first_day: str, last_day: str) -> None:
        days = f"first_day = '{first_day}', last_day = '{last_day}'"
        ask(database, f"UPDATE partners SET {days} WHERE partner_id = '{WEST}' RETURNING 1")

    for first_day, last_day in (("2025-01-01", "2026-02-28"), ("2026-03-02", "2030-12-31")):
        west_runs(first_day, last_day)
        with pytest.raises(CannotTakeOver, match=f"{first_day} to {last_day}"):
            end(database, EAST, WEST)
    west_runs("2026-03-01", "2026-03-01")
    assert end(database, EAST, WEST).terms.contract.state == "wind_down"


def no_longer_sold_by(database: Database, partner: PartnerId) -> None:
    ask(
        database,
        "DELETE FROM partner_products USING partners p WHERE partner_products.partner_no = p.partner_no"
        f" AND p.partner_id = '{partner}' AND product_code = '{PRODUCT}' RETURNING 1",
    )


def test_cover_that_runs_of_a_product_dropped_since_moves_only_to_a_partner_that_sells_it(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    policy = enroll(database, vault, row(1))
    no_longer_sold_by(database, EAST)
    no_longer_sold_by(database, WEST)
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, EAST, WEST)
    with database.transaction() as tx:
        cancel_policy(tx, policy.policy_id, "insured_request", tenant=EAST, actor="test", vault=vault, now=NOW)
    end(database, EAST, WEST)
    work_off(database)
    assert state(database).state == "done"
    assert faults(database, environ) == []


def test_rows_still_to_be_enrolled_of_a_product_dropped_since_count_as_cover_that_runs(
    database: Database, vault: Vault
) -> None:
    receive(database, vault, range(2))
    no_longer_sold_by(database, EAST)
    no_longer_sold_by(database, WEST)
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, EAST, WEST)


def test_cover_that_a_partner_took_over_itself_counts_as_its_own(database: Database, vault: Vault) -> None:
    enroll(database, vault, row(1))
    end(database, EAST, WEST)
    work_off(database)
    no_longer_sold_by(database, WEST)
    third = "INSERT INTO partners (partner_id, name, first_day, last_day, back_dating_days, state) "
    ask(database, third + "VALUES ('telecom-north', 'n', '2026-01-01', '2030-12-31', 0, 'active') RETURNING 1")
    copied = "SELECT 3, product_code FROM partner_products WHERE partner_no = 2"
    ask(database, f"INSERT INTO partner_products {copied} RETURNING 1")
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, WEST, PartnerId("telecom-north"))
