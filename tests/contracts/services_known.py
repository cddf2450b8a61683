"""The three services as the contract tests name them, and the settings class of each."""

from __future__ import annotations

import importlib
from pathlib import Path

from shared.process.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("enrollment", "fraud_detection", "payout")

# What each process cannot do without, beside the fields that its settings class requires.
NEEDS = {
    "web": ("oidc_issuer", "oidc_jwks_url", "token_keys", "seal_keys"),
    "worker": ("kafka_bootstrap_servers", "token_keys", "seal_keys"),
    "relay": ("kafka_bootstrap_servers",),
    "trainer": (),
    "migrate": ("migration_database_url",),
    "topics": ("kafka_bootstrap_servers",),
}

# Which processes there are: those that every service has, and more.
PROCESSES = {(service, process) for service in SERVICES for process in ("web", "worker", "relay")} | {
    ("fraud_detection", "trainer")
}
ONE_SHOTS = {(service, process) for service in SERVICES for process in ("migrate", "topics")}

NEEDS_OF = {
    ("fraud_detection", "trainer"): ("model_signing_key",),
    ("fraud_detection", "web"): ("model_signing_key", "evidence_url"),
    ("fraud_detection", "worker"): ("model_signing_key", "evidence_url"),
}

# What opens, seals, signs or pays: for web and worker alone, but that the trainer signs.
KEYS = ("token_keys", "seal_keys", "model_signing_key", "rail_token")
KEPT_FROM = {
    **dict.fromkeys(("relay", "migrate", "topics"), KEYS),
    "trainer": ("token_keys", "seal_keys", "rail_token"),
}

# A secret is a reference in the files; these stand in for it where a settings class is asked to read them.
KEY = "ab" * 32
STAND_INS = {
    "TOKEN_KEYS": f"1:{KEY}",
    "SEAL_KEYS": f"1:{KEY}",
    "FRAUD_DETECTION_MODEL_SIGNING_KEY": KEY,
    "PAYOUT_RAIL_TOKEN": KEY,
    "KAFKA_SASL_USERNAME": "fangzha",
    "KAFKA_SASL_PASSWORD": KEY,
}


def settings_class(service: str) -> type[Settings]:
    """The one settings class of a service."""
    module = importlib.import_module(f"services.{service}.settings")
    (found,) = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Settings) and getattr(each, "SERVICE", "") == service
    ]
    return found


def stand_in(service: str, variable: str) -> str:
    """A value of the right form for a secret that the files only refer to."""
    if variable == f"{service.upper()}_DATABASE_URL":
        return f"postgresql://{service}:secret@postgres:5432/{service}"
    if variable == f"{service.upper()}_MIGRATION_DATABASE_URL":
        return f"postgresql://{service}_owner:secret@postgres:5432/{service}"
    return STAND_INS[variable]


def check_settings(service: str, process: str, given: dict[str, str]) -> None:
    """Assert that a process of a service starts with these variables, and that each of them is one it reads."""
    settings = settings_class(service)
    known = {settings.variable(field) for field in settings.model_fields}
    assert set(given) <= known, f"{service} {process} reads no {sorted(set(given) - known)}"
    loaded = settings.load(given)  # SystemExit 78 names what is missing
    needed = (*NEEDS[process], *NEEDS_OF.get((service, process), ()))
    missing = [settings.variable(field) for field in needed if getattr(loaded, field) is None]
    assert not missing, f"{service} {process} is not given {missing}"
    kept_from = KEPT_FROM.get(process, ())
    too_many = [settings.variable(key) for key in kept_from if getattr(loaded, key, None) is not None]
    assert not too_many, f"{service} {process} is given {too_many}"
    owns = loaded.migration_database_url is not None
    assert owns == (process == "migrate"), f"{service} {process} is given the owner's URL"
