"""What is written in free text: staff's holds nobody's number, a resident's may, and no kept reply shows any of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from deploy.local.issuer import Issuer
from services.fraud_detection.settings import Settings
from services.fraud_detection.web import PROBLEMS, WINGS
from shared.db.pool import Database
from shared.entry import web, wiring
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId
from shared.web.app import create_app
from shared.web.auth.callers import Callers as Whom
from shared.web.models import ReplyModel, RequestModel
from shared.web.resource import Asked, Call, CallTogether, Reply, Resource, Route
from tests.services.fraud_detection.builders import Caller, World, champion, claim_body, refusal

Callers = Callable[[str], Caller]
NUMBERS: Final = ("13812345678", "+86 138-1234-5678", "110101199001011234", "１３８１２３４５６７８")
WORDS: Final = "他的原话 verbatim"
ID: Final = "0190163d-8694-739b-aea5-966c26f8ad91"


def in_review(world: World, caller: Callers) -> ClaimId:
    filed = caller("mobile-backend").post("/v1/claims", claim_body(world.covered()))
    claim_id = ClaimId(filed.json["claim_id"])
    assert world.decide(world.claim(claim_id), by=champion(0.9)) == "review"
    return claim_id


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("pointer", ["/reasons_zh", "/reasons_en", "/finding/found_zh", "/finding/found_en"])
def test_a_refusal_that_holds_somebodys_number_is_refused_with_the_field_named(
    world: World, caller: Callers, pointer: str, number: str
) -> None:
    claim_id, said = in_review(world, caller), refusal()
    *parents, name = pointer.strip("/").split("/")
    place = said[parents[0]] if parents else said
    place[name] += f" 收款人电话 {number}。"
    reply = caller("reviewer-li").post(f"/v1/reviews/{claim_id}/decisions", said, headers={"If-Match": '"2"'})

    assert reply.status_code == 422
    assert [(each["pointer"], each["fix"]) for each in reply.json["errors"]] == [
        (pointer, "Send it without that number.")
    ]
    assert number not in reply.text
    assert world.claim(claim_id).state == "in_review"


def test_a_resident_may_name_the_scammers_phone(world: World, caller: Callers) -> None:
    """It is sealed, and nobody can tell of a scam without it."""
    mobile, story = caller("mobile-backend"), "骗子用 13812345678 打给我。"
    filed = mobile.post("/v1/claims", claim_body(world.covered(), loss={"description": story}))
    assert filed.status_code == 202
    claim_id = ClaimId(filed.json["claim_id"])
    world.decide(world.claim(claim_id), by=champion(0.9))
    assert world.review(claim_id, "refuse") == "refused"
    assert mobile.post(f"/v1/claims/{claim_id}/appeals", {"reason": story}).status_code == 202
    case = caller("reviewer-li").get(f"/v1/reviews/{claim_id}").json
    assert (case["loss"]["description"], case["appeals"][0]["reason"]) == (story, story)


def kept(world: World) -> list[str]:
    """Everything that is kept of replies, as text; bytes as what UTF-8 reads in them too."""
    rows = world.rows("SELECT to_jsonb(idempotency_keys)::text, body, fingerprint FROM idempotency_keys")
    return [text + "".join(bytes(each).decode(errors="replace") for each in binary) for text, *binary in rows]


def test_no_reply_that_is_kept_shows_what_was_written_on_a_claim(world: World, caller: Callers) -> None:
    mobile = caller("mobile-backend")
    filed = mobile.post("/v1/claims", claim_body(world.covered(), loss={"description": WORDS}))
    claim_id = ClaimId(filed.json["claim_id"])
    world.decide(world.claim(claim_id), by=champion(0.9))
    said = refusal(reasons_zh=WORDS)
    path = f"/v1/reviews/{claim_id}/decisions"
    assert WORDS in caller("reviewer-li").post(path, said, headers={"If-Match": '"2"'}).text
    assert mobile.post(f"/v1/claims/{claim_id}/appeals", {"reason": WORDS}).status_code == 202
    found = kept(world)
    assert len(found) == 3
    for text in found:
        for words in (WORDS, said["reasons_en"], *said["finding"].values()):
            assert words not in text
            assert words.encode().hex() not in text


class Said(RequestModel):
    said: str


class Echo(ReplyModel):
    """A reply that repeats what it was sent, about whomever."""

    said: str
    claim_id: str = ID


def echo(call: Call[Any], body: Said, path: object = None) -> Reply[Echo]:
    del call, path
    return Reply(Echo(said=body.said))


def echo_together(call: CallTogether[Any], asked: Sequence[Asked[Said]]) -> list[Reply[Echo]]:
    del call
    return [Reply(Echo(said=each.body.said)) for each in asked]


def echoing(route: Route) -> Route:
    if not route.creates:
        return route
    view = echo_together if route.together else echo
    return replace(route, view=view, body=Said, streams=(), matches=False)


def test_whatever_a_route_replies_it_is_kept_sealed(
    environ: dict[str, str], issuer: Issuer, database: Database, world: World
) -> None:
    """All creating routes of the service, each as if its reply were nothing but free text."""
    settings = Settings.load(environ)
    resource = Resource("echo", "all routes")
    resource.routes = [echoing(route) for wing in WINGS for each in wing.RESOURCES for route in each.routes]
    app = create_app(
        "echo",
        version="1",
        description="",
        resources=[resource],
        problems=PROBLEMS,
        deps=None,
        database=database,
        clock=wiring.business_clock(settings, database),
        verifier=web.verifier(settings),
        seal=web.reply_seal(settings),
        sandbox=False,
    )
    creating = [route for route in resource.routes if route.creates]
    assert len(creating) >= 8
    for route in creating:
        client = "reviewer-li" if route.callers is Whom.STAFF else "mobile-backend"
        token = issuer.token(client, audience="fangzha-fraud-detection", scope=route.scope)
        path = re.sub("<[^>]+>", ID, route.path)
        asked, key = Caller(app.test_client(), token), new_id()
        first, again = (asked.post(path, {"said": WORDS}, key=key) for _ in range(2))
        assert (first.json["said"], again.json["said"]) == (WORDS, WORDS), route.name
    rows = kept(world)
    assert len(rows) == len(creating)
    assert [text for text in rows if WORDS in text or WORDS.encode().hex() in text] == []
