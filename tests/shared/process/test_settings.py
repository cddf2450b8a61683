"""Settings: typed, from the environment, and clear about what is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr, ValidationError

from shared.process.settings import EXIT_CONFIGURATION, HexKey, Settings


class PenSettings(Settings):
    SERVICE: ClassVar[str] = "pen_shop"
    signing_key: HexKey | None = Field(default=None, description="64 hex digits")
    nib: int = Field(description="a width in tenths of a millimeter", examples=[5])


GOOD = {"PEN_SHOP_DATABASE_URL": "postgresql://u:hunter2@h/d", "PEN_SHOP_NIB": "7"}


def refusal(capsys: pytest.CaptureFixture[str], environ: dict[str, str]) -> str:
    with pytest.raises(SystemExit) as ended:
        PenSettings.load(environ)
    assert ended.value.code == EXIT_CONFIGURATION == 78
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    return text


def test_settings_are_read_by_name_and_have_defaults() -> None:
    settings = PenSettings.load({**GOOD, "SANDBOX": "true", "KAFKA_TOPIC_PREFIX": "t1.", "UNRELATED": "x"})
    assert (settings.nib, settings.sandbox, settings.kafka_topic_prefix) == (7, True, "t1.")
    assert (settings.web_port, settings.kafka_topic_partitions, settings.log_level) == (8000, 4, "INFO")


def test_a_sandbox_is_told_how_far_its_time_begins_ahead() -> None:
    settings = PenSettings.load({**GOOD, "SANDBOX": "true", "SANDBOX_CLOCK_AHEAD": "P456DT3H0.5S"})
    assert settings.sandbox_clock_ahead == timedelta(days=456, hours=3, seconds=0.5)


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert PenSettings.load({**GOOD, "WEB_PORT": "", "OIDC_ISSUER": ""}).web_port == 8000


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert PenSettings.load().nib == 7


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"PEN_SHOP_NIB": None}, "PEN_SHOP_NIB is not set. Set it to a width in tenths of a millimeter.\n"),
        ({"PEN_SHOP_DATABASE_URL": None}, "PEN_SHOP_DATABASE_URL is not set."),
        ({"PEN_SHOP_NIB": "wide"}, "PEN_SHOP_NIB is wrong:"),
        ({"PEN_SHOP_DATABASE_URL": "mysql://u:hunter2@h/d"}, "PEN_SHOP_DATABASE_URL is wrong: it does not start with"),
        ({"WEB_PORT": "99999"}, "WEB_PORT is wrong:"),
        ({"SANDBOX": "perhaps"}, "SANDBOX is wrong:"),
        ({"SANDBOX_CLOCK_AHEAD": "P90D"}, "SANDBOX_CLOCK_AHEAD is wrong: outside a sandbox business time is real time"),
        ({"SANDBOX": "true", "SANDBOX_CLOCK_AHEAD": "-P1D"}, "SANDBOX_CLOCK_AHEAD is wrong:"),
        ({"SANDBOX": "true", "SANDBOX_CLOCK_AHEAD": "P21Y"}, "SANDBOX_CLOCK_AHEAD is wrong:"),
        ({"SANDBOX": "true", "SANDBOX_CLOCK_AHEAD": "soon"}, "SANDBOX_CLOCK_AHEAD is wrong:"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is wrong:"),
        ({"KAFKA_TOPIC_PREFIX": "a b"}, "KAFKA_TOPIC_PREFIX is wrong:"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL is wrong:"),
        ({"OIDC_JWKS_URL": "http://issuer.example/jwks"}, "OIDC_JWKS_URL is wrong: keys come over https://"),
        ({"OIDC_JWKS_URL": "ftp://issuer.example/jwks"}, "OIDC_JWKS_URL is wrong:"),
        ({"TOKEN_KEYS": "hunter2"}, "TOKEN_KEYS is wrong: each key starts with its own number"),
        ({"TOKEN_KEYS": "0:" + "a" * 64}, "TOKEN_KEYS is wrong:"),
        ({"TOKEN_KEYS": "1:" + "a" * 64 + ",1:" + "b" * 64}, "TOKEN_KEYS is wrong:"),
        ({"SEAL_KEYS": "1:hunter2"}, "SEAL_KEYS is wrong: a key is 64 hex digits"),
        ({"PEN_SHOP_SIGNING_KEY": "z" * 64}, "PEN_SHOP_SIGNING_KEY is wrong: a key is 64 hex digits"),
    ],
)
def test_a_wrong_or_missing_setting_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], changed: dict[str, str | None], expected: str
) -> None:
    environ = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    text = refusal(capsys, environ)
    assert text.startswith(expected)
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "url", ["https://issuer.example/jwks", "http://127.0.0.1:8080/jwks", "http://localhost/jwks", "file:///keys.json"]
)
def test_keys_may_come_from_where_nobody_can_change_them(url: str) -> None:
    assert PenSettings.load({**GOOD, "OIDC_JWKS_URL": url}).oidc_jwks_url == url


def test_secrets_do_not_show() -> None:
    key = "ab" * 32
    settings = PenSettings.load(
        {
            **GOOD,
            "TOKEN_KEYS": f"1:{key}",
            "SEAL_KEYS": f"1:{key}",
            "PEN_SHOP_SIGNING_KEY": key,
            "KAFKA_SASL_PASSWORD": key,
        }
    )
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert key not in shown
        assert "hunter2" not in shown
    assert isinstance(settings.token_keys, SecretStr)


def test_settings_do_not_change() -> None:
    settings = PenSettings.load(GOOD)
    with pytest.raises(ValidationError):
        settings.nib = 9  # type: ignore[misc]  # mypy says so too


def test_a_process_says_what_it_cannot_do_without(capsys: pytest.CaptureFixture[str]) -> None:
    settings = PenSettings.load(GOOD)
    with pytest.raises(SystemExit) as ended:
        settings.needs("nib", "kafka_bootstrap_servers")
    assert ended.value.code == 78
    assert (
        capsys.readouterr().err
        == "KAFKA_BOOTSTRAP_SERVERS is not set. Set it to host:port[,host:port] of Kafka brokers.\n"
    )
