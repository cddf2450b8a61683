"""Each service starts from only the files and packages that its image would hold, with only what it is given."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from deploy.local.places import LOOPBACK, free_port
from deploy.local.watchdog import MARK
from tests.contracts.dockerfile import Image, build, context, stages
from tests.contracts.kustomize import Manifest, render
from tests.contracts.services_known import PROCESSES, ROOT, SERVICES

Environment = Callable[[str], dict[str, str]]

pytestmark = pytest.mark.timeout(900)  # the packages of an image are unpacked, and nothing of it is compiled yet


@pytest.fixture(scope="module", params=SERVICES)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Image]:
    service = str(request.param)
    return service, build(ROOT, service, tmp_path_factory.mktemp(service))


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    return render(ROOT / "k8s" / "overlays" / "local")


def given(manifests: list[Manifest], service: str, process: str, environment: dict[str, str]) -> dict[str, str]:
    """What the manifest gives to a process: its own values, and the test's where it names an address or a secret."""
    found: dict[str, str] = {}
    for manifest in manifests:
        pod = manifest.get("spec", {}).get("template", {})
        if pod.get("metadata", {}).get("labels", {}).get("app.kubernetes.io/name") != service.replace("_", "-"):
            continue
        for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
            if container["args"] == [process]:
                names = {entry["name"] for entry in container["env"]}
                for source in container["envFrom"]:
                    (settings,) = [
                        each["data"]
                        for each in manifests
                        if each["kind"] == "ConfigMap" and each["metadata"]["name"] == source["configMapRef"]["name"]
                    ]
                    found |= settings
                found |= {name: environment[name] for name in names | (found.keys() & environment.keys())}
    # Where the pod has an address of its own, the test has this machine's loopback and a free port.
    found |= {"WEB_HOST": LOOPBACK, "HEALTH_HOST": LOOPBACK, "KAFKA_TOPIC_PREFIX": environment["KAFKA_TOPIC_PREFIX"]}
    found[MARK] = environment[MARK]
    return found | {"WEB_PORT": str(free_port()), "HEALTH_PORT": str(free_port())}


def command(image: Image, service: str, *words: str) -> list[str]:
    """What the image's entry point runs."""
    return [str(image.python), "-m", f"services.{service}", *words]


def run(image: Image, service: str, process: str, settings: dict[str, str], scratch: Path) -> str:
    done = subprocess.run(
        command(image, service, process),
        cwd=image.app,
        env=in_the_image(settings, scratch),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_the_image(settings: dict[str, str], scratch: Path) -> dict[str, str]:
    """The variables of the image beside those that the manifest gives; /tmp is the one place that may be written."""
    return {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(scratch), **settings}


def test_an_image_holds_shared_and_its_own_service_and_nothing_else(image: tuple[str, Image]) -> None:
    service, built = image
    files = built.files()
    assert "services/__init__.py" in files
    assert f"services/{service}/__main__.py" in files
    for file in files:
        assert file.startswith(("shared/", f"services/{service}/")) or file == "services/__init__.py", file
        assert not file.endswith(".pyc")


def test_an_image_holds_the_packages_of_its_own_service_alone(image: tuple[str, Image]) -> None:
    service, built = image
    probe = "import importlib.util as u, json; print(json.dumps([n for n in {} if u.find_spec(n)]))"
    asked = ["sklearn", "polars", "pytest", "circus", "matplotlib", "uv", "flask", "kafka", "psycopg2"]
    done = subprocess.run(
        [str(built.python), "-c", probe.format(asked)], capture_output=True, text=True, check=True, cwd=built.app
    )
    own = {"enrollment": {"polars"}, "fraud_detection": {"sklearn"}, "payout": set()}[service]
    assert set(json.loads(done.stdout)) == {"flask", "kafka", "psycopg2"} | own


def test_its_api_document_comes_out_of_the_image_without_any_setting(image: tuple[str, Image], tmp_path: Path) -> None:
    service, built = image
    document = json.loads(run(built, service, "openapi", {}, tmp_path))
    assert document["openapi"].startswith("3.1")
    assert document["paths"]


@pytest.fixture
def settings(
    image: tuple[str, Image], manifests: list[Manifest], environment: Environment
) -> Callable[[str], dict[str, str]]:
    service, _ = image
    all_of_them = environment(service)
    return lambda process: given(manifests, service, process, all_of_them)


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


def test_its_processes_start_get_ready_and_stop_without_writing_their_root(
    image: tuple[str, Image],
    settings: Callable[[str], dict[str, str]],
    children: list[subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    service, built = image
    before = built.files()
    for one_shot in ("migrate", "topics"):
        run(built, service, one_shot, settings(one_shot), tmp_path)
    addresses = {}
    for process in sorted(process for of, process in PROCESSES if of == service):
        variables = settings(process)
        addresses[process] = variables["HEALTH_PORT"]
        children.append(
            subprocess.Popen(
                command(built, service, process),
                cwd=built.app,
                env=in_the_image(variables, tmp_path),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for (process, port), child in zip(addresses.items(), children, strict=True):
        wait_until_ready(process, f"http://{LOOPBACK}:{port}/readyz", child)
    for child in children:
        child.send_signal(signal.SIGTERM)
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
    assert built.files() == before


def wait_until_ready(process: str, url: str, child: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 120
    said = "nothing"
    while time.monotonic() < limit:
        if child.poll() is not None:
            raise AssertionError(f"{process} ended with {child.returncode}: {child.communicate()[1]}")
        try:
            reply = httpx.get(url, timeout=2)
        except httpx.TransportError as error:
            said = str(error)
        else:
            if reply.status_code == httpx.codes.OK:
                return
            said = reply.text
        time.sleep(0.1)
    raise AssertionError(f"{process} did not get ready: {said}")


def test_the_sandbox_bank_of_compose_runs_in_payout_s_image(
    children: list[subprocess.Popen[str]], environment: Environment, tmp_path: Path
) -> None:
    built = build(ROOT, "payout", tmp_path / "image")
    bank = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["sandbox-bank"]
    for mount in bank["volumes"]:
        source, _, target = mount.partition(":")
        if source.startswith("../"):
            copy(ROOT / "deploy" / source, built.app / target.removeprefix("/app/").removesuffix(":ro"))
    port = str(free_port())
    here = {
        "SANDBOX_BANK_HOST": LOOPBACK,
        "SANDBOX_BANK_PORT": port,
        "SANDBOX_BANK_BOOK": str(tmp_path / "book.sqlite"),
    }
    assert set(here) < set(bank["environment"])
    given = here | {"PAYOUT_RAIL_TOKEN": "secret", MARK: environment("payout")[MARK]}
    words = [str(built.python), *bank["entrypoint"][1:]]
    assert bank["entrypoint"][0] == "python"
    children.append(
        subprocess.Popen(words, cwd=built.app, env=in_the_image(given, tmp_path), stderr=subprocess.PIPE, text=True)
    )
    wait_until_ready("sandbox bank", f"http://{LOOPBACK}:{port}/livez", children[-1])


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def test_the_image_runs_as_a_numbered_user_and_signals_reach_python() -> None:
    first, last = stages(ROOT / "deploy" / "Dockerfile")
    assert first.name == "build"
    (user,) = last.all("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "runAsNonRoot needs a number to check"
    words = [word for word, _ in last.instructions]
    assert words.index("USER") > max(
        index for index, word in enumerate(words) if word in {"COPY", "RUN", "ADD"} and word
    )
    assert not first.all("ADD") + last.all("ADD") + last.all("RUN")
    (entry,) = last.all("ENTRYPOINT")
    assert "exec python -m services.$SERVICE" in entry, "without exec the shell would swallow SIGTERM"
    assert last.all("CMD") == ['["web"]']


def test_packages_are_installed_from_hashed_requirements_only() -> None:
    first, _ = stages(ROOT / "deploy" / "Dockerfile")
    installing = [line for line in first.all("RUN") if "pip" in line]
    assert len(installing) == 2
    assert all("--require-hashes" in line for line in installing)
    pins = {}
    for name in ("installer", "development", *SERVICES):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        pins[name] = {line.split()[0] for line in text.splitlines() if re.match(r"[a-z0-9]", line)}
        assert text.count("--hash=sha256:") >= len(pins[name])
        assert "://" not in text, "a lock holds hashes and no addresses"
    assert pins["installer"] <= pins["development"], "uv is pinned once"


def test_no_key_and_no_test_reaches_the_builder() -> None:
    for file in context(ROOT):
        assert file.startswith(("services/", "shared/", "requirements/")), file
