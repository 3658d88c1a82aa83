"""The demo that the chart installs, played for real: the commands of NOTES.txt, and the pod of `helm test`."""

import json
import os
import re
import subprocess
import urllib.request

import pytest

import chart
from lab import ANSWER, a_free_port, eventually, get, running
from test_configuration import environment, lay_out
from test_notes import notes

DEMO = chart.CHART / "ci" / "demo.yaml"
USHER = os.environ["USHER_BIN"]


def container(pod, name):
    return next(item for item in pod["spec"]["containers"] if item["name"] == name)


class Cluster:
    """The addresses of the rendered pods, all on this machine."""

    def __init__(self, folder):
        self.folder = folder
        self.objects = chart.rendered(DEMO)
        self.ports = {name: a_free_port() for name in ("webhooks", "admin", "sandbox")}

    def here(self, text):
        """`text` with the addresses and folders of the pods replaced by those of this machine."""
        places = {
            "release-usher-sandbox:8090": f"127.0.0.1:{self.ports['sandbox']}",
            # usher needs leave for http to a host of the cluster, and none to this machine.
            "  plain_http: release-usher-sandbox\n": "",
            "http://release-usher-admin:8081": f"http://127.0.0.1:{self.ports['admin']}",
            "http://release-usher:80": f"http://127.0.0.1:{self.ports['webhooks']}", "127.0.0.1:8090": f"127.0.0.1:{self.ports['sandbox']}",
            "0.0.0.0:8080": f"127.0.0.1:{self.ports['webhooks']}", "0.0.0.0:8081": f"127.0.0.1:{self.ports['admin']}",
            "0.0.0.0:8090": f"127.0.0.1:{self.ports['sandbox']}", "/data": str(self.folder / "data"), "/etc/usher": str(self.folder),
        }
        for there, here in places.items():
            text = text.replace(there, here)
        return text

    def command(self, pod, name):
        return [USHER, *map(self.here, container(pod, name)["args"])]


@pytest.fixture
def cluster(tmp_path):
    """A sandbox and an usher, started as their pods say."""
    made = Cluster(tmp_path)
    usher = made.objects.one("StatefulSet", "release-usher")["spec"]["template"]
    sandbox = made.objects.one("Deployment", "release-usher-sandbox")["spec"]["template"]
    lay_out(usher, made.objects, tmp_path)
    file = tmp_path / "usher.yaml"
    file.write_text(made.here(file.read_text()))
    with running(made.command(sandbox, "sandbox"), tmp_path, "sandbox"):
        eventually("the sandbox answers", lambda: get(f"http://127.0.0.1:{made.ports['sandbox']}/_sandbox/accounts"), ANSWER)
        with running(made.command(usher, "usher"), tmp_path, "usher", env=environment(container(usher, "usher"), tmp_path)):
            eventually("usher is ready", lambda: get(f"http://127.0.0.1:{made.ports['admin']}/readyz"), ANSWER)
            yield made


def metric(cluster, series):
    text = get(f"http://127.0.0.1:{cluster.ports['admin']}/metrics")
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def compares(cluster):
    """Whether usher knows who was there before, so that a new user is new."""
    token = (cluster.folder / "data" / "admin-token").read_text().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{cluster.ports['admin']}/api/v1/sources/demo", headers={"Authorization": f"Bearer {token}"})
    return json.loads(get(request))["reconciliation"]["state"] == "comparing"


def test_the_commands_of_the_notes_tell_the_story(cluster):
    text = notes(DEMO).replace("\\\n", " ")
    puts = re.findall(r"curl -X PUT '([^']+)' .*-d '([^']+)'", text)
    [journal] = re.findall(r"curl '([^']+/journal)'", text)
    assert len(puts) == 2
    eventually("usher compares", lambda: compares(cluster), ANSWER)
    for url, body in puts:
        get(urllib.request.Request(cluster.here(url), body.encode(), {"Content-Type": "application/json"}, method="PUT"))

    def done():
        entries = json.loads(get(cluster.here(journal)))
        return [(entry["user"], entry["group"]) for entry in entries if entry["op"] == "add" and entry["by"] == "usher"]

    assert eventually("Jane is a newcomer", done, ANSWER) == [("JIRAUSER1", "newcomers")]


def test_the_commands_of_the_notes_work_in_the_pod(cluster):
    usher = container(cluster.objects.one("StatefulSet", "release-usher")["spec"]["template"], "usher")
    env = {**environment(usher, cluster.folder), "USHER_URL": f"http://127.0.0.1:{cluster.ports['admin']}"}
    text = notes(DEMO)
    found = re.findall(r"exec release-usher-0 -c usher (?:-i )?-- usher ((\w+).*)$", text, re.MULTILINE)
    commands = {verb: arguments for arguments, verb in found}
    assert commands.keys() == {"sources", "check", "demo"}

    def done(verb, **keywords):
        arguments = cluster.here(commands[verb]).split()
        return subprocess.run([USHER, *arguments], env=env, capture_output=True, text=True, timeout=300, **keywords)

    sources = done("sources")
    assert sources.returncode == 0 and "jira-dc" in sources.stdout, sources.stderr
    checked = done("check", input=(cluster.folder / "usher.yaml").read_text())
    assert (checked.returncode, checked.stdout) == (0, "standard input: ok: 1 source, 1 scheme\n"), checked.stderr
    wrong = done("check", input=(cluster.folder / "usher.yaml").read_text() + "mode: passive\n")
    assert wrong.returncode == 2 and "standard input:" in wrong.stderr
    assert commands["demo"] == "demo --once"


def run(cluster, name, config="usher.yaml"):
    """A container of the test's pod, with its own arguments and environment."""
    pod = cluster.objects.one("Pod", "release-usher-test")
    env = environment(container(pod, name), cluster.folder)
    command = [word.replace("/usher.yaml", f"/{config}") for word in cluster.command(pod, name)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


def test_the_pod_of_helm_test_does_its_job(cluster):
    ping = run(cluster, "ping")
    assert (ping.returncode, ping.stdout) == (0, "demo: ok\n"), ping.stderr
    assert metric(cluster, 'usher_webhooks_total{result="ignored",source="demo"}') == 1
    ready = run(cluster, "ready")
    assert ready.returncode == 0, ready.stderr
    # Another secret than that of the running usher fails the test.
    text = (cluster.folder / "usher.yaml").read_text()
    (cluster.folder / "other.yaml").write_text(text.replace("sandbox-secret", "another-secret"))
    ping = run(cluster, "ping", config="other.yaml")
    assert ping.returncode == 1 and "401" in ping.stderr
