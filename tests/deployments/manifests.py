"""What contrib has for clusters, read, and the parts of it that tests ask about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from s3syncd.config.load import load
from s3syncd.config.models import Config
from tests.chart import rendered

__all__ = [
    "CONFIG",
    "CONTRIB",
    "MANIFESTS",
    "ROOT",
    "STATE",
    "daemon",
    "loaded",
    "manifest",
    "of_kind",
    "pod",
]

ROOT = Path(__file__).resolve().parents[2]
CONTRIB = ROOT / "contrib"
STATE = "/var/lib/s3syncd"
CONFIG = "/etc/s3syncd"

MANIFESTS = {path.name: path for path in sorted((CONTRIB / "kubernetes").glob("*.yaml"))}


def manifest(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(MANIFESTS[name].read_text())) if name != "chart" else rendered()


def of_kind(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in documents if each["kind"] == kind]


def pod(documents: list[dict[str, Any]]) -> dict[str, Any]:
    (deployment,) = of_kind(documents, "Deployment")
    return deployment["spec"]["template"]["spec"]


def daemon(documents: list[dict[str, Any]]) -> dict[str, Any]:
    spec = pod(documents)
    every = [*spec.get("initContainers", []), *spec["containers"]]
    (found,) = [each for each in every if each["name"] == "s3syncd"]
    return found


def loaded(text: str, tmp_path: Path) -> Config:
    path = tmp_path / "config.yml"
    path.write_text(text)
    return load(path, environ={"STATE_DIRECTORY": STATE, "S3SYNCD_HTTP_TOKEN": "token"})
