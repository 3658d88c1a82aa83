"""What `helm install` says."""

import re
import subprocess

import chart


def notes(*values):
    arguments = ["install", "release", chart.CHART, "--namespace", "people", "--dry-run=client"]
    for value in values:
        arguments += ["--values", chart.as_file(value) if isinstance(value, dict) else value]
    return chart.helm(*arguments).split("NOTES:\n")[1]


def test_each_way_of_running_has_notes(ci):
    text = notes(ci)
    assert "/webhooks/SOURCE" in text
    assert "port-forward" in text
    assert "%!" not in text


def test_commands_name_pods_and_services_that_are_there(ci):
    objects = chart.rendered(ci)
    text = notes(ci)
    pods = re.findall(r"exec (\S+)-0 -c usher ", text)
    assert len(pods) >= 1
    for name in pods:
        assert "usher" in [container["name"] for container in objects.one("StatefulSet", name)["spec"]["template"]["spec"]["containers"]]
    services = re.findall(r"port-forward service/(\S+) (\d+)", text) + re.findall(r"get service (\S+)()", text)
    for name, port in services:
        ports = [str(item["port"]) for item in objects.one("Service", name)["spec"]["ports"]]
        assert not port or port in ports


def test_the_configuration_that_the_notes_have_checked_is_the_one_of_the_pod(ci):
    told = re.search(r"^    helm template release CHART (.*) \|\n +(sed .*) \|$", notes(ci), re.MULTILINE)
    if not told:
        assert ci.stem in ("every-value", "existing-configmap", "kafka", "split")
        return
    manifest = chart.helm("template", "release", chart.CHART, *told[1].replace("VALUES", str(ci)).split())
    text = subprocess.run(told[2], shell=True, input=manifest, capture_output=True, text=True, timeout=300, check=True).stdout
    assert text.strip() == chart.rendered(ci).configuration().strip()


def test_the_way_in_is_said_for_each_kind_of_service_and_route():
    assert "https://HOST-OF-THE-GATEWAY/webhooks/SOURCE" in notes({"httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}})
    assert "EXTERNAL-IP" in notes({"service": {"type": "LoadBalancer", "port": 8080}})
    assert "http://NODE:PORT/webhooks/SOURCE" in notes({"service": {"type": "NodePort"}})
    assert "http://release-usher.people:8080/webhooks/SOURCE (inside" in notes({"service": {"port": 8080}})


def test_the_token_is_read_from_its_secret():
    assert "{{ index .data \"admin-token\" | base64decode }}" in notes(chart.CHART / "ci" / "split.yaml")


def test_rules_that_find_nothing_are_told_of():
    words = 'series with namespace="people",job="release-usher-headless"'
    assert words in notes({"monitoring": {"rules": {"enabled": True}}})
    for more in ({"rules": {"enabled": True, "selector": 'job="x"'}}, {"rules": {"enabled": True}, "serviceMonitor": {"enabled": True}}):
        assert "series with" not in notes({"monitoring": more})


def test_nothing_to_do_is_said():
    assert "There is no source yet" in notes()
