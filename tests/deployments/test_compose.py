"""Compose: the example is well formed and agrees with the program."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.deployments.manifests import CONFIG, CONTRIB, STATE, loaded


@pytest.fixture
def services() -> dict[str, Any]:
    document = yaml.safe_load((CONTRIB / "compose/docker-compose.yml").read_text())
    named = {
        volume.split(":")[0]
        for service in document["services"].values()
        for volume in service["volumes"]
        if not volume.startswith(".")
    }
    assert named == set(document["volumes"])
    found: dict[str, Any] = document["services"]
    return found


def test_compose_knows_every_word_of_the_example() -> None:
    found = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    validator = Draft202012Validator(json.loads(found.read_text(encoding="utf-8")))
    document = yaml.safe_load((CONTRIB / "compose/docker-compose.yml").read_text())
    validator.validate(document)
    document["services"]["s3syncd"]["stop_graceperiod"] = "40s"
    assert not validator.is_valid(document)


def test_compose_starts_a_store_with_the_bucket_and_the_keys_of_the_configuration(
    services: dict[str, Any], tmp_path: Path
) -> None:
    (site,) = loaded((CONTRIB / "compose/config.yml").read_text(), tmp_path).sites
    (command,) = services["s3"]["command"]
    environment = services["s3syncd"]["environment"]
    keys = f"{environment['AWS_ACCESS_KEY_ID']},{environment['AWS_SECRET_ACCESS_KEY']}"
    assert f"mkdir -p /data/{site.bucket} " in command
    assert f"--auth-key {keys} /data" in command
    assert site.endpoint == "http://s3:9000"
    assert "--addr :9000" in command


def test_compose_mounts_what_the_configuration_names(
    services: dict[str, Any], tmp_path: Path
) -> None:
    (site,) = loaded((CONTRIB / "compose/config.yml").read_text(), tmp_path).sites
    mounts = [volume.split(":") for volume in services["s3syncd"]["volumes"]]
    assert ["./photos", str(site.root), "ro"] in mounts
    assert ["./config.yml", f"{CONFIG}/config.yml", "ro"] in mounts
    assert ["state", STATE] in mounts
    assert services["s3syncd"]["read_only"] is True
    assert (CONTRIB / "compose" / services["s3syncd"]["build"] / "Dockerfile").exists()
