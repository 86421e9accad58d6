"""Kubernetes, Helm and Compose: what contrib shows is well formed and agrees with the program.

Not checked here: that a cluster starts them. Their schemas are those of Kubernetes and Compose.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from s3syncd import __version__
from s3syncd.cli.main import build_parser
from s3syncd.cli.status import _LIVE_SECONDS
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.web.app import Application, Verdict
from tests.chart import CHART, linted, refused, rendered

ROOT = Path(__file__).resolve().parents[1]
CONTRIB = ROOT / "contrib"
STATE = "/var/lib/s3syncd"
CONFIG = "/etc/s3syncd"


# --- manifests ------------------------------------------------------------------------------------


MANIFESTS = {path.name: path for path in sorted((CONTRIB / "kubernetes").glob("*.yaml"))}


def manifest(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(MANIFESTS[name].read_text())) if name != "chart" else rendered()


@pytest.fixture(params=[*MANIFESTS, "chart"])
def documents(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Each way to run it in a cluster."""
    return manifest(request.param)


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


# --- the chart ------------------------------------------------------------------------------------


def test_the_chart_is_of_this_version() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == __version__
    assert about["apiVersion"] == "v2"


def test_the_image_is_that_of_the_charts_version_unless_told_otherwise() -> None:
    assert daemon(rendered())["image"] == f"s3syncd:{__version__}"
    assert daemon(rendered({"image": {"tag": "mine"}}))["image"] == "s3syncd:mine"


OTHER = {
    "image": {"repository": "registry.example/s3syncd", "tag": "mine", "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "registry"}],
    "config": {
        "sites": [{"path": "/data/a", "bucket": "bucket-a", "exclusions": ['"', "\\.t$", "<&>ä"]}]
    },
    "data": {
        "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}],
        "mounts": [{"name": "a", "mountPath": "/data/a"}, {"name": "b", "mountPath": "/b"}],
    },
    "http": {"tokenSecret": "other"},
    "envFrom": [{"secretRef": {"name": "keys"}}],
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"}},
    "state": {"size": "5Gi", "storageClassName": "fast"},
    "resources": {"limits": {"cpu": 2, "memory": "1Gi"}},
    "nodeSelector": {"disk": "photos"},
    "tolerations": [{"key": "storage", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [
            {"key": "disk", "operator": "In", "values": ["photos"]},
        ]}],
    }}},
    "runAsUser": 1_000_650_000,
    "terminationGracePeriodSeconds": 3_600_000,
}  # fmt: skip
"""Another value for each that the chart has."""


@pytest.mark.parametrize("values", [{}, OTHER], ids=["its own", "other"])
def test_helm_and_a_cluster_find_no_fault_in_the_chart(values: dict[str, Any]) -> None:
    assert "0 chart(s) failed" in linted(values)
    for document in rendered(values):
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("listen", ["0.0.0.0:9351", "127.0.0.1:9350", "unix:/tmp/http", None])
def test_an_address_that_the_kubelet_cannot_ask_is_refused(listen: str | None) -> None:
    said = refused({"config": {"http": {"listen": listen}}})
    assert "config.http.listen" in said
    assert "write 0.0.0.0:9350" in said


@pytest.mark.parametrize("listen", [":9350", "[::]:9350", "${LISTEN}"])
def test_an_address_that_the_kubelet_may_ask_is_taken(listen: str) -> None:
    assert rendered({"config": {"http": {"listen": listen}}})


def test_less_time_to_end_than_the_daemon_takes_is_refused() -> None:
    for seconds in (60, "60s", "1m", 3_600_000):
        said = refused({"config": {"shutdown_timeout_seconds": seconds}})
        assert "terminationGracePeriodSeconds is 40" in said
        assert "config.shutdown_timeout_seconds" in said
    assert refused({"terminationGracePeriodSeconds": 30})
    enough = {"config": {"shutdown_timeout_seconds": 3600}, "terminationGracePeriodSeconds": 3615}
    assert rendered(enough)


def test_other_values_are_other_in_all() -> None:
    assert OTHER.keys() == yaml.safe_load((CHART / "values.yaml").read_text()).keys()


def test_a_large_number_stays_a_whole_one() -> None:
    # OpenShift's users are above a million, which helm writes as 1.00065e+09 if it is let.
    context = pod(rendered(OTHER))["securityContext"]
    numbers = [context["runAsUser"], context["runAsGroup"], context["fsGroup"]]
    assert list(map(repr, numbers)) == ["1000650000"] * 3
    assert repr(pod(rendered(OTHER))["terminationGracePeriodSeconds"]) == "3600000"


def test_the_chart_says_where_a_pod_runs_and_how_its_image_is_had() -> None:
    spec = pod(rendered(OTHER))
    given = ("imagePullSecrets", "nodeSelector", "tolerations", "affinity")
    assert {name: spec[name] for name in given} == {name: OTHER[name] for name in given}
    plain = pod(rendered())
    assert not any(plain[name] for name in given)


def test_every_value_of_the_chart_is_used() -> None:
    templates = "".join(path.read_text() for path in (CHART / "templates").iterdir())
    used = set(re.findall(r"\.Values\.([A-Za-z.]+)", templates))
    known = yaml.safe_load((CHART / "values.yaml").read_text())
    leaves = {
        f"{name}.{inner}" if name in {"image", "data", "state", "serviceAccount", "http"} else name
        for name, value in known.items()
        for inner in (value if isinstance(value, dict) and value else [""])
    }
    assert used == leaves


def test_the_chart_takes_other_values(tmp_path: Path) -> None:
    documents = rendered(OTHER)
    (config_map,) = of_kind(documents, "ConfigMap")
    (site,) = loaded(config_map["data"]["config.yml"], tmp_path).sites
    assert site.exclusions == ('"', "\\.t$", "<&>ä")
    assert {each["name"] for each in pod(documents)["volumes"]} >= {"a", "b"}
    assert daemon(documents)["envFrom"] == OTHER["envFrom"]
    (account,) = of_kind(documents, "ServiceAccount")
    assert account["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"
    }
    (claim,) = of_kind(documents, "PersistentVolumeClaim")
    assert claim["spec"]["storageClassName"] == "fast"
    (plain,) = of_kind(rendered(), "PersistentVolumeClaim")
    assert "storageClassName" not in plain["spec"]


def test_another_configuration_starts_another_pod() -> None:
    def mark(documents: list[dict[str, Any]]) -> str:
        (deployment,) = of_kind(documents, "Deployment")
        found: str = deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        return found

    assert mark(rendered()) != mark(rendered({"config": {"sites": []}}))


# --- compose --------------------------------------------------------------------------------------


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
