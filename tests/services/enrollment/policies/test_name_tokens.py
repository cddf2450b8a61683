"""What is told of a name: a token of its one form, on each way by which a policy comes to be; never the name."""

from __future__ import annotations

from collections.abc import Sequence

from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.endorsements import NameCorrected
from shared.events.policies import PoliciesEnrolled, PolicyEndorsed, tokens
from tests.services.enrollment.builders import Partner, body, csv, row
from tests.services.enrollment.partners.wind_down import EAST
from tests.services.enrollment.policies.lifecycle import SHORTLY_BEFORE, Office
from tests.services.enrollment.products.organizations import bias
from tests.services.enrollment.statements.a_full_month import endorse

WAYS_TO_WRITE = ("歐陽娜娜", "欧阳 娜娜", "欧阳・娜娜")
ONE_FORM = "欧阳娜娜"


def told(office: Office) -> dict[str, str]:
    """The token of the name by policy, of all policies that were announced."""
    events = office.told(PoliciesEnrolled)
    packs = [(each.policies.policy_ids, tokens(each.policies.name_token or b"")) for each in events]
    return {policy_id: token for ids, names in packs for policy_id, token in zip(ids, names, strict=True)}


def name_token(office: Office, name: str) -> str:
    return office.vault.tokenizer.name(name)


def test_a_file_tells_one_token_for_each_way_to_write_a_name(office: Office) -> None:
    names = (*WAYS_TO_WRITE, "张小明", "阿卜杜拉·买买提")
    rows = csv([row(n, name=name) for n, name in enumerate(names)]).decode().splitlines()
    office.send("enrollment", rows, now=SHORTLY_BEFORE.replace(year=2026, month=3, day=1))
    found = told(office)
    with office.database.transaction() as tx:
        ids = tx.all("SELECT policy_id::text FROM policies ORDER BY partner_reference", into=str)
    one = name_token(office, ONE_FORM)
    assert [found[each] for each in ids] == [
        one,
        one,
        one,
        name_token(office, "张小明"),
        name_token(office, "阿卜杜拉买买提"),
    ]


def test_a_person_and_an_organization_that_are_enrolled_alone_are_told_with_their_names(
    east: Partner, office: Office
) -> None:
    person = body(1)
    person["insured"]["name"] = WAYS_TO_WRITE[0]
    company = bias(2)
    company["insured"]["name"] = "晨星（北京）科技有限公司"
    replies = [east.post("/v1/policies", each) for each in (person, company)]
    assert [each.status_code for each in replies] == [201, 201]
    found = told(office)
    assert [found[each.json["policy_id"]] for each in replies] == [
        name_token(office, ONE_FORM),
        name_token(office, "晨星(北京)科技有限公司"),
    ]


def test_a_renewal_is_told_with_the_name_as_it_is_now(office: Office) -> None:
    policies = [office.enroll(n, name=WAYS_TO_WRITE[0]) for n in (1, 2)]
    endorse(office, policies[0], NameCorrected("張大明"), tenant=EAST, now=SHORTLY_BEFORE)
    _renew(office, policies)
    found = told(office)
    assert [found[office.successor(each).policy_id] for each in policies] == [
        name_token(office, "张大明"),
        name_token(office, ONE_FORM),
    ]
    (corrected,) = office.told(PolicyEndorsed)
    assert corrected.name_token == name_token(office, "张大明")


def _renew(office: Office, policies: Sequence[Policy]) -> None:
    office.send("renewal", ["partner_reference", *(each.partner_reference for each in policies)], now=SHORTLY_BEFORE)
