"""The insured's certificate, and what anybody learns of it by its code."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pypdf
from flask import Flask

from services.enrollment.partners.domain.partners import ZONE
from services.enrollment.policies.domain.endorsements import ItemAdded, ItemRemoved
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.pricing import Item
from shared.db.pool import Database
from shared.values.ids import PolicyId
from shared.values.money import Fen, yuan
from tests import clock
from tests.services.enrollment.builders import Partner, answer, body, id_number
from tests.services.enrollment.policies.lifecycle import Office
from tests.services.enrollment.statements.a_full_month import endorse, organization
from tests.services.enrollment.statements.books import taxed_books


def page_of(partner: Partner, policy_id: str) -> str:
    response = partner.client.get(
        f"/v1/policies/{policy_id}/certificate", headers={"Authorization": f"Bearer {partner.token}"}
    )
    assert (response.status_code, response.content_type) == (200, "application/pdf")
    assert response.headers["Cache-Control"] == "no-store"
    (page,) = pypdf.PdfReader(io.BytesIO(response.data)).pages
    return page.extract_text()


def code_on(page: str) -> str:
    found = re.search(r"\b([0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})\b", page)
    assert found is not None
    return found[1]


def test_a_holder_reads_the_full_name_and_anybody_verifies_the_code_without_a_token(app: Flask, east: Partner) -> None:
    policy = east.post("/v1/policies", body(1)).json
    page = page_of(east, policy["policy_id"])
    assert "张小明" in page
    assert id_number(1) not in page
    assert body(1)["insured"]["phone"] not in page
    code = code_on(page)
    assert code_on(page_of(east, policy["policy_id"])) == code
    anybody = app.test_client()
    for typed in (code, code.lower().replace("-", ""), code.replace("0", "O")):
        reply = answer(anybody.get(f"/v1/certificates/{typed}"))
        assert reply.status_code == 200
        assert (reply.json["state"], reply.json["insured_name"]) == ("in_force", "张**")
        assert set(reply.json) == {
            "product_code",
            "product_version",
            "name_zh",
            "name_en",
            "state",
            "effective_from",
            "effective_to",
            "insured_name",
            "checked_at",
        }
    east.post(f"/v1/policies/{policy['policy_id']}/cancellation", {"reason": "insured_request"})
    assert answer(anybody.get(f"/v1/certificates/{code}")).json["state"] == "canceled"


def test_a_code_that_was_never_given_is_unknown_even_for_a_policy_there_is(app: Flask, east: Partner) -> None:
    east.post("/v1/policies", body(1))
    reply = app.test_client().get("/v1/certificates/00000-00000-00000-00000")
    assert reply.status_code == 404


def test_cover_that_ended_has_no_certificate_and_anothers_is_unknown(east: Partner, west: Partner) -> None:
    policy = east.post("/v1/policies", body(1)).json
    assert west.get(f"/v1/policies/{policy['policy_id']}/certificate").status_code == 404
    east.post(f"/v1/policies/{policy['policy_id']}/cancellation", {"reason": "insured_request"})
    assert east.get(f"/v1/policies/{policy['policy_id']}/certificate").status_code == 409


def test_the_premium_is_what_was_charged_with_the_changes_made_since(
    database: Database, vault: Vault, west: Partner
) -> None:
    books = taxed_books(database, vault)
    policy = organization(books, tenant="telecom-west", now=clock.now())
    before = page_of(west, policy.policy_id)
    assert ("2 × " in before, f"CNY {yuan(policy.premium)}" in before) == (True, True)
    day = policy.effective_from.astimezone(ZONE).date() + timedelta(days=100)
    third = Item("third", "Third model")
    endorse(books, policy, ItemAdded(third, day), tenant="telecom-west", now=policy.effective_from)
    with database.transaction() as tx:
        ((added,),) = tx.all("SELECT premium_delta_fen FROM endorsements")
    page = page_of(west, policy.policy_id)
    assert added > 0
    assert ("3 × " in page, f"CNY {yuan(Fen(policy.premium + added))}" in page) == (True, True)
    endorse(books, policy, ItemRemoved("third", day), tenant="telecom-west", now=policy.effective_from)
    page = page_of(west, policy.policy_id)
    assert ("2 × " in page, f"CNY {yuan(policy.premium)}" in page) == (True, True)


def test_a_renewal_that_waits_has_its_certificate_too(office: Office, east: Partner) -> None:
    policy = office.policy(PolicyId(east.post("/v1/policies", body(1)).json["policy_id"]))
    assert "等待期" in page_of(east, policy.policy_id)
    shortly_before = policy.effective_to - timedelta(days=30)
    office.send("renewal", ["partner_reference", policy.partner_reference], now=shortly_before)
    assert "served" in page_of(east, office.successor(policy).policy_id)
