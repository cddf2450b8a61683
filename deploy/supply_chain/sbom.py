"""A software bill of materials of each image, as CycloneDX 1.6. What is in it, the locks say."""

from __future__ import annotations

import importlib.metadata
import json
import uuid
from typing import Any, Final

from deploy.supply_chain.locks import Package, of_image
from shared.process.clock import wall_now

_SPACE: Final = uuid.UUID("6f1c2f0e-6d0c-5b3e-9a53-7d1f3c1c9b10")
"""Any fixed one: the same content has the same serial number."""


def bill(service: str) -> dict[str, Any]:
    """The bill of one service's image. The base image's own packages are not in it: they are Debian's and Python's."""
    packages = of_image(service)
    components = [_component(package) for package in packages]
    serial = uuid.uuid5(_SPACE, json.dumps([service, components], sort_keys=True))
    root = f"fangzha-{service.replace('_', '-')}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": wall_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": root, "name": root},
        },
        "components": components,
        "dependencies": _dependencies(root, packages),
    }


def _component(package: Package) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "properties": [{"name": "fangzha:locked-file-sha256", "value": each} for each in package.sha256],
    }
    license_ = _license(package)
    return component | ({"licenses": [license_]} if license_ else {})


def _license(package: Package) -> dict[str, Any] | None:
    """As its metadata says, where that very version is installed here."""
    try:
        found = importlib.metadata.metadata(package.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    if found["Version"] != package.version:
        return None
    if "License-Expression" in found:
        return {"expression": found["License-Expression"]}
    classifiers = [each for each in found.get_all("Classifier") or () if each.startswith("License :: ")]
    text = next(iter(found.get_all("License") or ()), "")
    name = classifiers[0].rpartition(" :: ")[2] if classifiers else text.partition("\n")[0]
    return {"license": {"name": name}} if name else None


def _dependencies(root: str, packages: list[Package]) -> list[dict[str, Any]]:
    purls = {package.name: package.purl for package in packages}
    needs: dict[str, list[str]] = {root: [], **{purl: [] for purl in purls.values()}}
    for package in packages:
        parents = [purls[name] for name in package.via if name in purls]
        for parent in parents or [root]:
            needs[parent].append(package.purl)
    return [{"ref": ref, "dependsOn": sorted(own)} for ref, own in sorted(needs.items())]
