"""Each way of running: valid objects, safe pods, the same bytes each time."""

import subprocess

import pytest
import yaml

import chart


def test_lint_has_nothing_to_say(ci):
    chart.helm("lint", "--strict", "--quiet", chart.CHART, "--values", ci)


def test_rendering_twice_gives_the_same_bytes(ci):
    arguments = ["template", "release", chart.CHART, "--values", ci]
    assert chart.helm(*arguments) == chart.helm(*arguments)


# Kinds that are no part of Kubernetes: their operators bring the schemas.
FOREIGN = {"ServiceMonitor", "PodMonitor", "PrometheusRule", "ScaledObject", "HTTPRoute", "CiliumNetworkPolicy"}


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_objects_are_valid(version, tmp_path):
    files = []
    count = 0
    for ci in chart.CI:
        native = [item for item in chart.rendered(ci).objects if item["kind"] not in FOREIGN]
        files.append(tmp_path / ci.name)
        files[-1].write_text(yaml.safe_dump_all(native))
        count += len(native)
    command = ["python", "-m", "kubernetes_validate", "-k", version, "--strict", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" passed for resource ") == count, done.stdout


def test_objects_have_labels_and_no_namespace_of_their_own(objects):
    for item in objects.objects:
        labels = item["metadata"].get("labels", {})
        if item["metadata"]["name"] != "release-note":
            assert {"app.kubernetes.io/name", "app.kubernetes.io/instance"} <= labels.keys(), item
        assert "namespace" not in item["metadata"], item


def test_there_is_no_hook_but_the_test_and_nothing_cluster_wide(objects):
    for item in objects.objects:
        assert item["metadata"].get("annotations", {}).get("helm.sh/hook", "test") == "test", item
        assert item["kind"] not in {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Secret"}


def test_pods_fit_the_profile_restricted(objects):
    for name, pod in objects.pods():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] != 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        volumes = {key for volume in spec.get("volumes", []) for key in volume if key != "name"}
        assert volumes <= {"projected", "emptyDir", "persistentVolumeClaim", "configMap", "secret"}, name
        for container in spec["containers"] + spec.get("initContainers", []):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert "memory" in container["resources"]["limits"], name
            assert "cpu" not in container["resources"]["limits"], name
            assert all("hostPort" not in port for port in container.get("ports", [])), name


def test_only_the_webhook_port_is_exposed(objects):
    for item in objects.of("Ingress"):
        services = [path["backend"]["service"] for rule in item["spec"]["rules"] for path in rule["http"]["paths"]]
        assert services == [{"name": "release-usher", "port": {"name": "webhooks"}}]
    for item in objects.of("HTTPRoute"):
        assert [ref["name"] for rule in item["spec"]["rules"] for ref in rule["backendRefs"]] == ["release-usher"]
    for item in objects.of("Service"):
        if "admin" in [port["name"] for port in item["spec"]["ports"]]:
            assert item["spec"]["type"] == "ClusterIP"
    assert [port["name"] for port in objects.one("Service", "release-usher")["spec"]["ports"]] == ["webhooks"]


def test_selectors_find_their_pods_and_no_others(objects):
    def matching(selector):
        return {name for name, pod in objects.pods() if selector.items() <= pod["metadata"]["labels"].items()}

    workloads = {item["metadata"]["name"] for item in objects.of(*chart.WORKLOADS)}
    for item in objects.of(*chart.WORKLOADS):
        assert matching(item["spec"]["selector"]["matchLabels"]) == {item["metadata"]["name"]}
    own = workloads - {"release-usher-sandbox"}
    assert matching(objects.one("Service", "release-usher-headless")["spec"]["selector"]) == own
    split = len(own) > 1
    assert matching(objects.one("Service", "release-usher")["spec"]["selector"]) == ({"release-usher-webhooks"} if split else own)
    assert matching(objects.one("Service", "release-usher-admin")["spec"]["selector"]) == ({"release-usher-admin"} if split else own)
    for budget in objects.of("PodDisruptionBudget"):
        assert matching(budget["spec"]["selector"]["matchLabels"]) == {budget["metadata"]["name"]}
    for policy in objects.of("NetworkPolicy"):
        assert matching(policy["spec"]["podSelector"]["matchLabels"]) == own


def test_a_monitor_scrapes_each_pod_once(objects):
    for monitor in objects.of("ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"]
        services = [s["metadata"]["name"] for s in objects.of("Service") if selector.items() <= s["metadata"]["labels"].items()]
        assert services == ["release-usher-headless"]
    assert len(objects.of("ServiceMonitor", "PodMonitor")) <= 1


def test_a_pod_has_time_to_end(objects):
    for name, pod in objects.pods():
        for container in pod["spec"]["containers"]:
            if container["name"] == "usher":
                sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
                serves_webhooks = "webhooks" in [port["name"] for port in container["ports"]]
                assert (sleep > 0) == serves_webhooks, name
                assert pod["spec"]["terminationGracePeriodSeconds"] >= sleep + 30, name


def test_replicas_are_left_to_the_autoscalers():
    objects = chart.rendered(chart.CHART / "ci" / "split.yaml")
    scaled = [a["spec"]["scaleTargetRef"]["name"] for a in objects.of("HorizontalPodAutoscaler", "ScaledObject")]
    assert sorted(scaled) == ["release-usher-engine", "release-usher-webhooks"]
    for item in objects.of(*chart.WORKLOADS):
        assert ("replicas" in item["spec"]) == (item["metadata"]["name"] not in scaled)


def test_large_numbers_stay_numbers():
    values = {"autoscaling": {"engine": {"lag": 5_000_000}}, "monitoring": {"rules": {"enabled": True, "thresholds": {"lagRecords": 20_000_000}}}}
    text = chart.template(chart.CHART / "ci" / "split.yaml", values)
    assert "'5000000'" in text or '"5000000"' in text
    assert "> 20000000" in text
    assert "e+0" not in text


def test_a_label_stands_once_and_the_nearer_value_wins():
    # helm reads a key that stands twice without a word; the API server's tools refuse it.
    labels = {"team": "all", "release": "none"}
    values = {"commonLabels": labels, "podLabels": {"team": "pods"}, "podAnnotations": {"checksum/restart": "none", "team": "pods"}}
    objects = chart.Rendered([item for item in chart.strictly(chart.template(chart.CHART / "ci" / "kafka.yaml", values)) if item])
    for item in objects.objects:
        told = item["metadata"]["labels"]
        assert labels.keys() <= told.keys(), item
        assert told["release"] == ("prometheus" if item["kind"] in ("ServiceMonitor", "PrometheusRule") else "none")
    pod = objects.one("StatefulSet", "release-usher")["spec"]["template"]["metadata"]
    assert pod["labels"]["team"] == pod["annotations"]["team"] == "pods"
    assert pod["annotations"]["checksum/restart"] != "none"


def test_all_objects_of_the_demo_have_the_labels_of_the_values():
    for item in chart.rendered(chart.CHART / "ci" / "demo.yaml", {"commonLabels": {"team": "identity"}}).objects:
        assert item["metadata"]["labels"]["team"] == "identity", item
        if item["kind"] in chart.WORKLOADS:
            assert item["spec"]["template"]["metadata"]["labels"]["team"] == "identity"


@pytest.mark.parametrize("release", ["on", "no", "null", "e3", "a.b"])
def test_names_that_yaml_takes_for_something_else_stay_names(release):
    secrets = {"adminToken": {"existingSecret": "0123"}, "secrets": [{"name": "1e3", "existingSecret": "1e3", "items": ["7"]}]}
    more = {"image": {"pullSecrets": ["12"]}, "priorityClassName": "1.5", "persistence": {"storageClass": "1", "size": "10"}, "serviceAccount": {"name": "5"}}
    objects = chart.rendered({**secrets, **more}, release=release)
    for item in objects.objects:
        assert item["metadata"]["labels"]["app.kubernetes.io/instance"] == release
        assert isinstance(item["metadata"]["name"], str) and (item["kind"] != "Service" or "." not in item["metadata"]["name"])
    [item] = objects.of("StatefulSet")
    spec = item["spec"]["template"]["spec"]
    assert (spec["priorityClassName"], spec["serviceAccountName"], spec["imagePullSecrets"]) == ("1.5", "5", [{"name": "12"}])
    assert [source["secret"]["name"] for source in spec["volumes"][0]["projected"]["sources"][1:]] == ["0123", "1e3"]
    claim = item["spec"]["volumeClaimTemplates"][0]["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("1", "10")


def test_the_sandbox_listens_where_the_cluster_has_its_addresses():
    objects = chart.rendered(chart.CHART / "ci" / "demo.yaml", {"listenAddress": "[::]", "nodeSelector": {"pool": "people"}})
    pod = objects.one("Deployment", "release-usher-sandbox")["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["sandbox", "--listen", "[::]:8090"]
    assert pod["nodeSelector"] == {"pool": "people"}


def test_network_policies_know_proxies_and_the_keys_of_forge():
    sources = [
        {"id": "a", "product": "jira-dc", "base_url": "https://Jira.acme.example:8443/jira"},
        {"id": "b", "product": "jira-dc", "base_url": "http://wiki.acme.example", "proxy": "http://proxy.acme.example:3128"},
        {"id": "c", "product": "jira-dc", "base_url": "https://c.acme.example", "proxy": {"url": "https://proxy.acme.example", "username": "u"}},
        {"id": "d", "product": "atlassian-org"},
        {"id": "e", "product": "jira-cloud", "base_url": "https://acme.atlassian.net", "webhook": {"forge": {"app_id": "a"}}},
        {"id": "f", "product": "jira-cloud", "base_url": "https://acme.atlassian.net", "webhook": {"forge": {"app_id": "a", "jwks_file": "keys.json"}}},
        {"id": "g", "product": "jira-dc", "base_url": "http://plain.acme.example/"},
    ]
    egress = {"enabled": True, "ciliumHosts": True, "products": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}
    objects = chart.rendered({"config": {"sources": sources}, "networkPolicy": {"enabled": True, "egress": egress}})
    [_, *rules] = objects.one("CiliumNetworkPolicy", "release-usher")["spec"]["egress"]
    told = {rule["toPorts"][0]["ports"][0]["port"]: [host["matchName"] for host in rule["toFQDNs"]] for rule in rules}
    assert told == {
        "80": ["plain.acme.example"], "3128": ["proxy.acme.example"], "8443": ["jira.acme.example"],
        "443": ["acme.atlassian.net", "api.atlassian.com", "forge.cdn.prod.atlassian-dev.net", "proxy.acme.example"],
    }
    ports = [port["port"] for port in objects.one("NetworkPolicy", "release-usher")["spec"]["egress"][1]["ports"]]
    assert sorted(ports) == [80, 443, 3128, 8443]


def test_no_rule_of_cilium_is_empty():
    objects = chart.rendered({"networkPolicy": {"enabled": True, "egress": {"enabled": True, "ciliumHosts": True}}})
    [dns] = objects.one("CiliumNetworkPolicy", "release-usher")["spec"]["egress"]
    assert "toEndpoints" in dns


def test_network_policies_name_what_usher_talks_to():
    objects = chart.rendered(chart.CHART / "ci" / "split.yaml")
    policy = objects.one("NetworkPolicy", "release-usher")["spec"]
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]
    assert ports == [[53, 53], [9092], [8090]]
    cilium = chart.rendered(chart.CHART / "ci" / "kafka.yaml").one("CiliumNetworkPolicy", "release-usher")["spec"]
    assert cilium["egress"][1]["toFQDNs"] == [{"matchName": "acme.atlassian.net"}]
    assert cilium["egress"][1]["toPorts"] == [{"ports": [{"port": "443", "protocol": "TCP"}]}]
