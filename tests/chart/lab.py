"""The demo of usher, and a real Prometheus that scrapes it while the story goes on."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

import yaml

import made

# Bounds of waits: a loaded machine is slow. They cost nothing where all goes well.
STORY, ANSWER = 300, 60


def eventually(what, until, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            found = until()
            if found:
                return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def get(url):
    """The body of a good answer to a URL or a request."""
    # Never by a proxy of this machine.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
        return answer.read().decode()


@contextlib.contextmanager
def running(command, folder, name, **keywords):
    """A process that ends with this block; its output is in files."""
    with open(folder / f"{name}.out", "wb") as out, open(folder / f"{name}.err", "wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=folder, **keywords)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def a_free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Lab:
    """What was scraped, and how to ask about it."""

    prometheus: str
    exported: str

    def ask(self, path, **parameters):
        answer = json.loads(get(f"{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        """The values of an instant query, those that are no number left out."""
        result = self.ask("query", query=expression)["result"]
        return [item for item in result if item["value"][1] != "NaN"]


def prometheus(folder):
    """A command for Prometheus, and its address."""
    (folder / "targets").mkdir()
    (folder / "rules.yaml").write_text(made.plain_rules())
    (folder / "prometheus.yaml").write_text(yaml.safe_dump({
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [{
            "job_name": "usher", "file_sd_configs": [{"files": ["targets/*.json"], "refresh_interval": "1s"}],
        }],
    }))
    address = f"127.0.0.1:{a_free_port()}"
    return ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", f"--web.listen-address={address}"], f"http://{address}"


@contextlib.contextmanager
def scraped_demo(folder: pathlib.Path):
    command, address = prometheus(folder)
    demo = [os.environ["USHER_BIN"], "demo"]
    told = lambda name: (folder / name).read_text(errors="replace")
    with running(command, folder, "prometheus"):
        eventually("Prometheus is ready", lambda: get(f"{address}/-/ready"), ANSWER)
        with running(demo, folder, "demo", env={**os.environ, "RUST_LOG": "info"}):
            admin = eventually("usher is running", lambda: re.search(r'"usher is running".*"admin":"([^"]+)"', told("demo.err")), ANSWER)[1]
            (folder / "targets" / "usher.json").write_text(json.dumps([{"targets": [admin], "labels": {"namespace": "people", "pod": "usher-0"}}]))
            story = eventually("the story is told", lambda: re.search(r"(\d+) of (\d+) checks", told("demo.out")), STORY)
            assert story[1] == story[2], told("demo.out")
            lab = Lab(address, get(f"http://{admin}/metrics"))
            # The last scrapes have all of the story.
            scrapes = "count_over_time(up[1h])"
            before = eventually("a scrape", lambda: lab.query(scrapes), ANSWER)[0]["value"][1]
            eventually("two more scrapes", lambda: float(lab.query(scrapes)[0]["value"][1]) >= float(before) + 2, ANSWER)
            yield lab
