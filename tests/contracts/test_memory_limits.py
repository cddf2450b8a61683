"""The memory that processes which read files are given is the sum of what their settings let them take.

What an upload and a part take is held under a real limit (tests/rules/enrollment/files/test_memory.py).
"""

from __future__ import annotations

from pathlib import Path

import yaml

from services.enrollment.files.intake import parquet_child, parquet_file, upload
from services.enrollment.files.usecases import prepare_part
from services.enrollment.files.worker import PARTS_AT_ONCE
from services.fraud_detection.evidence.pictures import limits
from services.fraud_detection.models.scoring import probing
from shared.web.receiving import MOST_AT_ONCE
from tests.contracts.kustomize import render
from tests.contracts.services_known import ROOT

MEBIBYTE = 1024**2
MASTER = 48 * MEBIBYTE
"""gunicorn's own process, which serves nothing."""
WEB = 144 * MEBIBYTE
"""A web process with all that it loads, before anything is asked of it; 141 MB were measured."""
WORKER = 200 * MEBIBYTE
"""A worker likewise, with Kafka's clients; 187 MB were measured."""
ROOM = 1.25
"""At most so many times the sum is given: a limit far above it would not be one."""
SCORING = 512 * MEBIBYTE
"""A worker of fraud detection with the libraries that score; 346 MB were measured."""
TRAINER = 128 * MEBIBYTE
"""The trainer beside the child that makes a model: 99 MiB once it has profiled 800,000 past claims."""
READERS = parquet_file.AT_ONCE * parquet_child.MEMORY_BYTES


def web(processes: int) -> int:
    return MASTER + processes * (WEB + MOST_AT_ONCE * upload.MEMORY_BYTES + READERS)


def worker() -> int:
    """It does parts, and picks up one file at a time."""
    return WORKER + PARTS_AT_ONCE * prepare_part.MEMORY_BYTES + upload.MEMORY_BYTES + READERS


def test_a_pod_may_take_what_its_settings_let_it_take_and_little_more() -> None:
    for overlay in ("local", "production"):
        rendered = render(Path(ROOT / "k8s" / "overlays" / overlay))
        (settings,) = [
            each["data"]
            for each in rendered
            if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "enrollment-settings"
        ]
        for process, takes in (("web", web(int(settings["WEB_WORKERS"]))), ("worker", worker())):
            (pod,) = [
                each
                for each in rendered
                if each["metadata"]["name"] == f"enrollment-{process}"
                and "spec" in each
                and each["kind"] == "Deployment"
            ]
            (container,) = pod["spec"]["template"]["spec"]["containers"]
            given = int(container["resources"]["limits"]["memory"].removesuffix("Mi")) * MEBIBYTE
            most = ROOM if overlay == "production" else 2
            assert takes <= given <= takes * most, (overlay, process, takes // MEBIBYTE)


def test_a_worker_of_fraud_detection_has_room_for_the_reader_of_files() -> None:
    reader = limits.AT_ONCE * limits.MEMORY_BYTES
    for overlay in ("local", "production"):
        (pod,) = [
            each
            for each in render(Path(ROOT / "k8s" / "overlays" / overlay))
            if each["metadata"]["name"] == "fraud-detection-worker" and each["kind"] == "Deployment"
        ]
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        assert int(container["resources"]["limits"]["memory"].removesuffix("Mi")) * MEBIBYTE >= reader + SCORING
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    assert int(services["fraud-detection-worker"]["mem_limit"].removesuffix("m")) * MEBIBYTE >= reader + SCORING


def test_a_trainer_has_room_for_the_making_of_a_model_and_little_more() -> None:
    given = []
    for overlay in ("local", "production"):
        rendered = render(Path(ROOT / "k8s" / "overlays" / overlay))
        (pod,) = [
            each
            for each in rendered
            if each["metadata"]["name"] == "fraud-detection-trainer" and each["kind"] == "Deployment"
        ]
        (settings,) = [
            each["data"]
            for each in rendered
            if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "fraud-detection-settings"
        ]
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        given.append((container["resources"]["limits"]["memory"].removesuffix("Mi"), settings))
    trainer = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["fraud-detection-trainer"]
    given.append((trainer["mem_limit"].removesuffix("m"), trainer["environment"]))
    for limit, settings in given:
        takes = int(settings["FRAUD_DETECTION_TRAINING_MEMORY_MIB"]) * MEBIBYTE + TRAINER
        assert takes <= int(limit) * MEBIBYTE <= takes * ROOM


def test_a_web_process_of_fraud_detection_has_room_for_a_model_that_is_probed() -> None:
    for overlay in ("local", "production"):
        rendered = render(Path(ROOT / "k8s" / "overlays" / overlay))
        (pod,) = [
            each
            for each in rendered
            if each["metadata"]["name"] == "fraud-detection-web" and each["kind"] == "Deployment"
        ]
        (settings,) = [
            each["data"]
            for each in rendered
            if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "fraud-detection-settings"
        ]
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        given = int(container["resources"]["limits"]["memory"].removesuffix("Mi")) * MEBIBYTE
        processes = int(settings["WEB_WORKERS"])
        assert given >= MASTER + processes * (WEB + probing.MEMORY_BYTES)


def test_a_container_of_compose_may_take_the_same() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    processes = int(services["enrollment-web"]["environment"]["WEB_WORKERS"])
    for process, takes in (("web", web(processes)), ("worker", worker())):
        given = int(services[f"enrollment-{process}"]["mem_limit"].removesuffix("m")) * MEBIBYTE
        assert takes <= given <= takes * ROOM, (process, takes // MEBIBYTE)
