"""Settings from the environment, typed, one frozen class per service. What a service adds stands in its settings.py.

A name of the root class is an environment variable in capitals (``kafka_topic_prefix`` is ``KAFKA_TOPIC_PREFIX``).
The database's three, and whatever a service adds, carry the service's name in front (``ENROLLMENT_DATABASE_URL``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.process.clock import FURTHEST

EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: whoever supervises the process learns that a restart will not help."""

_HEX_DIGITS = 64  # 32 bytes, for AES-256 and keyed BLAKE2b
_MAX_KEY = 255  # the number is one byte of each value that the key made
_KEYS_FORM = "1:<64 hex digits>[,2:<64 hex digits>]"
_OWN_DATABASE = frozenset({"database_url", "migration_database_url", "database_pool_size"})


def _keys(text: SecretStr) -> SecretStr:
    seen: set[int] = set()
    for part in text.get_secret_value().split(","):
        number, _, key = part.strip().partition(":")
        if not number.isdecimal() or not 1 <= int(number) <= _MAX_KEY or int(number) in seen:
            raise ValueError("each key starts with its own number from 1 to 255 and a colon")
        _hex_key(SecretStr(key))
        seen.add(int(number))
    return text


def _hex_key(text: SecretStr) -> SecretStr:
    key = text.get_secret_value()
    if len(key) != _HEX_DIGITS or any(digit not in "0123456789abcdefABCDEF" for digit in key):
        raise ValueError("a key is 64 hex digits (32 bytes), e.g. from: openssl rand -hex 32")
    return text


def _jwks_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme == "https" and parts.hostname:
        return text
    if parts.scheme == "file" and parts.path:
        return text
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return text
    raise ValueError("keys come over https://, from a file:// path, or over http:// from this machine only")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _postgres_url(text: SecretStr) -> SecretStr:
    if not text.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("it does not start with postgresql://")
    return text


Keys = Annotated[SecretStr, AfterValidator(_keys)]
"""``1:<64 hex>[,2:<64 hex>]``: key ids with their keys, the first one current."""
HexKey = Annotated[SecretStr, AfterValidator(_hex_key)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
JwksUrl = Annotated[str, AfterValidator(_jwks_url)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """What every service reads. A subclass sets ``SERVICE`` and adds its own fields."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    SERVICE: ClassVar[str] = ""
    """The service's package name, e.g. ``fraud_detection``."""

    database_url: PostgresUrl = Field(
        description="a libpq URL: postgresql://user:password@host/database",
        examples=[SecretStr("postgresql:///nowhere")],
    )
    migration_database_url: PostgresUrl | None = Field(
        default=None, description="a libpq URL of the same database as its owner, who is another role"
    )
    database_pool_size: int = Field(default=8, ge=1, le=200, description="a number of connections from 1 to 200")
    kafka_bootstrap_servers: str | None = Field(default=None, description="host:port[,host:port] of Kafka brokers")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: str | None = Field(default=None, description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: str | None = Field(default=None, description="the path of a PEM file")
    kafka_ssl_certfile: str | None = Field(default=None, description="the path of a PEM file")
    kafka_ssl_keyfile: str | None = Field(default=None, description="the path of a PEM file")
    kafka_topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", description="letters, digits, dots")
    kafka_topic_partitions: int = Field(default=4, ge=1, le=1000)
    kafka_topic_replication: int = Field(default=1, ge=1, le=9)
    oidc_issuer: str | None = Field(
        default=None, description="the `iss` of the tokens to accept", examples=["https://issuer.example"]
    )
    oidc_jwks_url: JwksUrl | None = Field(
        default=None, description="where the issuer publishes its keys", examples=["https://issuer.example/jwks"]
    )
    oidc_longest_token_seconds: int = Field(
        default=7200, ge=60, le=86_400, description="seconds from 60 to 86400 that an access token may live"
    )
    token_keys: Keys | None = Field(default=None, description=_KEYS_FORM, examples=[SecretStr("1:" + "0" * 64)])
    seal_keys: Keys | None = Field(default=None, description=_KEYS_FORM, examples=[SecretStr("1:" + "0" * 64)])
    sandbox: bool = Field(default=False, description="true only where no real person is insured")
    sandbox_clock_ahead: timedelta = Field(
        default=timedelta(0),
        ge=timedelta(0),
        le=FURTHEST,
        description="how far a sandbox's time begins ahead of real time, e.g. P90D or P1DT12H; nothing elsewhere",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    health_host: str = "127.0.0.1"
    health_port: Port = Field(default=9100, description="a port number")
    web_host: str = "127.0.0.1"
    web_port: Port = Field(default=8000, description="a port number")
    web_workers: int = Field(default=1, ge=1, le=64)
    web_threads: int = Field(default=8, ge=1, le=256)
    otel_exporter_otlp_endpoint: str | None = Field(default=None, description="http(s)://collector:4318")

    @field_validator("sandbox_clock_ahead")
    @classmethod
    def _moves_in_sandboxes_alone(cls, ahead: timedelta, info: ValidationInfo) -> timedelta:
        if ahead and not info.data.get("sandbox"):
            raise ValueError("outside a sandbox business time is real time")
        return ahead

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what ``load`` hands in: names follow our own rule, and no .env file is picked up by surprise."""
        return (init_settings,)

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of a field."""
        own = field in _OWN_DATABASE or field not in Settings.model_fields
        return f"{cls.SERVICE}_{field}".upper() if own else field.upper()

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment, or end the process with one clear line and exit code 78."""
        source = os.environ if environ is None else environ
        given = {name: source[cls.variable(name)] for name in cls.model_fields if source.get(cls.variable(name))}
        try:
            return cls(**given)  # type: ignore[arg-type]  # texts; pydantic turns them into the fields' types
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = str(first["loc"][0])
            problem = "is not set" if first["type"] == "missing" else f"is wrong: {_reason(first)}"
            refuse(cls.variable(field), problem, _expected(cls.model_fields[field]))

    @classmethod
    def example(cls) -> Self:
        """Settings that are well-formed and lead nowhere, to build what connects to nothing, e.g. the API document.

        A service's field without a default gives its own by ``Field(examples=[...])``.
        """
        wanted = {name: field.examples[0] for name, field in cls.model_fields.items() if field.examples}
        return cls(**wanted)

    def needs(self, *fields: str) -> None:
        """End the process as ``load`` does if one of these optional settings is absent."""
        for field in fields:
            if getattr(self, field) is None:
                refuse(self.variable(field), "is not set", _expected(type(self).model_fields[field]))


def refuse(variable: str, problem: str, expected: str) -> NoReturn:
    """One line on standard error and exit code 78. Never the value: it may be a secret."""
    sys.stderr.write(f"{variable} {problem}. Set it to {expected}.\n")
    raise SystemExit(EXIT_CONFIGURATION)


def _reason(fault: Mapping[str, Any]) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _expected(field: FieldInfo) -> str:
    return field.description or f"a value like {field.default!r}"
