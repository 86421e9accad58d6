"""Helm: what the chart makes of its values, and which it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from s3syncd import __version__
from tests.chart import CHART, linted, refused, rendered
from tests.deployments.manifests import daemon, loaded, of_kind, pod


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
