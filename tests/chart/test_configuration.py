"""The rendered configuration, checked by usher itself, as the pod would."""

import os
import subprocess

import pytest

import chart

USHER = os.environ["USHER_BIN"]


def lay_out(pod, objects, folder, others=None):
    """The files of the pod's volume `config`, as the kubelet lays them out. Secrets have made-up values."""
    volume = next(volume for volume in pod["spec"]["volumes"] if volume["name"] == "config")
    for source in volume["projected"]["sources"]:
        for item in (source.get("configMap") or source["secret"])["items"]:
            path = folder / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if "configMap" in source:
                path.write_text(objects.configuration() or others)
            else:
                path.write_text(f"a-made-up-value-of-{item['key']}-0123456789")


def environment(container, folder):
    """The container's environment. Only its own mount is elsewhere here."""
    told = {item["name"]: item.get("value", "release-usher-0") for item in container["env"]}
    return {name: value.replace("/etc/usher", str(folder)) for name, value in told.items()}


def check(pod, folder):
    container = next(item for item in pod["spec"]["initContainers"] if item["name"] == "check")
    arguments = [argument.replace("/etc/usher", str(folder)) for argument in container["args"]]
    return subprocess.run([USHER, *arguments], env=environment(container, folder), capture_output=True, text=True, timeout=300)


# What somebody else's ConfigMap says; the chart's keys are wrong in it on purpose.
OTHERS = """
data_dir: /nowhere
admin: { listen: "127.0.0.1:1" }
log: { kind: kafka, kafka: { brokers: ["nowhere:1"] } }
sources:
  - id: acme
    product: jira-dc
    base_url: https://jira.acme.example
    auth: { bearer: { file: secrets/acme/pat } }
    webhook: { hmac: [{ file: secrets/acme/webhook }] }
"""


def test_usher_accepts_the_configuration(objects, tmp_path):
    checked = 0
    for name, pod in objects.pods():
        if "initContainers" in pod["spec"]:
            folder = tmp_path / name
            lay_out(pod, objects, folder, OTHERS)
            done = check(pod, folder)
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
            checked += 1
    assert checked > 0


def test_usher_refuses_a_wrong_one_with_its_place(tmp_path):
    values = {"config": {"sources": [{"id": "acme", "product": "jira-dc", "base_url": "ftp://jira", "auth": {"bearer": {"value": "x"}}}]}}
    objects = chart.rendered(values)
    [(_, pod)] = [(name, pod) for name, pod in objects.pods() if "initContainers" in pod["spec"]]
    lay_out(pod, objects, tmp_path)
    done = check(pod, tmp_path)
    assert done.returncode == 2
    place = next(n for n, line in enumerate(objects.configuration().splitlines(), 1) if "ftp://" in line)
    assert f"usher.yaml:{place}:" in done.stderr + done.stdout


def test_container_and_check_see_the_same(objects):
    for name, pod in objects.pods():
        for container in pod["spec"].get("initContainers", []):
            if container["name"] != "check":
                continue
            main = next(item for item in pod["spec"]["containers"] if item["name"] == "usher")
            for key in ("image", "env", "volumeMounts", "securityContext"):
                assert container[key] == main[key], f"{name}: {key}"


ACME = {
    "id": "acme", "product": "jira-dc", "base_url": "https://jira.acme.example", "auth": {"bearer": {"value": "x"}},
    "webhook": {"hmac": [{"value": "y"}]},
}


def acme(**changes):
    return {"config": {"sources": [{**ACME, **changes}]}}


@pytest.mark.parametrize("change,restarts", [
    ({"config": {**acme()["config"], "mode": "observe"}}, False),
    ({"config": {**acme()["config"], "schemes": []}}, False),
    (acme(rate={"per_second": 5}), False),
    (acme(auth={"bearer": {"value": "z"}}), False),
    (acme(webhook={"hmac": [{"value": "z"}]}), False),
    (acme(credentials_expire="2099-01-01"), False),
    ({**acme(), "adminToken": {"existingSecret": "admin"}}, True),
    (acme(base_url="https://jira.example"), True),
    (acme(feed={"kind": "audit-log", "every": "30s"}), True),
    (acme(reconcile={"every": "1h"}), True),
    (acme(webhook={**ACME["webhook"], "actions": {"login": ["user_login"]}}), True),
    (acme(webhook={**ACME["webhook"], "bearer": [{"value": "z"}]}), True),
    (acme(webhook={"bearer": [{"value": "z"}]}), False),
    ({"config": {"sources": []}}, True),
    ({"config": {**acme()["config"], "webhooks": {"max_body": "2MiB"}}}, True),
    ({**acme(), "listenAddress": "[::]"}, True),
])
def test_pods_restart_only_for_what_a_running_usher_cannot_take_up(change, restarts):
    def pod(values):
        [item] = chart.rendered(values).of("StatefulSet")
        return item["spec"]["template"]

    assert (pod(acme()) != pod(change)) == restarts
