"""The pod that the chart renders, as arguments for `podman run`; and one webhook for it.

pod.py render FOLDER BROKER    writes FOLDER/check and FOLDER/serve (arguments, each ended by a zero byte) and what they mount
pod.py deliver URL             posts a signed webhook; fails where it is not accepted
"""

import hashlib
import hmac
import json
import os
import pathlib
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chart"))
from chart import rendered  # noqa: E402

SECRETS = {"usher-admin": {"token": "the-admin-token"}, "usher-acme": {"pat": "the-pat", "webhook": "the-webhook-secret"}}
VALUES = {
    "mode": "kafka",
    "replicas": 1,
    "adminToken": {"existingSecret": "usher-admin"},
    "kafka": {"replicationFactor": 1, "partitions": 3},
    "config": {
        "sources": [
            {
                "id": "acme",
                "product": "jira-dc",
                "base_url": "http://127.0.0.1:9/",  # nobody there: a product that is away is no reason not to be ready
                "auth": {"bearer": {"file": "secrets/acme/pat"}},
                "webhook": {"hmac": [{"file": "secrets/acme/webhook"}]},
            }
        ]
    },
    "secrets": [{"name": "acme", "existingSecret": "usher-acme", "items": ["pat", "webhook"]}],
}


def render(folder, broker):
    values = folder / "values.json"
    values.write_text(json.dumps(VALUES | {"kafka": VALUES["kafka"] | {"brokers": [broker]}}))
    chart = rendered(values)
    (workload,) = chart.of("StatefulSet")
    pod = workload["spec"]["template"]["spec"]
    user = pod["securityContext"]
    volumes = {"data": folder / "data", "config": folder / "config", "tmp": None}
    volumes["data"].mkdir()
    os.chown(volumes["data"], 0, user["fsGroup"])
    volumes["data"].chmod(0o2770)  # as fsGroup leaves a new volume
    project(next(volume["projected"] for volume in pod["volumes"] if volume["name"] == "config"), chart, volumes["config"], user["fsGroup"])
    (check,) = pod["initContainers"]
    (serve,) = pod["containers"]
    for container, name in ((check, "check"), (serve, "serve")):
        arguments = run(container, user, f"{workload['metadata']['name']}-0", volumes)
        (folder / name).write_bytes(b"".join(argument.encode() + b"\0" for argument in arguments))


def project(volume, chart, folder, group):
    """What the kubelet makes of a projected volume."""
    for source in volume["sources"]:
        if "configMap" in source:
            texts, items = chart.one("ConfigMap", source["configMap"]["name"])["data"], source["configMap"]["items"]
        else:
            texts, items = SECRETS[source["secret"]["name"]], source["secret"]["items"]
        for item in items:
            path = folder / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[item["key"]])
            os.chown(path, 0, group)
            path.chmod(volume["defaultMode"])


def run(container, user, pod_name, volumes):
    """Everything that is set for the container; what is set and not known here is an error."""
    security = container["securityContext"]
    assert security == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}, security
    yield from ("--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    yield from ("--user", f"{user['runAsUser']}:{user['runAsGroup']}", "--group-add", str(user["fsGroup"]))
    yield from ("--memory", container["resources"]["limits"]["memory"].replace("Mi", "m"))
    for variable in container["env"]:
        yield from ("--env", f"{variable['name']}={variable.get('value', pod_name)}")
    for mount in container["volumeMounts"]:
        path, volume = mount["mountPath"], volumes[mount["name"]]
        if volume is None:
            yield from ("--tmpfs", f"{path}:mode=1777")
        else:
            yield from ("--volume", f"{volume}:{path}" + (":ro" if mount.get("readOnly") else ""))
    assert "command" not in container
    yield "IMAGE"
    yield from container["args"]


def deliver(url):
    body = json.dumps({"webhookEvent": "user_created", "timestamp": 1700000000000, "user": {"name": "jdoe", "key": "JIRAUSER1"}}).encode()
    digest = hmac.new(SECRETS["usher-acme"]["webhook"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={digest}"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
        assert answer.status == 200 and "event" in json.load(answer)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["render", folder, broker]:
            render(pathlib.Path(folder), broker)
        case ["deliver", url]:
            deliver(url)
        case _:
            sys.exit(__doc__)
