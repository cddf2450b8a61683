"""The Kubernetes manifests: valid offline, complete for each process, and with nothing secret inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.contracts.kustomize import Manifest, render
from tests.contracts.services_known import ONE_SHOTS, PROCESSES, ROOT, SERVICES, check_settings, stand_in

OVERLAYS = ("local", "production")
BUFFERING = "nginx.ingress.kubernetes.io/proxy-request-buffering"
JSON = ("application/json",)
EVIDENCE = "/var/lib/fangzha/evidence"
KEEP_FILES = {("fraud_detection", "web"), ("fraud_detection", "worker")}


@pytest.fixture(scope="module", params=OVERLAYS)
def rendered(request: pytest.FixtureRequest) -> list[Manifest]:
    return render(ROOT / "k8s" / "overlays" / str(request.param))


def named(rendered: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [each for each in rendered if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def containers(rendered: list[Manifest]) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Each container of ours: service, process, container, pod."""
    for manifest in rendered:
        if manifest["kind"] in {"Deployment", "Job"}:
            pod = manifest["spec"]["template"]
            service = pod["metadata"]["labels"]["app.kubernetes.io/name"].replace("-", "_")
            for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
                yield service, container["args"][0], container, pod["spec"]


def test_every_object_fits_the_kubernetes_schemas(rendered: list[Manifest]) -> None:
    for manifest in rendered:
        kubernetes_validate.validate(manifest, "1.33", strict=True)
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_a_manifest_with_a_misspelled_field_is_noticed(rendered: list[Manifest]) -> None:
    broken = named(rendered, "Deployment", "payout-web") | {"specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.33", strict=True)


def test_each_service_runs_as_web_worker_and_relay_after_its_migration(rendered: list[Manifest]) -> None:
    processes = {(service, process) for service, process, _, _ in containers(rendered)}
    assert processes == PROCESSES | ONE_SHOTS


def test_each_process_is_given_every_setting_it_needs_and_none_it_does_not_know(rendered: list[Manifest]) -> None:
    for service, process, container, _ in containers(rendered):
        given: dict[str, str] = {}
        for source in container["envFrom"]:
            given |= named(rendered, "ConfigMap", source["configMapRef"]["name"])["data"]
        given |= {entry["name"]: stand_in(service, entry["name"]) for entry in container["env"]}
        check_settings(service, process, given)


def test_secrets_come_by_reference_and_only_from_the_service_s_own_secret(rendered: list[Manifest]) -> None:
    for service, _, container, _ in containers(rendered):
        for entry in container["env"]:
            reference = entry["valueFrom"]["secretKeyRef"]
            assert reference == {"name": f"{service.replace('_', '-')}-secrets", "key": entry["name"]}
    assert not [manifest for manifest in rendered if manifest["kind"] == "Secret"]
    for manifest in rendered:
        if manifest["kind"] == "ConfigMap":
            assert not [
                name
                for name in manifest["data"]
                if name.endswith(("_KEYS", "_KEY", "_TOKEN", "_PASSWORD", "_DATABASE_URL"))
            ]


def test_no_process_runs_as_root_writes_its_root_or_keeps_a_capability(rendered: list[Manifest]) -> None:
    for service, process, container, pod in containers(rendered):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        shared = [EVIDENCE] if (service, process) in KEEP_FILES else []
        assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp", *shared]  # noqa: S108 - the mount that makes the root read-only
        assert set(container["resources"]["limits"]) == set(container["resources"]["requests"]) == {"cpu", "memory"}


def test_web_and_worker_keep_files_of_evidence_in_one_place(rendered: list[Manifest]) -> None:
    settings = named(rendered, "ConfigMap", "fraud-detection-settings")["data"]
    assert settings["FRAUD_DETECTION_EVIDENCE_URL"] == f"file://{EVIDENCE}"
    claim = named(rendered, "PersistentVolumeClaim", "fraud-detection-evidence")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for service, process, _, pod in containers(rendered):
        claims = [each["persistentVolumeClaim"] for each in pod["volumes"] if "persistentVolumeClaim" in each]
        assert claims == ([{"claimName": claim["metadata"]["name"]}] if (service, process) in KEEP_FILES else [])


def test_probes_ask_the_port_that_the_process_listens_on(rendered: list[Manifest]) -> None:
    for service, process, container, _ in containers(rendered):
        if (service, process) in PROCESSES:
            settings = named(rendered, "ConfigMap", f"{service.replace('_', '-')}-settings")["data"]
            ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
            assert ports == {"health": settings["HEALTH_PORT"]} | (
                {"http": settings["WEB_PORT"]} if process == "web" else {}
            )
            for host in ("WEB_HOST", "HEALTH_HOST"):
                assert settings[host] == "0.0.0.0"  # noqa: S104 - a pod's own address
            for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
                assert container[probe]["httpGet"] == {"path": path, "port": "health"}


def test_every_deployment_has_a_disruption_budget_that_selects_its_pods(rendered: list[Manifest]) -> None:
    for manifest in rendered:
        if manifest["kind"] == "Deployment":
            budget = named(rendered, "PodDisruptionBudget", manifest["metadata"]["name"])
            assert budget["spec"]["selector"] == manifest["spec"]["selector"]
            assert budget["spec"]["maxUnavailable"] == 1
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            assert manifest["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_users_reach_web_alone(rendered: list[Manifest]) -> None:
    for service in SERVICES:
        name = service.replace("_", "-")
        web = {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "web"}
        assert named(rendered, "Service", name)["spec"]["selector"] == web
        policy = named(rendered, "NetworkPolicy", name)["spec"]
        assert policy["podSelector"] == {"matchLabels": web}
        assert policy["policyTypes"] == ["Ingress"]


def allows(policy: Manifest, service: str, component: str) -> bool:
    """Whether a policy is about the pods of one component of a service."""
    labels = {"app.kubernetes.io/name": service.replace("_", "-"), "app.kubernetes.io/component": component}
    selector = policy["spec"]["podSelector"]
    chosen = all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
    for rule in selector.get("matchExpressions", ()):
        assert rule["operator"] == "In"
        chosen = chosen and labels.get(rule["key"]) in rule["values"]
    return chosen


def reached(rendered: list[Manifest], service: str, component: str) -> set[str]:
    """Whom a component may call: the role of a namespace, or ``outside``."""
    found = set()
    for policy in rendered:
        if policy["kind"] == "NetworkPolicy" and allows(policy, service, component):
            for rule in policy["spec"].get("egress", ()):
                assert rule["ports"], "every way out names its ports"
                for place in rule["to"]:
                    labels = place.get("namespaceSelector", {}).get("matchLabels", {})
                    assert labels or "ipBlock" in place
                    found.add(str(next(iter(labels.values()), "outside")))
    return found


def test_no_pod_calls_or_is_called_unless_a_policy_names_it(rendered: list[Manifest]) -> None:
    deny = named(rendered, "NetworkPolicy", "nothing-unless-allowed")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    every, broker = {"kube-system", "postgresql"}, {"kube-system", "postgresql", "kafka"}
    assert reached(rendered, "fraud_detection", "trainer") == every, "training needs no broker"
    for service in SERVICES:
        assert reached(rendered, service, "web") == every | {"outside"}, "HTTP needs no broker"
        assert reached(rendered, service, "worker") == broker | {"outside"}, "webhooks, and payout's bank"
        assert reached(rendered, service, "relay") == reached(rendered, service, "migrate") == broker


def test_outside_is_no_private_address_and_no_metadata_service(rendered: list[Manifest]) -> None:
    for policy in rendered:
        for rule in policy["spec"].get("egress", ()) if policy["kind"] == "NetworkPolicy" else ():
            for place in rule["to"]:
                if block := place.get("ipBlock"):
                    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(block["except"])
                    assert rule["ports"] == [{"port": 443}]


def test_the_proxy_waits_for_slow_clients_and_hands_on_only_files_as_they_come() -> None:
    rendered = render(ROOT / "k8s" / "overlays" / "production")
    streaming = {
        path
        for service in SERVICES
        for path, methods in json.loads((ROOT / "docs" / "api" / f"{service}.json").read_text())["paths"].items()
        if any("application/json" not in m.get("requestBody", {}).get("content", JSON) for m in methods.values())
    }
    handed_on = set()
    for ingress in (each for each in rendered if each["kind"] == "Ingress"):
        (rule,) = ingress["spec"]["rules"]
        for path in rule["http"]["paths"]:
            service = named(rendered, "Service", path["backend"]["service"]["name"])
            assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}
            if ingress["metadata"]["annotations"][BUFFERING] == "off":
                handed_on.add(path["path"])
    assert handed_on == streaming


def test_production_is_no_sandbox_and_speaks_to_its_broker_over_tls() -> None:
    for manifest in render(ROOT / "k8s" / "overlays" / "production"):
        if manifest["kind"] == "ConfigMap":
            assert manifest["data"]["SANDBOX"] == "false"
            assert manifest["data"]["KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"


def test_a_worker_is_not_replicated_beyond_the_partitions_it_could_read(rendered: list[Manifest]) -> None:
    for manifest in rendered:
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"].endswith("-worker"):
            settings = named(rendered, "ConfigMap", manifest["metadata"]["name"].removesuffix("-worker") + "-settings")
            assert manifest["spec"]["replicas"] <= int(settings["data"]["KAFKA_TOPIC_PARTITIONS"])


def test_the_renderer_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": [], "namePrefix": "x-"}))
    with pytest.raises(ValueError, match="namePrefix"):
        render(tmp_path)
