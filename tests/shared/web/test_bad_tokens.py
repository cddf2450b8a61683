"""Tokens that must not be accepted, one by one, and the good one beside them."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from prometheus_client import REGISTRY

from shared.web.auth.issuer_keys import MAX_AGE_SECONDS, UNKNOWN_KEY_SECONDS
from shared.web.auth.tokens import LEEWAY_SECONDS, LONGEST_SECONDS, MAX_TOKEN, MOST_CLIENTS
from shared.web.errors import IssuerKeysAway, NotAuthenticated, TokenMissing
from tests.shared.web.builders import AUDIENCE, Caller, TestIssuer, a_note


def refused(issuer: TestIssuer, token: str) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        issuer.verifier().check(f"Bearer {token}")
    return caught.value.reason


def unsigned(header: dict[str, object], claims: dict[str, object], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join((*parts, signature))


def test_a_good_token_says_who_calls(own_issuer: TestIssuer) -> None:
    principal = own_issuer.verifier().check(f"Bearer {own_issuer.token(scope='notes:read notes:write')}")
    assert (principal.subject, principal.client_id, principal.tenant) == ("li", "desk-app", "north")
    assert principal.scopes == {"notes:read", "notes:write"}


def test_a_token_for_several_audiences_is_good_for_each(own_issuer: TestIssuer) -> None:
    token = own_issuer.token(aud=["other", AUDIENCE])
    assert own_issuer.verifier().check(f"Bearer {token}").subject == "li"


def test_a_token_signed_by_an_rsa_key_is_good(own_issuer: TestIssuer) -> None:
    own_issuer.keys["rsa"] = RSAKey.generate_key(2048, {"kid": "rsa"})
    assert own_issuer.verifier().check(f"Bearer {own_issuer.token(kid='rsa')}").subject == "li"


def test_a_weak_rsa_key_signs_nothing(own_issuer: TestIssuer) -> None:
    with pytest.warns(match="size"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    own_issuer.keys["weak"] = weak
    assert "does not publish" in refused(own_issuer, own_issuer.token(kid="weak"))


@pytest.mark.parametrize(
    "kid", ["2011-04-29", "https://issuer.test/keys/7#signing", "b1/Tq+9w==", "arn:aws:kms:key/5", "kid one", "主钥"]
)
def test_a_key_may_be_named_as_its_issuer_likes(own_issuer: TestIssuer, kid: str) -> None:
    own_issuer.add(kid)
    assert own_issuer.verifier().check(f"Bearer {own_issuer.token(kid=kid)}").subject == "li"


P256 = {"kty": "EC", "crv": "P-256", "kid": "beside", "use": "sig"}


@pytest.mark.parametrize(
    "entry",
    [
        {**P256, "x": "AAAA", "y": "AAAA"},
        {**P256, "x": "not base64!", "y": "é"},
        {**P256, "x": 5, "y": None},
        {**P256, "y": "AAAA"},
        {"kty": "RSA", "kid": "beside", "n": 17, "e": "AQAB"},
        {"kty": "RSA", "kid": "beside", "n": "A" * 400},
        {"kty": "OKP", "crv": "Ed25519", "kid": "beside", "x": "AAAA"},
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "beside", "pub": "AAAA"},
        {**P256, "kid": ["beside"]},
        {"kty": ["EC"], "kid": "beside"},
        "a text",
        None,
        7,
    ],
)
def test_one_bad_entry_of_the_key_set_does_not_hide_the_others(own_issuer: TestIssuer, entry: object) -> None:
    verifier = own_issuer.verifier()
    verifier.check(f"Bearer {own_issuer.token()}")
    own_issuer.beside.append(entry)
    own_issuer.add("second")
    own_issuer.ticks += UNKNOWN_KEY_SECONDS
    assert verifier.check(f"Bearer {own_issuer.token(kid='second')}").subject == "li"


def test_a_key_set_of_which_nothing_can_be_read_leaves_the_known_keys(own_issuer: TestIssuer) -> None:
    verifier = own_issuer.verifier()
    token = own_issuer.token()
    verifier.check(f"Bearer {token}")
    own_issuer.keys = {}
    own_issuer.beside.append({**P256, "x": "AAAA", "y": "AAAA"})
    own_issuer.ticks += MAX_AGE_SECONDS
    assert verifier.check(f"Bearer {token}").subject == "li"


def test_1_an_unsigned_token_is_refused(own_issuer: TestIssuer) -> None:
    token = unsigned({"alg": "none", "kid": "first", "typ": "at+jwt"}, own_issuer.claims())
    assert "algorithm" in refused(own_issuer, token)


def test_2_a_token_signed_with_the_public_key_as_a_secret_is_refused(own_issuer: TestIssuer) -> None:
    public = own_issuer.keys["first"].as_pem(private=False)
    signed = unsigned({"alg": "HS256", "kid": "first", "typ": "at+jwt"}, own_issuer.claims()).rpartition(".")[0]
    signature = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256")).decode().rstrip("=")
    assert "algorithm" in refused(own_issuer, f"{signed}.{signature}")


def test_3_a_token_for_another_service_is_refused(own_issuer: TestIssuer) -> None:
    assert "another audience" in refused(own_issuer, own_issuer.token(aud="fangzha-payout"))


def test_4_a_token_of_another_issuer_is_refused(own_issuer: TestIssuer) -> None:
    assert "another issuer" in refused(own_issuer, own_issuer.token(iss="https://evil.test"))


def test_5_an_expired_token_is_refused(own_issuer: TestIssuer) -> None:
    token = own_issuer.token(iat=int(own_issuer.now) - 700, exp=int(own_issuer.now) - LEEWAY_SECONDS - 1)
    assert "expired" in refused(own_issuer, token)


def test_6_a_token_of_the_future_is_refused(own_issuer: TestIssuer) -> None:
    assert "not valid yet" in refused(own_issuer, own_issuer.token(nbf=int(own_issuer.now) + LEEWAY_SECONDS + 5))


def test_7_a_token_that_names_an_unknown_key_is_refused(own_issuer: TestIssuer) -> None:
    stranger = ECKey.generate_key("P-256")
    token = jwt.encode({"alg": "ES256", "kid": "stranger", "typ": "at+jwt"}, own_issuer.claims(), stranger)
    assert "does not publish" in refused(own_issuer, token)


@pytest.mark.parametrize("kid", ["../../etc/passwd", "/dev/null", "'; DROP TABLE notes"])
def test_8_a_token_whose_key_name_is_a_path_or_a_query_names_no_key_of_the_issuer(
    own_issuer: TestIssuer, kid: str
) -> None:
    token = unsigned({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, own_issuer.claims(), "AAAA")
    assert "does not publish" in refused(own_issuer, token)


@pytest.mark.parametrize("kid", ["", "x" * 300, "a\nb", "a\0b", 7, None, ["first"]])
def test_8_a_token_whose_key_name_is_no_name_is_refused(own_issuer: TestIssuer, kid: object) -> None:
    token = unsigned({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, own_issuer.claims(), "AAAA")
    fetched = own_issuer.fetches
    assert "names no key" in refused(own_issuer, token)
    assert own_issuer.fetches == fetched


def test_9_a_token_without_the_scope_is_forbidden(caller: Caller, own_issuer: TestIssuer) -> None:
    caller.token = own_issuer.token(scope="notes:read")
    reply = caller.post("/v1/notes", a_note())
    assert reply.status_code == 403
    assert reply.json is not None
    assert reply.json["type"].endswith("/scope-missing")
    assert reply.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="notes:write"'


@pytest.mark.parametrize("tenant", [None, "", "North", "a/b", 5, "x" * 80, ["north"]])
def test_10_a_token_without_a_proper_tenant_is_refused(own_issuer: TestIssuer, tenant: object) -> None:
    assert "tenant" in refused(own_issuer, own_issuer.token(tenant=tenant))


@pytest.mark.parametrize("claim", ["sub", "client_id"])
@pytest.mark.parametrize("number", ["13812345678", "tel:+8613812345678", "110101199001011234"])
def test_10_a_token_that_calls_somebody_by_a_phone_or_identity_number_is_refused(
    own_issuer: TestIssuer, claim: str, number: str
) -> None:
    claims: dict[str, Any] = {claim: number}
    said = refused(own_issuer, own_issuer.token(**claims))

    assert "phone or identity number" in said
    assert number not in said


def test_11_a_token_of_a_key_that_was_rotated_out_is_refused(own_issuer: TestIssuer) -> None:
    verifier = own_issuer.verifier()
    old = own_issuer.token()
    assert verifier.check(f"Bearer {old}").subject == "li"
    own_issuer.add("second")
    del own_issuer.keys["first"]
    own_issuer.ticks += MAX_AGE_SECONDS
    assert verifier.check(f"Bearer {own_issuer.token(kid='second')}").subject == "li"
    with pytest.raises(NotAuthenticated, match="does not publish"):
        verifier.check(f"Bearer {old}")


def test_12_an_oversize_token_is_refused_undecoded(own_issuer: TestIssuer) -> None:
    assert "too long" in refused(own_issuer, own_issuer.token(padding="x" * MAX_TOKEN))
    assert own_issuer.fetches == 0


def test_a_changed_token_is_refused(own_issuer: TestIssuer) -> None:
    head, _body, signature = own_issuer.token().split(".")
    forged = unsigned({}, own_issuer.claims(tenant="south")).split(".")[1]
    assert "signature" in refused(own_issuer, f"{head}.{forged}.{signature}")


@pytest.mark.parametrize("token", ["a", "a.b", "a.b.c", "é.b.c", "....", "e30.e30.", "bnVsbA.bnVsbA.AA"])
def test_what_is_no_token_at_all_is_refused(own_issuer: TestIssuer, token: str) -> None:
    assert refused(own_issuer, token)


@pytest.mark.parametrize("expiry", [None, "tomorrow", True, float("nan"), 10**30, [1]])
def test_a_token_whose_expiry_is_no_time_is_refused(own_issuer: TestIssuer, expiry: object) -> None:
    assert "times" in refused(own_issuer, own_issuer.token(exp=expiry))


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "dpop+jwt", "", 7, None])
def test_a_token_that_does_not_say_that_it_is_an_access_token_is_refused(own_issuer: TestIssuer, typ: object) -> None:
    header: dict[str, object] = {"alg": "ES256", "kid": "first"} | ({} if typ is None else {"typ": typ})
    assert "no access token" in refused(own_issuer, unsigned(header, own_issuer.claims(), "AAAA"))


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_a_token_may_say_that_it_is_an_access_token_in_each_way_of_the_standard(
    own_issuer: TestIssuer, typ: str
) -> None:
    assert own_issuer.verifier().check(f"Bearer {own_issuer.token(header={'typ': typ})}").subject == "li"


def test_a_token_that_lives_too_long_is_refused(own_issuer: TestIssuer) -> None:
    start = int(own_issuer.now)
    longest = own_issuer.token(iat=start, exp=start + LONGEST_SECONDS)
    assert own_issuer.verifier().check(f"Bearer {longest}").subject == "li"
    assert "7200 seconds" in refused(own_issuer, own_issuer.token(iat=start, exp=start + LONGEST_SECONDS + 1))
    # What it says of when it begins does not shorten its life.
    late = own_issuer.token(iat=start - LONGEST_SECONDS, nbf=start, exp=start + 600)
    assert "7200 seconds" in refused(own_issuer, late)


def test_a_token_that_does_not_say_when_it_was_issued_is_refused(own_issuer: TestIssuer) -> None:
    assert "times" in refused(own_issuer, own_issuer.token(iat=None))


def counted(reason: str, client: str) -> float:
    return REGISTRY.get_sample_value("fangzha_tokens_refused_total", {"reason": reason, "client": client}) or 0.0


def test_a_refused_token_is_counted_by_its_reason_and_its_client(own_issuer: TestIssuer) -> None:
    before = counted("audience", "desk-app"), counted("expired", "desk-app")
    refused(own_issuer, own_issuer.token(aud="fangzha-payout"))
    refused(own_issuer, own_issuer.token(iat=int(own_issuer.now) - 700, exp=int(own_issuer.now) - 60))
    assert (counted("audience", "desk-app"), counted("expired", "desk-app")) == (before[0] + 1, before[1] + 1)


def test_the_client_of_a_token_that_anybody_may_have_made_is_not_counted_by_name(own_issuer: TestIssuer) -> None:
    before = counted("signature", "unknown")
    refused(own_issuer, unsigned({"alg": "ES256", "kid": "first", "typ": "at+jwt"}, own_issuer.claims(), "AAAA"))
    assert (counted("signature", "unknown"), counted("signature", "desk-app")) == (before + 1, 0.0)


def test_clients_without_end_do_not_make_counters_without_end(
    own_issuer: TestIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.web.auth.tokens._counted", set())
    for number in range(MOST_CLIENTS + 5):
        refused(own_issuer, own_issuer.token(client_id=f"app-{number}", aud="fangzha-payout"))
    assert counted("audience", f"app-{MOST_CLIENTS + 4}") == 0.0
    assert counted("audience", "other") >= 5


@pytest.mark.parametrize("authorization", [None, "", "Basic bGk6bGk=", "Bearer", "Bearer "])
def test_without_a_token_a_caller_is_told_how_to_send_one(own_issuer: TestIssuer, authorization: str | None) -> None:
    with pytest.raises(TokenMissing):
        own_issuer.verifier().check(authorization)


def test_a_kept_token_ends_with_its_expiry(own_issuer: TestIssuer) -> None:
    verifier = own_issuer.verifier()
    token = own_issuer.token(exp=int(own_issuer.now) + 20)
    verifier.check(f"Bearer {token}")
    own_issuer.now += 20 + LEEWAY_SECONDS
    with pytest.raises(NotAuthenticated, match="expired"):
        verifier.check(f"Bearer {token}")


def test_a_new_key_is_believed_as_soon_as_a_token_names_it(own_issuer: TestIssuer) -> None:
    verifier = own_issuer.verifier()
    verifier.check(f"Bearer {own_issuer.token()}")
    own_issuer.add("second")
    own_issuer.ticks += UNKNOWN_KEY_SECONDS
    assert verifier.check(f"Bearer {own_issuer.token(kid='second')}").subject == "li"
    assert verifier.check(f"Bearer {own_issuer.token(kid='first', sub='wang')}").subject == "wang"


def test_a_flood_of_made_up_key_names_does_not_reach_the_issuer(own_issuer: TestIssuer) -> None:
    verifier = own_issuer.verifier()
    stranger = ECKey.generate_key("P-256")
    for number in range(200):
        header = {"alg": "ES256", "kid": f"made-up-{number}", "typ": "at+jwt"}
        token = jwt.encode(header, own_issuer.claims(), stranger)
        with pytest.raises(NotAuthenticated):
            verifier.check(f"Bearer {token}")
        own_issuer.ticks += UNKNOWN_KEY_SECONDS / 100
    assert own_issuer.fetches <= 4


def test_known_keys_stay_good_while_the_issuer_is_away(own_issuer: TestIssuer) -> None:
    verifier = own_issuer.verifier()
    verifier.check(f"Bearer {own_issuer.token()}")
    own_issuer.away = True
    own_issuer.ticks += MAX_AGE_SECONDS * 3
    assert verifier.check(f"Bearer {own_issuer.token(sub='wang')}").subject == "wang"


def test_when_no_key_could_ever_be_fetched_callers_are_asked_to_come_back(
    caller: Caller, own_issuer: TestIssuer
) -> None:
    own_issuer.away = True
    with pytest.raises(IssuerKeysAway):
        own_issuer.verifier().check(f"Bearer {own_issuer.token()}")
    reply = caller.get("/v1/notes")
    assert reply.status_code == 503
    assert int(reply.headers["Retry-After"]) > 0
