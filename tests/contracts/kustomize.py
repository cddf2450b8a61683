"""Renders the overlays under k8s/ as `kubectl kustomize` does, for the features that they use. Any other is an error.

It leaves checking the result to the tests. Its output was compared object by object with kustomize 5.5.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

_KNOWN = {"apiVersion", "kind", "namespace", "resources", "labels", "images", "replicas", "patches"}
_CLUSTER_WIDE = {"Namespace"}


def render(folder: Path) -> list[Manifest]:
    """All objects of one kustomization, its bases included."""
    spec = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(spec) - _KNOWN
    if unknown:
        raise ValueError(f"{folder}: this renderer does not know {sorted(unknown)}")
    found: list[Manifest] = []
    for name in spec["resources"]:
        target = folder / name
        found += render(target) if target.is_dir() else _objects(target)
    for patch in spec.get("patches", ()):
        _patch(found, patch)
    for replicas in spec.get("replicas", ()):
        _one(found, "Deployment", replicas["name"])["spec"]["replicas"] = replicas["count"]
    for image in spec.get("images", ()):
        _retag(found, image)
    for labels in spec.get("labels", ()):
        _label(found, labels)
    if "namespace" in spec:
        for manifest in found:
            if manifest["kind"] not in _CLUSTER_WIDE:
                manifest["metadata"]["namespace"] = spec["namespace"]
    return found


def _objects(file: Path) -> list[Manifest]:
    # deepcopy: a YAML alias is one Python object, and a patch of one of its uses must not reach the others.
    return [_unaliased(document) for document in yaml.safe_load_all(file.read_text())]


def _unaliased(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unaliased(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unaliased(item) for item in value]
    return copy.copy(value)


def _one(found: list[Manifest], kind: str, name: str) -> Manifest:
    (manifest,) = [each for each in found if each["kind"] == kind and each["metadata"]["name"] == name]
    return manifest


def _patch(found: list[Manifest], patch: dict[str, Any]) -> None:
    target = patch["target"]
    if set(target) - {"kind", "name"}:
        raise ValueError(f"this renderer selects by kind and name only, not by {sorted(target)}")
    chosen = [
        manifest
        for manifest in found
        if manifest["kind"] == target["kind"]
        and target.get("name", manifest["metadata"]["name"]) == manifest["metadata"]["name"]
    ]
    if not chosen:
        raise ValueError(f"the patch for {target} touches nothing")
    for manifest in chosen:
        for step in yaml.safe_load(patch["patch"]):
            _apply(manifest, step)


def _apply(manifest: Manifest, step: dict[str, Any]) -> None:
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].lstrip("/").split("/")]
    place: Any = manifest
    for part in path:
        place = place[int(part)] if isinstance(place, list) else place[part]
    match step["op"]:
        case "add" if isinstance(place, list) and last == "-":
            place.append(step["value"])
        case "add" if isinstance(place, dict):
            place[last] = step["value"]
        case "replace" if isinstance(place, dict) and last in place:
            place[last] = step["value"]
        case _:
            raise ValueError(f"this renderer cannot apply {step} to {manifest['kind']} {manifest['metadata']['name']}")


def _retag(found: list[Manifest], image: dict[str, str]) -> None:
    for manifest in found:
        pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("initContainers", []) + pod.get("containers", []):
            if container["image"] == image["name"]:
                container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"


def _label(found: list[Manifest], labels: dict[str, Any]) -> None:
    if set(labels) - {"pairs", "includeTemplates"}:
        raise ValueError("this renderer labels objects and pod templates, never selectors")
    for manifest in found:
        manifest["metadata"].setdefault("labels", {}).update(labels["pairs"])
        template = manifest.get("spec", {}).get("template")
        if template is not None and labels.get("includeTemplates"):
            template["metadata"].setdefault("labels", {}).update(labels["pairs"])
