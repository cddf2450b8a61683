"""The compose file: valid offline, complete for each process, every secret asked for and none written down."""

from __future__ import annotations

import importlib.resources
import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from tests.contracts.services_known import ONE_SHOTS, PROCESSES, ROOT, SERVICES, check_settings, stand_in

Compose = dict[str, Any]
REQUIRED = re.compile(r"\$\{([A-Z_]+):\?([^}]+)\}")
OPTIONAL = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")
ISSUER = {"OIDC_ISSUER": "https://issuer.example", "OIDC_JWKS_URL": "https://issuer.example/jwks.json"}


@pytest.fixture(scope="module")
def compose() -> Compose:
    loaded: Compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    return loaded


def ours(compose: Compose) -> dict[tuple[str, str], Compose]:
    """The containers that run a service, by service and process."""
    found = {}
    for name, container in compose["services"].items():
        if str(container["image"]).startswith("fangzha-") and "entrypoint" not in container:
            service = str(container["image"]).removeprefix("fangzha-").replace("-", "_")
            found[service, str(container["command"][0])] = {"name": name, **container}
    return found


def filled(service: str, name: str, value: str) -> str:
    """A value as compose would hand it in, with stand-ins for what the operator must give."""
    if REQUIRED.fullmatch(value):
        return ISSUER.get(name) or stand_in(service, name)
    return OPTIONAL.sub(r"\2", REQUIRED.sub("secret", value))


def test_the_compose_file_fits_the_compose_specification(compose: Compose) -> None:
    vendored = importlib.resources.files("check_jsonschema.builtin_schemas") / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(compose)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**compose, "servicess": {}})


def test_each_service_runs_as_web_worker_and_relay_after_its_one_shots(compose: Compose) -> None:
    found = ours(compose)
    assert set(found) == PROCESSES | ONE_SHOTS
    done = "service_completed_successfully"
    trainer = found["fraud_detection", "trainer"]
    assert trainer["depends_on"] == {"fraud-detection-migrate": {"condition": done}}, "training needs no broker"
    for service in SERVICES:
        prefix = service.replace("_", "-")
        assert found[service, "migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
        assert found[service, "topics"]["depends_on"][f"{prefix}-migrate"]["condition"] == done
        assert found[service, "web"]["depends_on"] == {f"{prefix}-migrate": {"condition": done}}, "HTTP needs no broker"
        for process in ("worker", "relay"):
            assert found[service, process]["depends_on"] == {f"{prefix}-topics": {"condition": done}}


def test_each_process_is_given_every_setting_it_needs_and_none_it_does_not_know(compose: Compose) -> None:
    for (service, process), container in ours(compose).items():
        environment = container["environment"]
        check_settings(service, process, {name: filled(service, name, value) for name, value in environment.items()})


def test_a_secret_has_no_default_and_its_absence_says_how_to_make_it(compose: Compose) -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    secrets = {name for name, _ in REQUIRED.findall(text) if not name.startswith("OIDC_")}
    assert {"TOKEN_KEYS", "SEAL_KEYS", "PAYOUT_RAIL_TOKEN", "FRAUD_DETECTION_MODEL_SIGNING_KEY"} <= secrets
    assert not secrets & {name for name, _ in OPTIONAL.findall(text)}
    for name, advice in REQUIRED.findall(text):
        assert name in {"OIDC_ISSUER", "OIDC_JWKS_URL"} or "openssl rand -hex" in advice
    for container in compose["services"].values():
        for name, value in container.get("environment", {}).items():
            if name.endswith(("_KEYS", "_KEY", "_TOKEN", "PASSWORD")):
                assert REQUIRED.fullmatch(str(value)), f"{name} is written down"


def test_one_service_cannot_open_another_s_database(compose: Compose) -> None:
    urls = {
        service: ours(compose)[service, "web"]["environment"][f"{service.upper()}_DATABASE_URL"] for service in SERVICES
    }
    passwords = set()
    for service, url in urls.items():
        assert url.startswith(f"postgresql://{service}:")
        assert url.endswith(f"/{service}")
        passwords |= {name for name, _ in REQUIRED.findall(url)}
    assert len(passwords) == len(SERVICES)
    script = compose["configs"]["databases"]["content"]
    assert 'REVOKE ALL ON DATABASE :"service" FROM PUBLIC' in script
    for service in SERVICES:
        assert f"make {service} " in script


def test_no_process_writes_its_root_file_system_or_keeps_a_capability(compose: Compose) -> None:
    for process, container in ours(compose).items():
        assert container["read_only"] is True
        # The one place that is writable: memory, but where whole files are put down.
        on_disk = process in {("enrollment", "web"), ("enrollment", "worker")}
        shared = process in {("fraud_detection", "web"), ("fraud_detection", "worker")}
        files = ["evidence:/var/lib/fangzha/evidence"] if shared else []
        places = ([], ["/tmp"]) if on_disk else (["/tmp"], files)  # noqa: S108
        assert (container["tmpfs"], container.get("volumes", [])) == places
        assert container["cap_drop"] == ["ALL"]
    for name, container in compose["services"].items():
        for port in container.get("ports", ()):
            assert port.startswith("127.0.0.1:"), f"{name} listens beyond this machine"
