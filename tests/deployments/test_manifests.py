"""Kubernetes: each manifest is well formed and agrees with the program, the chart's included.

Not checked here: that a cluster starts them. The schema is that of Kubernetes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from s3syncd.cli.main import build_parser
from s3syncd.cli.status import _LIVE_SECONDS
from s3syncd.web.app import Application, Verdict
from tests.deployments.manifests import (
    CONFIG,
    CONTRIB,
    MANIFESTS,
    ROOT,
    STATE,
    daemon,
    loaded,
    manifest,
    of_kind,
    pod,
)


def test_there_are_manifests_for_each_way() -> None:
    assert [*MANIFESTS] == ["s3syncd.yaml", "sidecar.yaml"]


class Turning:
    """A daemon whose loops turn, whose bucket answers 403, and which has compared nothing yet."""

    def __getattr__(self, _name: str) -> Any:
        return dict  # nothing else is asked here

    def live(self) -> Verdict:
        return Verdict(True)

    def health(self) -> Verdict:
        return Verdict(False, ("photos: access_denied: 403",))

    def ready(self) -> Verdict:
        return Verdict(False)


def asked(path: str, host: str) -> int:
    """Ask as the kubelet does: by the pod's address, without a token."""
    seen: list[str] = []
    application = Application(Turning(), hosts=(), token="secret")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": host}
    application(environ, lambda status, _headers: seen.append(status))
    return int(seen[0].split()[0])


def test_probes_ask_for_what_they_are_about(documents: list[dict[str, Any]]) -> None:
    container = daemon(documents)
    (port,) = container["ports"]
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/livez", "port": port["name"]}
    assert asked("/livez", "10.1.2.3:9350") == 200
    ready = container.get("readinessProbe", {"httpGet": {"path": "/readyz", "port": "http"}})
    assert ready["httpGet"] == {"path": "/readyz", "port": port["name"]}
    assert asked("/readyz", "[fd00::1]:9350") == 503
    # Nothing restarts or hides a pod because of the bucket.
    assert "/healthz" not in str(documents)
    assert asked("/healthz", "10.1.2.3:9350") == 503


@pytest.mark.parametrize("version", ["1.29", kubernetes_validate.latest_version()])
def test_a_cluster_knows_every_word_of_a_manifest(
    documents: list[dict[str, Any]], version: str
) -> None:
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize(("word", "value"), [("replica", 1), ("replicas", "1")])
def test_a_word_that_no_cluster_knows_is_refused(word: str, value: object) -> None:
    (deployment,) = of_kind(manifest("s3syncd.yaml"), "Deployment")
    deployment["spec"][word] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, "1.29", strict=True)


@pytest.mark.parametrize(("name", "is_asked"), [
    ("s3syncd.yaml", True), ("sidecar.yaml", False), ("chart", True),
])  # fmt: skip
def test_a_deployment_is_ready_when_all_was_compared_and_a_sidecar_delays_nobody(
    name: str, is_asked: bool
) -> None:
    assert ("readinessProbe" in daemon(manifest(name))) == is_asked


def test_the_port_of_the_probes_is_open_to_the_kubelet_and_guarded_by_a_token(
    documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    (config_map,) = of_kind(documents, "ConfigMap")
    config = loaded(config_map["data"]["config.yml"], tmp_path)
    container = daemon(documents)
    (port,) = container["ports"]
    assert config.http_address == ("0.0.0.0", port["containerPort"])
    assert not config.http_needs_token
    assert config.warnings == ()
    (token,) = [each for each in container["env"] if each["name"] == "S3SYNCD_HTTP_TOKEN"]
    assert set(token["valueFrom"]["secretKeyRef"]) == {"name", "key"}
    assert "token: ${S3SYNCD_HTTP_TOKEN}" in config_map["data"]["config.yml"].replace('"', "")


def test_the_health_of_a_container_is_asked_by_a_command_that_exists() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    found = re.search(r"^HEALTHCHECK .*?--timeout=(\d+)s .*CMD (\[.*\])$", text, re.MULTILINE)
    assert found
    command = yaml.safe_load(found[2])
    assert build_parser().parse_args(command[1:]).live
    assert int(found[1]) > _LIVE_SECONDS


def test_the_configuration_of_a_manifest_loads_and_names_what_is_mounted(
    documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    (config_map,) = of_kind(documents, "ConfigMap")
    config = loaded(config_map["data"]["config.yml"], tmp_path)
    mounts = {each["mountPath"]: each for each in daemon(documents)["volumeMounts"]}
    assert str(config.state_dir) == STATE
    for site in config.sites:
        assert mounts[str(site.root)]["readOnly"] is True
    assert mounts[CONFIG]["readOnly"] is True
    assert "subPath" not in mounts[CONFIG]  # such a file never changes
    assert not mounts[STATE].get("readOnly")


def test_every_mount_has_its_volume_and_every_volume_its_use(
    documents: list[dict[str, Any]],
) -> None:
    spec = pod(documents)
    volumes = {each["name"]: each for each in spec["volumes"]}
    every = [*spec.get("initContainers", []), *spec["containers"]]
    mounted = {mount["name"] for each in every for mount in each["volumeMounts"]}
    assert mounted == set(volumes)
    (config_map,) = of_kind(documents, "ConfigMap")
    assert config_map["metadata"]["name"] in {
        volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume
    }
    for claim in of_kind(documents, "PersistentVolumeClaim"):
        assert claim["metadata"]["name"] in {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in volumes.values()
            if "persistentVolumeClaim" in volume
        }
    for account in of_kind(documents, "ServiceAccount"):
        assert spec["serviceAccountName"] == account["metadata"]["name"]


def test_a_pod_has_no_rights_it_does_not_need(documents: list[dict[str, Any]]) -> None:
    spec, container = pod(documents), daemon(documents)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001  # the image's own
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}


def test_a_stop_has_time_to_drain_and_two_never_run_at_once(
    documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    (deployment,) = of_kind(documents, "Deployment")
    (config_map,) = of_kind(documents, "ConfigMap")
    config = loaded(config_map["data"]["config.yml"], tmp_path)
    seconds = pod(documents)["terminationGracePeriodSeconds"]
    assert seconds >= config.shutdown_timeout_seconds + 15
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels


def test_a_sidecar_keeps_running_beside_the_program() -> None:
    documents = list(yaml.safe_load_all((CONTRIB / "kubernetes/sidecar.yaml").read_text()))
    (sidecar,) = pod(documents)["initContainers"]
    assert sidecar["restartPolicy"] == "Always"  # else the program would wait for its end


def test_the_role_of_an_account_is_given_by_its_annotation() -> None:
    documents = list(yaml.safe_load_all((CONTRIB / "kubernetes/s3syncd.yaml").read_text()))
    (account,) = of_kind(documents, "ServiceAccount")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].startswith("arn:aws:")
